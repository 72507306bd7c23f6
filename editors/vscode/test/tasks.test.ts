import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AnnotatedTextEdit, TextDocumentEdit, WorkspaceEdit } from 'vscode-languageclient';
import { applied, type TextEdit } from '../src/edits/text';
import {
  conflicts,
  type Decided,
  type File,
  fits,
  left,
  merged,
  type Result,
  settled,
  stale,
} from '../src/tasks/offer';
import { type Node, outline, type Task } from '../src/tasks/told';
import { when } from '../src/tasks/when';

const TEXT = 'one\ntwo, mine\nthree\n';
const URI = 'file:///a.txt';
const at = (line: number, character: number) => ({ line, character });
const range = (line: number, end: number) => ({ start: at(line, 0), end: at(end, 0) });
const document = { uri: URI, version: 7 };
const edit = (line: number, end: number, newText: string): WorkspaceEdit => ({
  documentChanges: [{ textDocument: document, edits: [{ range: range(line, end), newText }] }],
});
const file: File = {
  path: 'a.txt',
  uri: URI,
  kind: 'changed',
  reason: '',
  objection: '',
  now: '1',
  text: 'one\ntwo, theirs\n3\n',
  hunks: [
    {
      line: 1,
      reason: '',
      conflict: true,
      veiled: false,
      base: ['two'],
      task: ['two, theirs'],
      person: ['two, mine'],
      edits: {
        task: edit(1, 2, 'two, theirs\n'),
        both: edit(1, 2, 'two, mine\ntwo, theirs\n'),
      },
    },
    {
      line: 2,
      reason: '',
      conflict: false,
      veiled: false,
      base: ['three'],
      task: ['3'],
      person: ['three'],
      edits: { task: edit(2, 3, '3\n') },
    },
  ],
};
const added: File = {
  ...file,
  path: 'b.txt',
  uri: 'file:///b.txt',
  kind: 'added',
  text: 'b\n',
  hunks: [],
};

/** One clean change of line 3, one conflict in line 2, a new file. */
const RESULT: Result = {
  summary: '',
  left: [],
  files: [file, added],
  edit: {
    changeAnnotations: {
      1: { label: 'Conflict', needsConfirmation: true },
      2: { label: 'Change', needsConfirmation: true },
      3: { label: 'Add', needsConfirmation: true },
    },
    documentChanges: [
      {
        textDocument: document,
        edits: [
          { range: range(1, 1), newText: '', annotationId: '1' },
          { range: range(2, 3), newText: '3\n', annotationId: '2' },
        ],
      },
      { kind: 'create', uri: added.uri, annotationId: '3' },
      {
        textDocument: { uri: added.uri, version: null },
        edits: [{ range: range(0, 0), newText: 'b\n', annotationId: '3' }],
      },
    ],
  },
};

/** Two files that the person has removed and changed, where the task has done the opposite. */
const remade: File = {
  ...added,
  kind: 'changed',
  objection: 'You have removed b.txt; the task has changed it.',
  edits: {
    task: {
      documentChanges: [
        { kind: 'create', uri: added.uri },
        {
          textDocument: { uri: added.uri, version: null },
          edits: [{ range: range(0, 0), newText: 'b\n' }],
        },
      ],
    },
  },
};
const removed: File = {
  ...file,
  kind: 'removed',
  objection: 'You have changed a.txt; the task has removed it.',
  text: null,
  hunks: [],
  edits: { task: { documentChanges: [{ kind: 'delete', uri: URI }] } },
};
const OBJECTED: Result = {
  summary: '',
  left: [remade.objection, 'A picture is left.'],
  files: [removed, remade],
  edit: {
    changeAnnotations: { 1: { label: 'Conflict', needsConfirmation: true } },
    documentChanges: [
      {
        textDocument: document,
        edits: [{ range: range(0, 0), newText: '', annotationId: '1' }],
      },
    ],
  },
};

function found() {
  const [conflict] = conflicts(RESULT);
  assert(conflict);
  return conflict;
}

test('a conflict leaves the lines of the person as they are until it is decided', () => {
  assert.equal(merged(file, TEXT, new Map()), 'one\ntwo, mine\n3\n');
  const decided = (side: 'task' | 'both') => new Map([[found().key, side]]);
  assert.equal(merged(file, TEXT, decided('task')), 'one\ntwo, theirs\n3\n');
  assert.equal(merged(file, TEXT, decided('both')), 'one\ntwo, mine\ntwo, theirs\n3\n');
  assert.equal(merged(added, undefined, new Map()), 'b\n');
});

