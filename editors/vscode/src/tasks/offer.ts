// What a task has for the person, as plain values: texts as they would be, and one edit to confirm.
//
// Owns what becomes of conflicts. The server leaves them undone, and marks each by an edit that
// changes nothing; here the edit of the person's decision comes beside what is clean, and what is
// undecided is left out.

import type { AnnotatedTextEdit, TextDocumentEdit, WorkspaceEdit } from 'vscode-languageclient';
import { applied, type TextEdit } from '../edits/text';

type Change = NonNullable<WorkspaceEdit['documentChanges']>[number];

const ENDS = /\r\n|\r|\n/;

/** Whose lines shall stand: the task's, or the person's and behind them the task's. */
export type Side = 'task' | 'both';

/** Lines have no ends. */
export interface Hunk {
  /** Where the first of the person's lines stands. */
  readonly line: number;
  readonly reason: string;
  readonly conflict: boolean;
  /** Whether it conflicts because its asterisks may cover a secret. */
  readonly veiled: boolean;
  readonly base: readonly string[];
  readonly task: readonly string[];
  readonly person: readonly string[];
  /** What makes each side of it. */
  readonly edits: { readonly task: WorkspaceEdit; readonly both?: WorkspaceEdit };
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
  /** Tells the person's text of it from any other. */
  readonly now: string;
  readonly target?: string;
  /** What does with the file as such what the task has done, also against an objection. */
  readonly edits?: { readonly task: WorkspaceEdit };
}

/** The answer to `spark/task/result`. */
export interface Result {
  readonly summary: string;
  readonly edit: WorkspaceEdit;
  readonly files: readonly File[];
  readonly left: readonly string[];
}

/** What only the person can decide: some lines, or what becomes of a file. */
export interface Conflict {
  /** The same as long as all sides say the same. */
  readonly key: string;
  readonly path: string;
  /** Of the first of the person's lines; none where it is about the file as such. */
  readonly line?: number;
  /** Why it is one. */
  readonly reason: string;
  readonly task: readonly string[];
  readonly person: readonly string[];
  readonly edits: { readonly task: WorkspaceEdit; readonly both?: WorkspaceEdit };
}

/** What the person has decided, by the keys of conflicts. */
export type Decided = ReadonlyMap<string, Side>;

/** Return where both have changed the same, in the order of files and lines. */
export function conflicts(result: Result): Conflict[] {
  return result.files.flatMap((file) => [...objections(file), ...clashes(file)]);
}

/** Return what is told and cannot be decided, a sentence each. */
export function left(result: Result): string[] {
  const open = new Set(result.files.flatMap(objections).map((it) => it.reason));
  const told = [...result.files.map((it) => it.objection), ...result.left];
  return [...new Set(told.filter((it) => it && !open.has(it)))];
}

/** Return a file's text as it would be, undefined where there would be none. */
export function merged(file: File, text: string | undefined, decided: Decided): string | undefined {
  const done = !file.objection || objections(file).some((it) => decided.has(it.key));
  if (text === undefined) {
    return done ? (file.text ?? undefined) : undefined;
  }
  if (file.kind === 'removed') {
    return done ? undefined : text;
  }
  const clean = file.hunks.filter((it) => !it.conflict).flatMap((it) => texts(it.edits.task));
  return applied(text, [...clean, ...chosen(file, decided)]);
}

/** Return the edit of the workspace with the person's decisions. */
export function settled(result: Result, decided: Decided): WorkspaceEdit {
  const notes = { ...result.edit.changeAnnotations };
  // The person has confirmed it by deciding.
  const noted = (path: string) => {
    const annotationId = `decided ${Object.keys(notes).length + 1}`;
    notes[annotationId] = { label: `As you have decided, ${path}`, needsConfirmation: false };
    return { annotationId };
  };
  const made = (result.edit.documentChanges ?? []).flatMap((change): Change[] => {
    if (!('textDocument' in change)) {
      return [change];
    }
    const edits = change.edits.filter((it) => !empty(it as TextEdit));
    return edits.length ? [{ ...change, edits }] : [];
  });
  for (const file of result.files) {
    const mine = chosen(file, decided).map((it): AnnotatedTextEdit => {
      return { ...it, ...noted(`${file.path}, line ${it.range.start.line + 1}`) };
    });
    if (mine.length) {
      add(made, part(result, file), mine);
    }
  }
  for (const file of result.files) {
    // Behind all else, which is meant for texts where they lie now.
    for (const it of objections(file).filter(({ key }) => decided.has(key))) {
      for (const change of it.edits.task.documentChanges ?? []) {
        const note = noted(file.path);
        made.push(
          'textDocument' in change
            ? { ...change, edits: change.edits.map((edit) => ({ ...edit, ...note })) as TextEdits }
            : { ...change, ...note },
        );
      }
    }
  }
  return { documentChanges: made, changeAnnotations: notes };
}

type TextEdits = AnnotatedTextEdit[];

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
export function fits(file: File, text: string): boolean {
  const lines = text.split(ENDS);
  return file.hunks.every(({ line, person }) =>
    person.every((it, below) => it === lines[line + below]),
  );
}

/** Return what can be decided of a file as such: nothing, or one. */
function objections({ path, kind, objection, now, edits }: File): Conflict[] {
  // Whoever writes on in the file has decided about another one.
  const key = JSON.stringify([path, kind, objection, now]);
  return objection && edits ? [{ key, path, reason: objection, task: [], person: [], edits }] : [];
}

function clashes(file: File): Conflict[] {
  const seen = new Map<string, number>();
  return file.hunks
    .filter((it) => it.conflict)
    .map(({ line, reason: why, veiled, base, task, person, edits }) => {
      const reason = veiled ? `Its asterisks may cover a secret. ${why}`.trim() : why;
      const said = JSON.stringify([file.path, base, task, person]);
      const before = seen.get(said) ?? 0;
      seen.set(said, before + 1);
      return { key: `${before} ${said}`, path: file.path, line, reason, task, person, edits };
    });
}

/** Return the edits of a file's lines that the person has decided for. */
function chosen(file: File, decided: Decided): TextEdit[] {
  return clashes(file).flatMap(({ key, edits }) => {
    const side = decided.get(key);
    const edit = side && edits[side];
    return edit ? texts(edit) : [];
  });
}

/** Return the edits of texts in an edit of one document. */
function texts(edit: WorkspaceEdit): TextEdit[] {
  return (edit.documentChanges ?? []).flatMap((change) =>
    'textDocument' in change ? (change.edits as TextEdit[]) : [],
  );
}

/** Return which document, of which version, the lines of a file are in. */
function part(result: Result, file: File): TextDocumentEdit['textDocument'] {
  const found = (result.edit.documentChanges ?? []).find(
    (it): it is TextDocumentEdit => 'textDocument' in it && it.textDocument.uri === file.uri,
  );
  return found?.textDocument ?? { uri: file.uri, version: null };
}

/** Add edits of a document to those that it has: all are meant for one text, and made at once. */
function add(
  changes: Change[],
  textDocument: TextDocumentEdit['textDocument'],
  edits: AnnotatedTextEdit[],
): void {
  const at = changes.findIndex(
    (it) => 'textDocument' in it && it.textDocument.uri === textDocument.uri,
  );
  const known = changes[at];
  if (known && 'textDocument' in known) {
    changes[at] = { textDocument, edits: [...known.edits, ...edits] };
  } else {
    // Before anything is done with files: it may be renamed.
    changes.unshift({ textDocument, edits });
  }
}

function empty({ range, newText }: TextEdit): boolean {
  const { start, end } = range;
  return !newText && start.line === end.line && start.character === end.character;
}
