// What a task has done, looked at as diffs and taken over.
//
// Owns the results that are being looked at, both sides of their diffs, and what the person has
// decided of conflicts. Nothing is changed but by VS Code, which asks for each change. Whatever is
// typed meanwhile, the server is asked anew: what is offered is always meant for the text as it is.

import * as vscode from 'vscode';
import { Beat } from '../completions/beat';
import { type Server, sentence } from '../server/server';
import {
  type Conflict,
  conflicts,
  fits,
  left,
  merged,
  type Result,
  settled,
  type Side,
  stale,
} from './offer';
import { flat, type Looked, titled, type Task } from './told';

const SCHEME = 'spark-task';
/** Milliseconds between two questions to the server while the person types. */
const REST = 300;
/** Times that a result is asked for anew because the person has typed meanwhile. */
const PATIENCE = 5;

interface Open {
  readonly title: string;
  readonly decided: Map<string, Side>;
  result: Result;
}

interface Choice extends vscode.QuickPickItem {
  readonly side: Side | undefined;
}

export class Reviews implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly open = new Map<string, Open>();
  private readonly texts = new Map<string, string>();
  private readonly fresh = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.fresh.event;
  private readonly looking = new vscode.EventEmitter<void>();
  /** Fires when what is known of a result is another than before. */
  readonly onLook = this.looking.event;
  private readonly touched = new Set<string>();
  private readonly beat = new Beat(() => this.renew(), REST);
  private readonly owned: vscode.Disposable;

  constructor(private readonly server: Server) {
    this.owned = vscode.Disposable.from(
      this.fresh,
      this.looking,
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
      vscode.window.tabGroups.onDidChangeTabs(() => {
        this.tell();
      }),
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        const uri = document.uri.toString();
        for (const [task, { result }] of this.open) {
          if (contentChanges.length && result.files.some((it) => parsed(it.uri) === uri)) {
            this.touched.add(task);
            this.beat.want();
          }
        }
      }),
    );
  }

  dispose(): void {
    this.owned.dispose();
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.texts.get(uri.toString()) ?? '';
  }

  /** Return what is known of a result, if it has been looked at. */
  looked(task: string): Looked | undefined {
    const open = this.open.get(task);
    if (!open) {
      return undefined;
    }
    const { result, decided } = open;
    const { summary, files } = result;
    const reasons = new Map(files.map((it) => [it.target ?? it.path, it.reason]));
    return { summary, reasons, conflicts: conflicts(result), decided, left: left(result) };
  }

  /** Return the task whose diffs are in front, if any are. */
  get front(): string | undefined {
    const label = vscode.window.tabGroups.activeTabGroup.activeTab?.label;
    return [...this.open].find(([, { title }]) => label?.startsWith(title))?.[0];
  }

  /** Show what a task has done, as one diff per file. */
  async show(task: Task): Promise<void> {
    const open: Open = {
      title: this.title(task),
      decided: this.open.get(task.taskId)?.decided ?? new Map<string, Side>(),
      result: await this.result(task.taskId),
    };
    this.open.set(task.taskId, open);
    const documents = await this.take(task.taskId, open);
    const { files } = open.result;
    const found = conflicts(open.result);
    const taken = new Set(
      found.filter((it) => it.line === undefined && open.decided.has(it.key)).map((it) => it.path),
    );
    const sides = files
      .filter((it) => !it.objection || it.hunks.length || taken.has(it.path))
      .map((file): [vscode.Uri, vscode.Uri | undefined, vscode.Uri | undefined] => {
        const has = documents.has(file.uri);
        const mine = has ? side(task.taskId, 'mine', file.path) : undefined;
        const path = file.target ?? file.path;
        const there = file.kind === 'removed' ? undefined : side(task.taskId, 'theirs', path);
        return [vscode.Uri.parse(file.uri), mine, there];
      });
    const [why] = left(open.result);
    const undecided = found.filter((it) => !open.decided.has(it.key)).length;
    const places = `${undecided} ${undecided === 1 ? 'place' : 'places'} only you can decide`;
    const said = undecided ? `${places}; nothing is done there until you do` : why;
    if (!sides.length) {
      const none = said ?? 'all that it has done is in your files';
      void vscode.window.showInformationMessage(`Spark: nothing is offered: ${sentence(none)}.`);
      return;
    }
    await vscode.commands.executeCommand('vscode.changes', open.title, sides);
    this.tell();
    if (said) {
      void vscode.window.showInformationMessage(`Spark: ${sentence(said)}.`);
    }
  }

  /**
   * Have the person take over what a task has done, as it fits their text now; returns whether all
   * of it is in.
   */
  async accept(task: Task): Promise<boolean> {
    const open = this.open.get(task.taskId);
    if (!open) {
      await this.show(task);
      return false;
    }
    const edit = await this.offered(task.taskId, open);
    if (!edit) {
      throw new Error('there is nothing to take over but what only you can decide');
    }
    const done = await vscode.workspace.applyEdit(edit, { isRefactoring: true });
    open.result = await this.result(task.taskId);
    await this.take(task.taskId, open);
    if (done) {
      // Nobody waits for it: VS Code may take its time with tabs.
      void this.close(open.title);
    }
    return done && !open.result.files.length;
  }

  /** Have the person decide a conflict; nothing is changed before the result is accepted. */
  async decide(task: string, conflict: Conflict): Promise<void> {
    const { path, line, person, reason } = conflict;
    const leave = { label: '$(person) Leave it as it is', side: undefined };
    const choice = await (line === undefined
      ? vscode.window.showQuickPick<Choice>(
          [leave, { label: '$(check) Do as the task has done', side: 'task' }],
          { title: reason },
        )
      : vscode.window.showQuickPick<Choice>(
          [
            { ...leave, detail: flat(person) },
            {
              label: "$(check) Take the task's lines",
              detail: flat(conflict.task),
              side: 'task',
            },
            {
              label: "$(diff-added) Take both: yours, and the task's behind them",
              detail: flat([...person, ...conflict.task]),
              side: 'both',
            },
          ],
          { title: `Which lines shall stand in ${path}, line ${line + 1}?` },
        ));
    if (choice) {
      await this.decided(task, conflict, choice.side);
    }
  }

  /** Take a decision of a conflict; none leaves the person's lines. */
  async decided(task: string, conflict: Conflict, side: Side | undefined): Promise<void> {
    const open = this.open.get(task);
    if (!open) {
      return;
    }
    if (side) {
      open.decided.set(conflict.key, side);
    } else {
      open.decided.delete(conflict.key);
    }
    await this.take(task, open);
  }

  /** Forget a result, and close its diffs. */
  async forget(task: string): Promise<void> {
    const open = this.open.get(task);
    if (!open) {
      return;
    }
    this.open.delete(task);
    for (const uri of this.texts.keys()) {
      if (vscode.Uri.parse(uri).query.startsWith(`${task}&`)) {
        this.texts.delete(uri);
      }
    }
    await this.close(open.title);
  }

  /** Return what may be applied to the texts as they are, undefined if there is nothing. */
  private async offered(task: string, open: Open): Promise<vscode.WorkspaceEdit | undefined> {
    for (let time = 0; time < PATIENCE; time++) {
      open.result = await this.result(task);
      const texts = await this.take(task, open);
      const text = (uri: string) => texts.get(uri)?.getText() ?? '';
      if (!open.result.files.every((it) => fits(it, text(it.uri)))) {
        continue;
      }
      const edit = settled(open.result, open.decided);
      if (!edit.documentChanges?.length) {
        return undefined;
      }
      const made = await this.server.edit(edit);
      if (!stale(edit, (uri) => texts.get(uri)?.version)) {
        return made;
      }
    }
    throw new Error('the text changes all the time: try again when you rest');
  }

  private result(task: string): Promise<Result> {
    return this.server.request<Result>('spark/task/result', { taskId: task });
  }

  /** Show a result in its diffs and conflicts; returns the documents that it is about. */
  private async take(task: string, open: Open): Promise<Map<string, vscode.TextDocument>> {
    const { result, decided } = open;
    const documents = new Map<string, vscode.TextDocument>();
    for (const file of result.files) {
      let document: vscode.TextDocument | undefined;
      try {
        document = await vscode.workspace.openTextDocument(vscode.Uri.parse(file.uri));
        documents.set(file.uri, document);
      } catch {
        // There is none yet, or none any more.
      }
      if (open.result !== result) {
        return documents;
      }
      const mine = document?.getText();
      this.put(side(task, 'mine', file.path), mine ?? '');
      const theirs = merged(file, mine, decided);
      this.put(side(task, 'theirs', file.target ?? file.path), theirs ?? '');
    }
    this.looking.fire();
    return documents;
  }

  private put(uri: vscode.Uri, text: string): void {
    if (text !== this.texts.get(uri.toString())) {
      this.texts.set(uri.toString(), text);
      this.fresh.fire(uri);
    }
  }

  /** Ask for the results anew that the person has typed in. */
  private async renew(): Promise<void> {
    const tasks = [...this.touched];
    this.touched.clear();
    for (const task of tasks) {
      const open = this.open.get(task);
      if (open) {
        open.result = await this.result(task);
        await this.take(task, open);
      }
    }
  }

  /** Return what is the beginning of no other title. */
  private title(task: Task): string {
    const base = `Spark: "${titled(task)}"`;
    const others = [...this.open]
      .filter(([name]) => name !== task.taskId)
      .map(([, it]) => it.title);
    return others.includes(base) ? `Spark: ${task.taskId} "${titled(task)}"` : base;
  }

  private tell(): void {
    const reviewing = this.front !== undefined;
    void vscode.commands.executeCommand('setContext', 'spark.reviewing', reviewing);
  }

  private async close(title: string): Promise<void> {
    const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
    await vscode.window.tabGroups.close(tabs.filter((tab) => tab.label.startsWith(title)));
  }
}

/** Both sides are texts of one moment; the person's file itself would run ahead of the other. */
function side(task: string, whose: 'mine' | 'theirs', path: string): vscode.Uri {
  return vscode.Uri.from({ scheme: SCHEME, path: `/${path}`, query: `${task}&${whose}` });
}

function parsed(uri: string): string {
  return vscode.Uri.parse(uri).toString();
}
