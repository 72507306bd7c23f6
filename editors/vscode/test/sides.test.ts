import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parts, SIDES, summary, TIERS, type Value, values } from '../src/views/sides';

const [front, back] = SIDES;
assert(front && back);
const SET: Record<string, Value> = {
  model_provider: 'openai',
  model_reasoning_effort: null,
  'background.model': 'deep',
  'background.service_tier': '',
};
const set = (name: string) => SET[name];

test('each side is drawn with what is set of it now', () => {
  assert.equal(summary(front, set), 'openai');
  assert.equal(summary(back, set), 'deep');
  assert.equal(
    summary(back, () => undefined),
    'as config.toml has it',
  );
  assert.deepEqual(
    parts(back, set).map((it) => `${it.label}: ${it.description}`),
    [
      'Provider: as config.toml has it',
      'Model: deep',
      'Reasoning effort: as config.toml has it',
      'Service tier: None',
    ],
  );
  assert.equal(parts(front, set)[2]?.description, 'What the model does by itself');
});

test('it is said when a change holds', () => {
  assert.deepEqual(
    [front, back].map((it) => parts(it, set)[0]?.detail),
    ['Holds at once.', "Holds from a task's next turn on."],
  );
});

test('values are drawn with the one that is set now, also where it is unknown', () => {
  const drawn = (known: string[]) =>
    values(front, 'model_provider', known, set).map((it) => [it.label, it.description]);
  const unset = ['Not set here', ''];
  assert.deepEqual(drawn(['embedded', 'openai']), [['embedded', ''], ['openai', 'set now'], unset]);
  assert.deepEqual(drawn(['embedded']), [['embedded', ''], ['openai', 'set now'], unset]);
});

test('to have none is another choice than to set nothing', () => {
  const last = (what: 'model_provider' | 'service_tier') =>
    values(back, what, TIERS, set)
      .slice(-2)
      .map((it) => [it.label, it.value, it.description]);
  assert.deepEqual(last('model_provider'), [
    ['Nobody', null, ''],
    ['Not set here', undefined, 'set now'],
  ]);
  assert.deepEqual(last('service_tier'), [
    ['None', '', 'set now'],
    ['Not set here', undefined, ''],
  ]);
});
