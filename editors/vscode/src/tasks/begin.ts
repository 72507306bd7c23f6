// Tasks begun, spoken to and chosen: what the person is asked for that.

import * as vscode from 'vscode';
import { span } from '../server/places';
import type { Server } from '../server/server';
import type { Known } from './known';
import { point } from './point';
import { type Ask, standing, titled, type Task } from './told';

interface Route {
  readonly side: 'foreground' | 'background';
  readonly reasons: readonly string[];
}

/** Rewrites what is selected in an editor, as an edit by instruction does. */
export type Rewrite = (editor: vscode.TextEditor, instruction: string) => Promise<void>;

const HERE = '$(sparkle) Edit here, and watch it being written';
const BESIDE = '$(server-process) Start it in the background all the same';

/** Fail where no task may begin: an agent reads the folder's rules, and may ask to run commands. */
export function trusted(): void {
  if (!vscode.workspace.isTrusted) {
    throw new Error('this folder is not trusted: tasks begin only in folders that are');
  }
}

/** Ask what is to be done, and where it belongs; returns whether a task has begun. */
export async function start(server: Server, rewrite: Rewrite): Promise<boolean> {
  trusted();
  const editor = vscode.window.activeTextEditor;
  const instruction = await vscode.window.showInputBox({
    title: 'Start a background task',
    prompt: 'What is to be done?',
    placeHolder: 'rename load to fetch everywhere and add tests',
    ignoreFocusOut: true,
  });
  if (!instruction?.trim()) {
    return false;
  }
  const selection = selected(editor);
  const route = await server.request<Route>('spark/task/route', { instruction, ...selection });
  if (route.side === 'foreground' && editor) {
    const title = 'This looks like an edit in one place';
    const detail = route.reasons.join(' ');
    const choice = await vscode.window.showQuickPick([{ label: HERE, detail }, { label: BESIDE }], {
      title,
      placeHolder: title,
    });
    if (choice?.label === HERE) {
      await rewrite(editor, instruction);
    }
    if (choice?.label !== BESIDE) {
      return false;
    }
  }
  await begin(server, { instruction, mode: 'task', ...selection }, editor);
  return true;
}

/** Have the deep model finish what was begun; returns whether a task has begun. */
export async function finish(server: Server): Promise<boolean> {
  trusted();
  const editor = vscode.window.activeTextEditor;
  const from = await point(server);
  if (!from) {
    return false;
  }
  const instruction = await vscode.window.showInputBox({
    title: `Finish: ${from.label}`,
    prompt: 'What should it mind? You can leave it empty',
    ignoreFocusOut: true,
  });
  if (instruction === undefined) {
    return false;
  }
  await begin(server, { instruction, mode: 'finish', since: from.since }, editor);
  return true;
}

/** Tell a task something; one that is not at work is taken up again with it. */
export async function steer(server: Server, task: Task): Promise<void> {
  trusted();
  const instruction = await vscode.window.showInputBox({
    title: titled(task),
    prompt: task.alive ? 'What instead?' : 'How should it go on?',
    ignoreFocusOut: true,
  });
  if (instruction?.trim()) {
    const expected = task.turn ? { expectedTurnId: task.turn } : {};
    const params = { taskId: task.taskId, instruction, ...expected };
    await server.request('spark/task/steer', params);
  }
}

/** Say whether a task may do what it asks for; the person decides, unless they have already. */
export async function answer(
  server: Server,
  task: Task,
  ask: Ask,
  decided?: boolean,
): Promise<void> {
  const detail = [ask.what, ask.reason && `It says: ${ask.reason}`].filter((it) => it).join(' · ');
  const accept =
    decided ??
    (
      await vscode.window.showQuickPick(
        [
          { label: '$(close) Refuse', detail, accept: false },
          { label: '$(check) Allow once', detail, accept: true },
        ],
        { title: `"${titled(task)}" wants to run: ${ask.what}` },
      )
    )?.accept;
  if (accept === undefined) {
    return;
  }
  if (accept) {
    trusted();
  }
  await server.request('spark/task/answer', { taskId: task.taskId, id: ask.id, accept });
}

/** Return the task that is meant: the only one of those that fit, or the one that is chosen. */
export async function choose(
  known: Known,
  fits: (task: Task) => boolean,
  none: string,
): Promise<Task | undefined> {
  const all = known.all.filter(fits);
  if (all.length < 2) {
    if (!all[0]) {
      throw new Error(none);
    }
    return all[0];
  }
  const choice = await vscode.window.showQuickPick(
    all.map((task) => ({ label: titled(task), description: standing(task), task })),
    { title: 'Which task?' },
  );
  return choice?.task;
}

async function begin(
  server: Server,
  wish: object,
  editor: vscode.TextEditor | undefined,
): Promise<void> {
  const documents = [editor, ...vscode.window.visibleTextEditors]
    .filter((it) => it?.document.uri.scheme === 'file')
    .map((it) => it?.document.uri.toString());
  const commands = vscode.workspace.getConfiguration('spark').get('tasks.commands', false);
  const params = { ...wish, documents: [...new Set(documents)], commands };
  await server.request('spark/task/start', params);
}

function selected(editor: vscode.TextEditor | undefined): object {
  return editor && !editor.selection.isEmpty
    ? { selection: { uri: editor.document.uri.toString(), range: span(editor.selection) } }
    : {};
}
