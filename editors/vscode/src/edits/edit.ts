// Edits by instruction: asked for, watched in a diff while they are written, kept or rejected.
//
// Owns the one that is open. Until it is kept, the document is as it was.

import * as vscode from 'vscode';
import { range, span } from '../server/places';
import { type Server, sentence } from '../server/server';
import { applied, type TextEdit } from './text';

const SCHEME = 'spark-edit';

interface Result {
  readonly id?: number;
  readonly edits: readonly TextEdit[];
}

interface Open {
  readonly document: vscode.TextDocument;
  readonly version: number;
  /** Names what the document would be; the right side of the diff. */
  readonly proposed: vscode.Uri;
  readonly before: string;
  readonly cancel: vscode.CancellationTokenSource;
  edits: readonly TextEdit[];
  id?: number;
  finished: boolean;
}

export class Edits implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private open: Open | undefined;
  private numbers = 0;
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.changed.event;
  private readonly owned: vscode.Disposable[];

  constructor(private readonly server: () => Server) {
    this.owned = [
      this.changed,
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
      vscode.workspace.onDidOpenTextDocument(({ uri }) => {
        // VS Code passes over what changes between its asking for a text and its having it.
        if (uri.toString() === this.open?.proposed.toString()) {
          this.changed.fire(uri);
        }
      }),
      vscode.window.tabGroups.onDidChangeTabs(({ closed }) => {
        if (this.open && closed.some((tab) => shows(tab, this.open?.proposed))) {
          void this.reject();
        }
      }),
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (document === this.open?.document && contentChanges.length) {
          void this.close();
          warn('the text has changed since: ask again');
        }
      }),
    ];
  }

  dispose(): void {
    vscode.Disposable.from(...this.owned).dispose();
  }

  /** The document that is being rewritten. */
  get document(): vscode.TextDocument | undefined {
    return this.open?.document;
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    const open = this.open;
    return open && open.proposed.toString() === uri.toString()
      ? applied(open.before, open.edits)
      : '';
  }

  /** Ask the person what the selected lines should be, and have it written. */
  async start(editor: vscode.TextEditor): Promise<void> {
    const instruction = await vscode.window.showInputBox({
      title: 'Edit by instruction',
      prompt: 'What should it be?',
      placeHolder: 'use a context manager',
    });
    if (instruction) {
      await this.write(editor, instruction);
    }
  }

  /** Have the selected lines written as an instruction says. */
  async write(editor: vscode.TextEditor, instruction: string): Promise<void> {
    await this.close();
    const document = editor.document;
    const name = document.uri.path;
    const open: Open = {
      document,
      version: document.version,
      proposed: vscode.Uri.from({ scheme: SCHEME, path: name, query: `${++this.numbers}` }),
      before: document.getText(),
      cancel: new vscode.CancellationTokenSource(),
      edits: [],
      finished: false,
    };
    this.open = open;
    context('writing');
    const rewritten = lines(editor);
    const hears = (result: Result) => {
      if (this.open === open) {
        open.edits = result.edits;
        if (result.id !== undefined) {
          open.id = result.id;
        }
        this.changed.fire(open.proposed);
      }
    };
    const params = {
      textDocument: { uri: document.uri.toString(), version: open.version },
      range: span(rewritten),
      instruction,
      workDoneToken: `spark-edit-${this.numbers}`,
    };
    const asked = this.server().request<Result>('spark/edit', params, hears, open.cancel.token);
    // What goes wrong is told below, once the diff is there.
    asked.catch(() => undefined);
    const title = `${name.split('/').at(-1) ?? name}: ${instruction}`;
    await vscode.commands.executeCommand('vscode.diff', document.uri, open.proposed, title, {
      preview: true,
      selection: new vscode.Range(rewritten.start, rewritten.start),
    });
    try {
      hears(await asked);
    } catch (error) {
      if (this.open === open) {
        await this.close();
        warn(sentence(error));
      }
      return;
    }
    if (this.open !== open) {
      return;
    }
    if (applied(open.before, open.edits) === open.before) {
      await this.close();
      void vscode.window.showInformationMessage('Spark: nothing is to be changed.');
      return;
    }
    open.finished = true;
    context('finished');
  }

  /** Make the edit that is shown. */
  async keep(): Promise<void> {
    const open = this.open;
    if (!open?.finished) {
      void vscode.window.showInformationMessage('Spark: there is no finished edit to keep.');
      return;
    }
    await this.close();
    if (open.document.version !== open.version) {
      warn('the text has changed since: ask again');
      return;
    }
    const made = new vscode.WorkspaceEdit();
    for (const it of open.edits) {
      made.replace(open.document.uri, range(it.range), it.newText);
    }
    if (await vscode.workspace.applyEdit(made)) {
      this.server().run('spark.accept', open.id);
    } else {
      warn('VS Code did not make the edit: ask again');
    }
    await vscode.window.showTextDocument(open.document);
  }

  /** Take the edit that is shown away, or stop it. */
  async reject(): Promise<void> {
    const open = this.open;
    await this.close();
    if (open?.finished) {
      this.server().run('spark.reject', open.id);
    }
  }

  /** Close the diff; what is still being written is stopped. */
  private async close(): Promise<void> {
    const open = this.open;
    if (!open) {
      return;
    }
    this.open = undefined;
    context(false);
    open.cancel.cancel();
    const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
    await vscode.window.tabGroups.close(tabs.filter((tab) => shows(tab, open.proposed)));
  }
}

/** The whole lines that are selected, or the one of the cursor, without the last line's end. */
function lines(editor: vscode.TextEditor): vscode.Range {
  const { start, end, isEmpty } = editor.selection;
  const last = !isEmpty && end.character === 0 && end.line > start.line ? end.line - 1 : end.line;
  return new vscode.Range(start.line, 0, last, editor.document.lineAt(last).text.length);
}

function shows(tab: vscode.Tab, proposed: vscode.Uri | undefined): boolean {
  return (
    tab.input instanceof vscode.TabInputTextDiff &&
    tab.input.modified.toString() === proposed?.toString()
  );
}

function context(state: 'writing' | 'finished' | false): void {
  void vscode.commands.executeCommand('setContext', 'spark.edit', state);
}

function warn(message: string): void {
  void vscode.window.showWarningMessage(`Spark: ${message}.`);
}
