import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Answer, type Asked, same } from '../src/completions/answer';
import { Beat } from '../src/completions/beat';

const ASKED: Asked = { uri: 'file:///a.py', version: 1, line: 0, character: 4, selected: '' };

test('an answer begins with its first piece that is not empty', async () => {
  const answer = new Answer<string>(ASKED);
  const begun = answer.begun();
  answer.grow([], '');
  answer.grow(['a'], 'a');
  await begun;
  assert.deepEqual(answer.items, ['a']);
  await answer.begun();
});

test('an answer that ends with nothing has begun too', async () => {
  const answer = new Answer<string>(ASKED);
  const begun = answer.begun();
  answer.end(null);
  await begun;
  assert.equal(answer.items, null);
});

test('the same text again is not more, and nothing comes after the end', () => {
  const answer = new Answer<string>(ASKED);
  answer.grow(['a'], 'a');
  answer.grow(['a'], 'a');
  answer.grow(['ab'], 'ab');
  answer.end(['ab'], 'ab');
  answer.grow(['abc'], 'abc');
  assert.equal(answer.pieces, 2);
  assert.deepEqual(answer.items, ['ab']);
});

test('what was shown and is withdrawn at the end is a change', () => {
  const answer = new Answer<string>(ASKED);
  answer.grow(['a'], 'a');
  answer.end([], '');
  assert.equal(answer.pieces, 2);
  assert.deepEqual(answer.items, []);
});

test('an answer is for one place in one state of the text', () => {
  assert.ok(same(ASKED, { ...ASKED }));
  for (const other of [{ version: 2 }, { line: 1 }, { character: 5 }, { selected: 'x' }]) {
    assert.ok(!same(ASKED, { ...ASKED, ...other }));
  }
});

test('reasons that come while something is done are one', async () => {
  let free = () => {};
  let times = 0;
  const second = new Promise<void>((resolve) => {
    const beat = new Beat(async () => {
      times += 1;
      if (times === 1) {
        await new Promise<void>((done) => (free = done));
      } else {
        resolve();
      }
    }, 0);
    beat.want();
    beat.want();
    beat.want();
  });
  free();
  await second;
  assert.equal(times, 2);
});

test('a failure is not the last time', async () => {
  let times = 0;
  await new Promise<void>((resolve) => {
    const beat: Beat = new Beat(() => {
      times += 1;
      if (times === 2) {
        resolve();
      }
      beat.want();
      return times === 1 ? Promise.reject(new Error('gone')) : new Promise(() => {});
    }, 0);
    beat.want();
  });
  assert.equal(times, 2);
});
