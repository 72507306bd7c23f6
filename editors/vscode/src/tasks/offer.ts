// What a task has for the person, as plain values: texts as they would be, and one edit to confirm.
//
// Owns what becomes of conflicts. The server leaves them undone, and marks each by an edit that
// changes nothing; here the person's decision takes its place, and what is undecided is left out.

import type { AnnotatedTextEdit, TextDocumentEdit, WorkspaceEdit } from 'vscode-languageclient';
import { applied, type TextEdit } from '../edits/text';
import type { Place } from '../server/places';

type Change = NonNullable<WorkspaceEdit['documentChanges']>[number];

const ENDS = /\r\n|\r|\n/;

/** Lines have no ends. */
export interface Hunk {
  readonly reason: string;
  readonly conflict: boolean;
  readonly base: readonly string[];
  readonly task: readonly string[];
  readonly person: readonly string[];
}

export interface File {
  readonly path: string;
  readonly uri: string;
  readonly kind: 'added' | 'changed' | 'removed' | 'renamed';
  readonly reason: string;
  readonly objection: string;
  /** What the task has left of it, null if it has removed it. */
  readonly text: string | null;
  readonly hunks: readonly Hunk[];
  readonly target?: string;
}

/** The answer to `spark/task/result`. */
export interface Result {
  readonly summary: string;
  readonly edit: WorkspaceEdit;
  readonly files: readonly File[];
  readonly left: readonly string[];
}

/** Whose lines shall stand: the task's, or the person's and behind them the task's. */
export type Side = 'task' | 'both';

export interface Conflict {
  /** The same as long as all sides say the same. */
  readonly key: string;
  readonly path: string;
  readonly uri: string;
  /** Of the first of the person's lines. */
  readonly line: number;
  readonly start: Place;
  readonly reason: string;
  readonly task: readonly string[];
  readonly person: readonly string[];
}

/** Return where both have changed the same, in the order of files and lines. */
export function conflicts(result: Result): Conflict[] {
  const seen = new Map<string, number>();
  return result.files.flatMap((file) => {
    const marks = part(result, file)?.edits;
    return file.hunks.flatMap((hunk, at) => {
      const start = hunk.conflict ? marks?.[at]?.range.start : undefined;
      if (!start) {
        return [];
      }
      const said = JSON.stringify([file.path, hunk.base, hunk.task, hunk.person]);
      const before = seen.get(said) ?? 0;
      seen.set(said, before + 1);
      return [
        {
          key: `${before} ${said}`,
          path: file.path,
          uri: file.uri,
          line: first(start),
          start,
          reason: hunk.reason,
          task: hunk.task,
          person: hunk.person,
        },
      ];
    });
  });
}

/**
 * Return the edit by which a conflict is decided, in the text that it was found in.
 *
 * Fails where the person's lines do not stand there any more.
 */
export function chosen(text: string, conflict: Conflict, side: Side): TextEdit {
  const { start, person, task } = conflict;
  const wanted = side === 'task' ? task : [...person, ...task];
  const end = ENDS.exec(text)?.[0] ?? '\n';
  const lines = text.split(ENDS);
  const behind = conflict.line + person.length;
  if (person.some((it, at) => it !== lines[conflict.line + at])) {
    throw new Error('the text has changed since: review it again');
  }
  const last = { line: lines.length - 1, character: lines.at(-1)?.length ?? 0 };
  if (start.character > 0) {
    // At a last line without an end, where what comes in begins with one.
    const newText = wanted.map((it) => end + it).join('');
    return { range: { start, end: last }, newText };
  }
  const open = behind >= lines.length;
  const newText = open ? wanted.join(end) : wanted.map((it) => it + end).join('');
  return { range: { start, end: open ? last : { line: behind, character: 0 } }, newText };
}

/** Return the edits of a file that the person has, or has decided for. */
export function edits(
  result: Result,
  file: File,
  text: string,
  decided: ReadonlyMap<string, Side>,
): TextEdit[] {
  const open = conflicts(result).filter((it) => it.path === file.path);
  return (part(result, file)?.edits ?? []).flatMap((edit, at) => {
    if (!file.hunks[at]?.conflict) {
      return [edit as TextEdit];
    }
    const conflict = open.shift();
    const side = conflict && decided.get(conflict.key);
    return conflict && side ? [chosen(text, conflict, side)] : [];
  });
}

/** Return a file's text as it would be, undefined where it would be gone. */
export function merged(
  result: Result,
  file: File,
  text: string | undefined,
  decided: ReadonlyMap<string, Side>,
): string | undefined {
  if (file.kind === 'removed') {
    return undefined;
  }
  return text === undefined
    ? (file.text ?? undefined)
    : applied(text, edits(result, file, text, decided));
}

/** Return the edit of the workspace with the person's decisions; `text` is that of a document. */
export function settled(
  result: Result,
  decided: ReadonlyMap<string, Side>,
  text: (uri: string) => string,
): WorkspaceEdit {
  const ours = new Map<unknown, File>();
  for (const file of result.files) {
    const found = part(result, file);
    if (found) {
      ours.set(found, file);
    }
  }
  const notes = { ...result.edit.changeAnnotations };
  const documentChanges = (result.edit.documentChanges ?? []).flatMap((change): Change[] => {
    if (!('textDocument' in change)) {
      return [change];
    }
    const file = ours.get(change);
    const made = file
      ? edits(result, file, text(file.uri), decided).map((edit) => {
          if ('annotationId' in edit) {
            return edit as AnnotatedTextEdit;
          }
          const annotationId = `decided ${Object.keys(notes).length + 1}`;
          // The person has confirmed it by deciding.
          const label = `As you have decided, ${file.path}, line ${edit.range.start.line + 1}`;
          notes[annotationId] = { label, needsConfirmation: false };
          return { ...edit, annotationId };
        })
      : change.edits.filter((edit) => !empty(edit as TextEdit));
    return made.length ? [{ ...change, edits: made }] : [];
  });
  return { documentChanges, changeAnnotations: notes };
}

/** Return whether an edit is for other versions of documents than there are. */
export function stale(edit: WorkspaceEdit, version: (uri: string) => number | undefined): boolean {
  return (edit.documentChanges ?? []).some((change) => {
    if (!('textDocument' in change) || change.textDocument.version === null) {
      return false;
    }
    return change.textDocument.version !== version(change.textDocument.uri);
  });
}

/** Return whether the person's lines stand in a text where a result has found them. */
export function fits(result: Result, file: File, text: string): boolean {
  const lines = text.split(ENDS);
  return (part(result, file)?.edits ?? []).every(({ range }, at) =>
    file.hunks[at]?.person.every((it, below) => it === lines[first(range.start) + below]),
  );
}

/** The first of the lines that an edit is about: one begins with the end of the line before. */
function first(start: Place): number {
  return start.line + (start.character ? 1 : 0);
}

/** Return the edits of a file's lines, of which there is one for each hunk. */
function part(result: Result, file: File): TextDocumentEdit | undefined {
  const parts = (result.edit.documentChanges ?? []).filter(
    (it): it is TextDocumentEdit => 'textDocument' in it && it.textDocument.uri === file.uri,
  );
  // What objects to the file as such stands before them.
  const last = parts.at(-1);
  return file.hunks.length && last?.edits.length === file.hunks.length ? last : undefined;
}

function empty({ range, newText }: TextEdit): boolean {
  const { start, end } = range;
  return !newText && start.line === end.line && start.character === end.character;
}
