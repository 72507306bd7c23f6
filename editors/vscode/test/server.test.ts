import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nested } from '../src/nested';
import { heard } from '../src/server/log';
import { CALM, Deaths, RESTS } from '../src/server/rests';

test('each death in a row is waited for longer, until it is given up', () => {
  const deaths = new Deaths();
  assert.deepEqual(
    RESTS.map((_, at) => deaths.rest(at * 1000)),
    RESTS,
  );
  assert.equal(deaths.rest(6000), undefined);
});

test('a calm while, or the person, lets it begin anew', () => {
  const deaths = new Deaths();
  deaths.rest(0);
  deaths.rest(1);
  assert.equal(deaths.rest(2 + CALM), RESTS[0]);
  deaths.forget();
  assert.equal(deaths.rest(3 + CALM), RESTS[0]);
});

test('what is set is nested, what is not is not sent', () => {
  const values: [string, unknown][] = [
    ['spark.model', 'fast'],
    ['spark.stats', undefined],
    ['spark.background.model', 'deep'],
    ['spark.background.model_provider', null],
  ];
  const found = { model: 'fast', background: { model: 'deep', model_provider: null } };
  assert.deepEqual(nested(values), found);
});

test('lines of the server keep their level', () => {
  const line = '2026-11-26 18:36:16,171 WARNING spark_lsp.server: the connection was lost';
  assert.deepEqual(heard(line), ['warn', 'spark_lsp.server: the connection was lost']);
  assert.deepEqual(heard('  File "a.py", line 1'), ['error', '  File "a.py", line 1']);
});
