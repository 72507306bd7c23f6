import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applied, difference } from '../src/edits/text';
import { page } from '../src/views/account';
import { type Told, words } from '../src/views/words';

function edit(from: [number, number], to: [number, number], newText: string) {
  const place = ([line, character]: [number, number]) => ({ line, character });
  return { range: { start: place(from), end: place(to) }, newText };
}

test('edits are made in the text they are meant for, in any order', () => {
  const edits = [edit([1, 0], [1, 1], 'B'), edit([0, 0], [0, 1], 'A'), edit([0, 1], [0, 1], '!')];
  assert.equal(applied('a\r\nb\n', edits), 'A!\r\nB\n');
});

test('places behind the text are its end', () => {
  assert.equal(applied('a', [edit([0, 1], [9, 0], 'b')]), 'ab');
  assert.equal(applied('', [edit([0, 0], [0, 0], 'x\n')]), 'x\n');
});

test('insertions at one place keep their order', () => {
  assert.equal(applied('', [edit([0, 0], [0, 0], '1'), edit([0, 0], [0, 0], '2')]), '12');
});

test('a difference shows what goes and what comes', () => {
  assert.equal(difference('a\nb', 'c'), '-a\n-b\n+c');
  assert.equal(difference('', 'c'), '+c');
});

test('an account is a page: the sentence, the facts, the tables', () => {
  const account = {
    summary: 'Nothing was shown.',
    what: 'completion',
    reason: '',
    shown: { characters: 0 },
    steps: [
      { name: 'asked', after: 0 },
      { name: 'request sent', after: 1.5 },
    ],
  };
  assert.equal(
    page(account),
    [
      'Nothing was shown.',
      '',
      'what: completion',
      'shown characters: 0',
      '',
      'steps:',
      '  name          after',
      '  asked         0',
      '  request sent  1.5',
      '',
    ].join('\n'),
  );
});

test('the status bar says who answers and how fast, or what is wrong', () => {
  const well: Told = {
    status: { kind: 'Normal', message: 'fast at mine', busy: false },
    how: undefined,
    paused: false,
    latency: 31.4,
    next: false,
  };
  const stopped = { kind: 'Stopped', message: 'the server is starting', busy: true } as const;
  assert.equal(words(well), '$(zap) fast at mine 31 ms');
  assert.equal(words({ ...well, next: true }), '$(zap) fast at mine 31 ms $(arrow-right)');
  assert.equal(words({ ...well, paused: true }), '$(debug-pause) Spark');
  assert.equal(words({ ...well, status: stopped }), '$(loading~spin) Spark');
  assert.equal(words({ ...well, status: { ...stopped, busy: false } }), '$(error) Spark');
});
