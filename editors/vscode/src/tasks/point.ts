// From where on something is finished: a point that the server knows, or a revision of git.

import * as vscode from 'vscode';
import type { Server } from '../server/server';
import { when } from './when';

/** One of the answer to `spark/task/points`; `at` is in seconds since the epoch. */
interface Point {
  readonly id: string;
  readonly kind: 'commit' | 'accepted';
  readonly at: number;
  readonly label: string;
  readonly detail: string;
}

const ICONS: Readonly<Record<Point['kind'], string>> = {
  commit: '$(git-commit)',
  accepted: '$(sparkle)',
};
const TITLE = 'Finish from where on?';

/** Have the person choose; undefined if they choose none. */
export async function point(
  server: Server,
): Promise<{ readonly since: string; readonly label: string } | undefined> {
  const { points } = await server.request<{ points: Point[] }>('spark/task/points', {});
  const now = Date.now() / 1000;
  const another = { label: '$(search) Another revision of git…', since: undefined, name: '' };
  const choice = await vscode.window.showQuickPick(
    [
      // The first is chosen where the person only presses Enter.
      ...points.map(({ id, kind, at, label, detail }) => ({
        label: `${ICONS[kind]} ${label}`,
        description: when(at, now),
        detail,
        since: id,
        name: label,
      })),
      another,
    ],
    { title: TITLE, matchOnDetail: true, ignoreFocusOut: true },
  );
  if (choice?.since !== undefined) {
    return { since: choice.since, label: choice.name };
  }
  const since =
    choice &&
    (await vscode.window.showInputBox({
      title: TITLE,
      prompt: 'Which revision of git?',
      placeHolder: 'main, v1.2, HEAD~3',
      ignoreFocusOut: true,
    }));
  return since?.trim() ? { since: since.trim(), label: `all since ${since.trim()}` } : undefined;
}
