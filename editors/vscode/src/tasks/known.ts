// The tasks that the server knows, as it tells of them.

import * as vscode from 'vscode';
import type { Server } from '../server/server';
import { ours, type Task } from './told';

interface Gone {
  readonly taskId: string;
  readonly gone: true;
}

/** Says which tasks there are, and when one has ended. */
export class Known implements vscode.Disposable {
  private readonly tasks = new Map<string, Task>();
  private readonly changed = new vscode.EventEmitter<string | undefined>();
  /** Fires with the task that is another than before, with nothing if all may be. */
  readonly onChange = this.changed.event;
  private readonly ended = new vscode.EventEmitter<Task>();
  /** Fires when nobody works on a task of this editor any more. */
  readonly onEnd = this.ended.event;
  private readonly owned: vscode.Disposable;

  constructor(private readonly server: Server) {
    this.owned = vscode.Disposable.from(
      this.changed,
      this.ended,
      server.onTask((told) => {
        this.take(told as Task | Gone);
      }),
      server.onStarted(() => void this.list()),
      server.onStatus((status) => {
        if (status.kind === 'Stopped') {
          this.leave();
        }
      }),
    );
  }

  dispose(): void {
    this.owned.dispose();
  }

  /** All, the newest first. */
  get all(): readonly Task[] {
    return [...this.tasks.values()].sort((one, other) => other.began - one.began);
  }

  get(name: string): Task | undefined {
    return this.tasks.get(name);
  }

  private async list(): Promise<void> {
    try {
      const found = await this.server.request<{ tasks: Task[] }>('spark/task/list', {});
      this.tasks.clear();
      for (const task of found.tasks) {
        this.tasks.set(task.taskId, task);
      }
      this.tell(undefined);
    } catch {
      // An older server has no tasks, and one that has died is asked when it is back.
    }
  }

  /** Take in that the server is gone, and with it all who have been at work. */
  private leave(): void {
    for (const task of this.all.filter(ours)) {
      const left = { alive: false, state: 'left', turn: '', doing: '', asks: [] } as const;
      this.tasks.set(task.taskId, { ...task, ...left });
    }
    this.changed.fire(undefined);
  }

  private take(told: Task | Gone): void {
    const before = this.tasks.get(told.taskId);
    if ('gone' in told) {
      this.tasks.delete(told.taskId);
      this.tell(undefined);
      return;
    }
    this.tasks.set(told.taskId, told);
    this.tell(before ? told.taskId : undefined);
    if (before && ours(before) && !told.alive) {
      this.ended.fire(told);
    }
  }

  private tell(name: string | undefined): void {
    void vscode.commands.executeCommand('setContext', 'spark.tasks', this.tasks.size > 0);
    this.changed.fire(name);
  }
}
