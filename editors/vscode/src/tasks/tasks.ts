// Background tasks: what belongs to what, and which command does which.

import * as vscode from 'vscode';
import type { Server } from '../server/server';
import { answer, choose, finish, type Rewrite, start, steer, trusted } from './begin';
import { Known } from './known';
import type { Side } from './offer';
import { Reviews } from './review';
import { type Node, ours, type Task, titled } from './told';
import { View } from './view';

const REVIEW = 'Review';
const REMOVE = 'Remove';
const NONE = 'there are no tasks that this can be done with';

export class Tasks implements vscode.Disposable {
  private readonly known: Known;
  private readonly reviews: Reviews;
  private readonly owned: vscode.Disposable;

  constructor(
    private readonly server: Server,
    private readonly rewrite: Rewrite,
  ) {
    const known = new Known(server);
    const reviews = new Reviews(server);
    const view = new View(known, (task) => reviews.looked(task));
    this.known = known;
    this.reviews = reviews;
    this.owned = vscode.Disposable.from(
      known,
      reviews,
      view,
      reviews.onLook(() => {
        view.renew();
      }),
      known.onEnd((task) => void this.over(task)),
      known.onChange((name) => {
        // What was looked at is not what it will be.
        if (name !== undefined && known.get(name)?.alive) {
          void reviews.forget(name);
        }
      }),
    );
  }

  dispose(): void {
    this.owned.dispose();
  }

  /** What the person can do, by the names of the commands. */
  readonly commands: Record<string, (node?: Node) => Promise<void>> = {
    startTask: async () => {
      await this.seen(await start(this.server, this.rewrite));
    },
    finishTask: async () => {
      await this.seen(await finish(this.server));
    },
    steerTask: (node) =>
      this.each(
        node,
        (it) => !it.elsewhere,
        (task) => steer(this.server, task),
      ),
    takeUpTask: (node) =>
      this.each(
        node,
        (it) => !it.alive,
        (task) => steer(this.server, task),
      ),
    interruptTask: (node) =>
      this.each(node, ours, async ({ taskId }) => {
        await this.server.request('spark/task/interrupt', { taskId });
      }),
    reviewTask: (node) =>
      this.each(
        node,
        (it) => !it.alive,
        (task) => this.reviews.show(task),
      ),
    answerTask: (node) => this.answer(node),
    allowOnce: (node) => this.answer(node, true),
    refuseAsked: (node) => this.answer(node, false),
    acceptTask: (node) => this.each(node, this.inFront(), (task) => this.accept(task)),
    removeTask: (node) =>
      this.each(
        node,
        (it) => !it.alive,
        (task) => this.remove(task),
      ),
    decideConflict: async (node) => {
      if (node?.conflict) {
        await this.reviews.decide(node.task, node.conflict);
      }
    },
    takeConflict: (node) => this.decided(node, 'task'),
    takeBoth: (node) => this.decided(node, 'both'),
    leaveConflict: (node) => this.decided(node, undefined),
  };

  /** Tell the person that a task is over, unless they have ended it themselves. */
  private async over(task: Task): Promise<void> {
    if (task.state === 'interrupted' || task.state === 'left') {
      return;
    }
    const title = titled(task);
    if (task.state === 'failed') {
      const said = `Spark: "${title}" has failed: ${task.message}`;
      if (await vscode.window.showWarningMessage(said, REVIEW)) {
        await vscode.commands.executeCommand('spark.reviewTask', { task: task.taskId });
      }
      return;
    }
    if (await vscode.window.showInformationMessage(`Spark: "${title}" is done.`, REVIEW)) {
      await vscode.commands.executeCommand('spark.reviewTask', { task: task.taskId });
    }
  }

  private answer(node: Node | undefined, decided?: boolean): Promise<void> {
    return this.each(
      node,
      (it) => ours(it) && it.asks.length > 0,
      async (task) => {
        // The oldest, where none is meant: they are asked one after the other.
        const ask = node?.ask ?? task.asks[0];
        if (ask) {
          await answer(this.server, task, ask, decided);
        }
      },
    );
  }

  private async accept(task: Task): Promise<void> {
    trusted();
    if (await this.reviews.accept(task)) {
      const said = `Spark: all that "${titled(task)}" has done is in your files.`;
      if (await vscode.window.showInformationMessage(said, 'Remove the Task')) {
        await this.server.request('spark/task/remove', { taskId: task.taskId });
        await this.reviews.forget(task.taskId);
      }
    }
  }

  private async remove(task: Task): Promise<void> {
    const said = `Remove "${titled(task)}", and what it has done that is not in your files?`;
    if (await vscode.window.showWarningMessage(said, { modal: true }, REMOVE)) {
      await this.server.request('spark/task/remove', { taskId: task.taskId });
      await this.reviews.forget(task.taskId);
    }
  }

  /** The tasks that can be accepted: the one whose diffs are in front, before all others. */
  private inFront(): (task: Task) => boolean {
    const front = this.reviews.front;
    return (task) => !task.alive && (front === undefined || task.taskId === front);
  }

  private async decided(node: Node | undefined, side: Side | undefined): Promise<void> {
    if (node?.conflict) {
      await this.reviews.decided(node.task, node.conflict, side);
    }
  }

  /** Show the list, for who has begun the first task. */
  private async seen(begun: boolean): Promise<void> {
    if (begun) {
      await vscode.commands.executeCommand('setContext', 'spark.tasks', true);
      await vscode.commands.executeCommand('spark.tasks.focus', { preserveFocus: true });
    }
  }

  /** Act on the task of a line of the list, or on the one that is chosen. */
  private async each(
    node: Node | undefined,
    fits: (task: Task) => boolean,
    act: (task: Task) => Promise<void>,
  ): Promise<void> {
    const named = node?.task === undefined ? undefined : this.known.get(node.task);
    const task = named ?? (await choose(this.known, fits, NONE));
    if (task) {
      await act(task);
    }
  }
}
