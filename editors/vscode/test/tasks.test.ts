import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applied } from '../src/edits/text';
import { chosen, conflicts, fits, merged, type Result, settled, stale } from '../src/tasks/offer';
import { type Node, outline, type Task } from '../src/tasks/told';

const TEXT = 'one\ntwo, mine\nthree\n';
const at = (line: number, character: number) => ({ line, character });
const lines = { reason: '', conflict: false, base: [], task: [], person: [] };

/** One clean change of line 3, one conflict in line 2, a new file. */
const RESULT: Result = {
  summary: '',
  left: [],
  files: [
    {
      path: 'a.txt',
      uri: 'file:///a.txt',
      kind: 'changed',
      reason: '',
      objection: '',
      text: 'one\ntwo, theirs\n3\n',
      hunks: [
        { ...lines, conflict: true, base: ['two'], task: ['two, theirs'], person: ['two, mine'] },
        { ...lines, task: ['3'], person: ['three'] },
      ],
    },
    {
      path: 'b.txt',
      uri: 'file:///b.txt',
      kind: 'added',
      reason: '',
      objection: '',
      text: 'b\n',
      hunks: [],
    },
  ],
  edit: {
    changeAnnotations: {
      1: { label: 'Conflict', needsConfirmation: true },
      2: { label: 'Change', needsConfirmation: true },
      3: { label: 'Add', needsConfirmation: true },
    },
    documentChanges: [
      {
        textDocument: { uri: 'file:///a.txt', version: 7 },
        edits: [
          { range: { start: at(1, 0), end: at(1, 0) }, newText: '', annotationId: '1' },
          { range: { start: at(2, 0), end: at(3, 0) }, newText: '3\n', annotationId: '2' },
        ],
      },
      { kind: 'create', uri: 'file:///b.txt', annotationId: '3' },
      {
        textDocument: { uri: 'file:///b.txt', version: null },
        edits: [{ range: { start: at(0, 0), end: at(0, 0) }, newText: 'b\n', annotationId: '3' }],
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
  const [file, added] = RESULT.files;
  assert(file && added);
  assert.equal(merged(RESULT, file, TEXT, new Map()), 'one\ntwo, mine\n3\n');
  const decided = (side: 'task' | 'both') => new Map([[found().key, side]]);
  assert.equal(merged(RESULT, file, TEXT, decided('task')), 'one\ntwo, theirs\n3\n');
  assert.equal(merged(RESULT, file, TEXT, decided('both')), 'one\ntwo, mine\ntwo, theirs\n3\n');
  assert.equal(merged(RESULT, added, undefined, new Map()), 'b\n');
});

test('what is undecided is not in the edit, what is decided is confirmed already', () => {
  const changes = (decided: Map<string, 'task'>) =>
    settled(RESULT, decided, () => TEXT).documentChanges ?? [];
  const [first, ...rest] = changes(new Map());
  assert.deepEqual(rest, RESULT.edit.documentChanges?.slice(1));
  assert(first && 'edits' in first);
  assert.deepEqual(
    first.edits.map((it) => 'newText' in it && it.newText),
    ['3\n'],
  );
  const edit = settled(RESULT, new Map([[found().key, 'task']]), () => TEXT);
  const notes = Object.values(edit.changeAnnotations ?? {});
  assert.deepEqual(
    notes.map((it) => it.needsConfirmation),
    [true, true, true, false],
  );
});

test('a decision is for the lines that the person had then, and no others', () => {
  assert.throws(() => chosen('one\ntwo, anew\nthree\n', found(), 'task'), /review it again/);
});

test('lines come in before, between and behind those of a text without a last line end', () => {
  const conflict = { ...found(), person: [], task: ['x'] };
  const made = (text: string, line: number, character: number, person: string[] = []) => {
    const start = at(line, character);
    const placed = { ...conflict, person, line: character ? line + 1 : line, start };
    return (['task', 'both'] as const).map((side) => applied(text, [chosen(text, placed, side)]));
  };
  assert.deepEqual(made('a\r\nb', 1, 0), ['a\r\nx\r\nb', 'a\r\nx\r\nb']);
  assert.deepEqual(made('a\nb', 1, 1), ['a\nb\nx', 'a\nb\nx']);
  assert.deepEqual(made('a\nb', 1, 0, ['b']), ['a\nx', 'a\nb\nx']);
  assert.deepEqual(made('a\nb', 0, 1, ['b']), ['a\nx', 'a\nb\nx']);
  assert.deepEqual(made('', 0, 0), ['x\n', 'x\n']);
});

test('an edit for another version of a document is out of date', () => {
  assert(!stale(RESULT.edit, () => 7));
  assert(stale(RESULT.edit, () => 8));
});

test('a result is out of date where the lines that it is about are others', () => {
  const [file] = RESULT.files;
  assert(file);
  assert(fits(RESULT, file, TEXT));
  assert(fits(RESULT, file, `${TEXT}four\n`));
  assert(!fits(RESULT, file, `zero\n${TEXT}`));
  assert(!fits(RESULT, file, TEXT.replace('three', '3')));
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