test('what is undecided is not in the edit, what is decided is confirmed already', () => {
  const changes = (decided: Decided) => settled(RESULT, decided).documentChanges ?? [];
  const [first, ...rest] = changes(new Map());
  assert.deepEqual(rest, RESULT.edit.documentChanges?.slice(1));
  assert(first && 'edits' in first);
  assert.deepEqual(
    first.edits.map((it) => 'newText' in it && it.newText),
    ['3\n'],
  );
  const made = settled(RESULT, new Map([[found().key, 'task']]));
  const notes = Object.values(made.changeAnnotations ?? {});
  assert.deepEqual(
    notes.map((it) => it.needsConfirmation),
    [true, true, true, false],
  );
});

test('all edits of one text are made at once, for they are meant for it as it is', () => {
  const decided = new Map([[found().key, 'both' as const]]);
  const mine = (settled(RESULT, decided).documentChanges ?? []).filter(
    (it): it is TextDocumentEdit => 'textDocument' in it && it.textDocument.uri === URI,
  );
  assert.equal(mine.length, 1);
  assert.equal(
    applied(TEXT, (mine[0]?.edits ?? []) as TextEdit[]),
    'one\ntwo, mine\ntwo, theirs\n3\n',
  );
  assert.deepEqual(mine[0]?.textDocument, document);
});

test('a conflict alone is decided by its own edit', () => {
  const alone = { ...RESULT, files: [file], edit: { documentChanges: [] } };
  const made = settled(alone, new Map([[found().key, 'task']])).documentChanges ?? [];
  assert.deepEqual(
    made.flatMap((it) =>
      'edits' in it ? it.edits.map((one) => 'newText' in one && one.newText) : [],
    ),
    ['two, theirs\n'],
  );
});

test('an objection of a whole file is left, or taken as the task has it', () => {
  const [first, second] = conflicts(OBJECTED);
  assert(first && second);
  assert.deepEqual(left(OBJECTED), ['A picture is left.']);
  assert.deepEqual(settled(OBJECTED, new Map()).documentChanges, []);
  assert.equal(merged(removed, TEXT, new Map()), TEXT);
  assert.equal(merged(remade, undefined, new Map()), undefined);

  const decided: Decided = new Map([
    [first.key, 'task'],
    [second.key, 'task'],
  ]);
  assert.equal(merged(removed, TEXT, decided), undefined);
  assert.equal(merged(remade, undefined, decided), 'b\n');
  const made = settled(OBJECTED, decided);
  assert.deepEqual(
    (made.documentChanges ?? []).map((it) => ('kind' in it ? it.kind : it.textDocument.uri)),
    ['delete', 'create', added.uri],
  );
  const noted = (made.documentChanges ?? []).map((it) =>
    'kind' in it ? it.annotationId : (it.edits[0] as AnnotatedTextEdit).annotationId,
  );
  assert(noted.every((it) => it && made.changeAnnotations?.[it]?.needsConfirmation === false));
});

test('who writes on in a file has decided about another one', () => {
  const [before] = conflicts({ ...OBJECTED, files: [removed] });
  const [after] = conflicts({ ...OBJECTED, files: [{ ...removed, now: '2' }] });
  assert.notEqual(before?.key, after?.key);
});

test('a conflict says where it may cover a secret', () => {
  const veiled = file.hunks.map((it) => ({ ...it, veiled: true }));
  const [conflict] = conflicts({ ...RESULT, files: [{ ...file, hunks: veiled }] });
  assert.equal(conflict?.reason, 'Its asterisks may cover a secret.');
});

test('an objection that cannot be taken is told', () => {
  const { edits, ...only } = removed;
  assert(edits);
  assert.deepEqual(left({ ...OBJECTED, files: [only], left: [] }), [removed.objection]);
});

test('an edit for another version of a document is out of date', () => {
  assert(!stale(RESULT.edit, () => 7));
  assert(stale(RESULT.edit, () => 8));
});

test('a result is out of date where the lines that it is about are others', () => {
  assert(fits(file, TEXT));
  assert(fits(file, `${TEXT}four\n`));
  assert(!fits(file, `zero\n${TEXT}`));
  assert(!fits(file, TEXT.replace('three', '3')));
});

