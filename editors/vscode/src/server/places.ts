// Places as the protocol has them. VS Code's own turn into arrays when they are sent.

import * as vscode from 'vscode';

export interface Place {
  readonly line: number;
  readonly character: number;
}

export interface Span {
  readonly start: Place;
  readonly end: Place;
}

/** Spell a position for the server. */
export function place({ line, character }: vscode.Position): Place {
  return { line, character };
}

/** Spell a range for the server. */
export function span({ start, end }: vscode.Range): Span {
  return { start: place(start), end: place(end) };
}

/** Read a range of the server's. */
export function range({ start, end }: Span): vscode.Range {
  return new vscode.Range(start.line, start.character, end.line, end.character);
}
