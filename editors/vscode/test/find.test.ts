import assert from 'node:assert/strict';
import { test } from 'node:test';
import { find, inside, onPath, type Machine, type Wishes } from '../src/server/find';

const WISHES: Wishes = { setting: '', folders: ['/project'], own: '/own' };

function machine(...programs: string[]): Machine {
  return {
    windows: false,
    home: '/me',
    path: ['.', 'node_modules/.bin', '/usr/bin'],
    runs: (file) => programs.includes(file),
  };
}

test('the places are looked at in order', () => {
  const places = [
    '/project/.venv/bin/spark-lsp',
    '/usr/bin/spark-lsp',
    '/me/.local/bin/spark-lsp',
    '/own/bin/spark-lsp',
  ];
  for (const [at, place] of places.entries()) {
    assert.equal(find(WISHES, machine(...places.slice(at)))?.program, place);
  }
  assert.equal(find(WISHES, machine()), undefined);
});

test('a folder that is not trusted starts nothing', () => {
  const wishes = { ...WISHES, folders: [] };
  assert.equal(find(wishes, machine('/project/.venv/bin/spark-lsp')), undefined);
});

test('a relative entry of the PATH is passed over', () => {
  assert.equal(find(WISHES, machine('spark-lsp', 'node_modules/.bin/spark-lsp')), undefined);
  assert.equal(onPath(['python3'], machine('python3')), undefined);
});

test('the setting comes first, and is said if it is wrong', () => {
  const wishes = { ...WISHES, setting: '~/mine/spark-lsp' };
  const found = find(wishes, machine('/me/mine/spark-lsp', '/usr/bin/spark-lsp'));
  assert.equal(found?.program, '/me/mine/spark-lsp');
  assert.throws(() => find(wishes, machine('/usr/bin/spark-lsp')), /where no program is/);
  const relative = { ...WISHES, setting: 'tools/spark-lsp' };
  assert.throws(() => find(relative, machine('tools/spark-lsp')), /must be a whole path/);
});

test('programs of an environment are where its system has them', () => {
  assert.equal(inside('/own', false), '/own/bin/spark-lsp');
  assert.equal(inside('C:\\own', true, 'python'), 'C:\\own\\Scripts\\python.exe');
});