const TASK: Task = {
  taskId: 't',
  instruction: 'Add tests.\nAnd run them.',
  mode: 'task',
  state: 'running',
  alive: true,
  turn: '1',
  steps: [
    { text: 'look', status: 'done' },
    { text: 'write', status: 'running' },
  ],
  doing: 'reading a.py',
  written: ['b.py'],
  asks: [],
  notes: [],
  message: '',
  began: 0,
  elsewhere: false,
};

const drawn = ({ label, description, children }: Node): string[] => [
  `${label} (${description ?? ''})`,
  ...children.flatMap((it) => drawn(it).map((line) => `  ${line}`)),
];

test('a task is drawn with its plan, what it does now, and what it has written', () => {
  assert.deepEqual(drawn(outline(TASK)), [
    'Add tests. (reading a.py)',
    '  look (done)',
    '  write (running)',
    '  reading a.py (now)',
    '  b.py (written)',
  ]);
});

test('a task that is over is drawn with both sides of each conflict, and what is left', () => {
  const task: Task = { ...TASK, state: 'done', alive: false, steps: [], written: [] };
  const looked = {
    summary: 'Two files.',
    reasons: new Map([['a.txt', 'It was wrong.']]),
    conflicts: [found()],
    decided: new Map(),
    left: ['A picture is left.'],
  };
  assert.deepEqual(drawn(outline(task, looked)), [
    'Add tests. (done)',
    '  Two files. ()',
    '  Conflict in a.txt, line 2 (yours is left as it is)',
    '    two, mine (yours)',
    "    two, theirs (the task's)",
    '  A picture is left. ()',
  ]);
});

test('a question is drawn whole, and can be answered', () => {
  const ask = { id: 'q', what: 'make\nmake test', reason: 'To see.' };
  const drawing = outline({ ...TASK, steps: [], written: [], asks: [ask] });
  assert.deepEqual(drawn(drawing).slice(1, 5), [
    '  It wants to run: make ⏎ make test (waits for your answer)',
    '    make ()',
    '    make test ()',
    '    It says: To see. ()',
  ]);
  assert.deepEqual([drawing.children[0]?.kind, drawing.children[0]?.ask], ['ask', ask]);
});

test('a task that another editor works on can only be looked at', () => {
  const asks = [{ id: 'q', what: 'make', reason: '' }];
  const drawing = outline({ ...TASK, elsewhere: true, steps: [], written: [], asks });
  assert.deepEqual(drawn(drawing), [
    'Add tests. (in another editor: reading a.py)',
    '  It wants to run: make (waits for an answer there)',
    '  reading a.py (now)',
  ]);
  assert.deepEqual([drawing.kind, drawing.children[0]?.kind], ['elsewhere', 'note']);
});

for (const state of ['done', 'interrupted', 'failed', 'left'] as const) {
  test(`no step goes on once its task is over: ${state}`, () => {
    const [, ...lines] = drawn(outline({ ...TASK, state, alive: false, doing: '', written: [] }));
    assert.deepEqual(lines, ['  look (done)', '  write (left open)']);
  });
}

test('what has become of a file is drawn with what can be decided of it', () => {
  const task: Task = { ...TASK, state: 'done', alive: false, steps: [], written: [] };
  const [conflict] = conflicts(OBJECTED);
  assert(conflict);
  const looked = { summary: '', reasons: new Map(), conflicts: [conflict], left: [] };
  const [, ...open] = drawn(outline(task, { ...looked, decided: new Map() }));
  assert.deepEqual(open, [
    '  Conflict in a.txt (yours is left as it is)',
    '    You have changed a.txt; the task has removed it. ()',
  ]);
  const decided: Decided = new Map([[conflict.key, 'task']]);
  const [, first] = drawn(outline(task, { ...looked, decided }));
  assert.equal(first, '  Conflict in a.txt (done as the task has)');
});

test('moments are told as people speak of them', () => {
  const now = 1_000_000_000;
  const told = [20, 60, 59 * 60, 3 * 3600, 86_400, 15 * 86_400].map((it) => when(now - it, now));
  assert.deepEqual(told, [
    'just now',
    '1 minute ago',
    '59 minutes ago',
    '3 hours ago',
    '1 day ago',
    '2 weeks ago',
  ]);
});
