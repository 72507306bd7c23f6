// The edits that follow from the last change: shown where they are, gone to, made one by one.
//
// Owns the one that is shown. Those that are left are asked for again after each: the server keeps
// them, moves them with later changes, and drops those that no longer fit.

import * as vscode from 'vscode';
import { place, range, type Span } from '../server/places';
import type { Server } from '../server/server';
import { difference } from './text';

interface Found {
  readonly text: string;
  readonly textDocument: { readonly uri: string };
  readonly range: Span;
  readonly command: { readonly command: string; readonly arguments?: unknown[] };
}

interface Shown {
  readonly uri: vscode.Uri;
  readonly range: vscode.Range;
  readonly text: string;
  readonly arguments: unknown[];
}

/** Milliseconds without a change after which is asked. */
const LULL = 250;
/** Characters of a new text that are shown beside the old one; all of it is in the hover. */
const BESIDE = 80;

export class NextEdits implements vscode.Disposable {
  private shown: Shown | undefined;
  private asked = 0;
  private making = false;
  private timer: NodeJS.Timeout | undefined;
  private readonly owned: vscode.Disposable[];
  private readonly old = vscode.window.createTextEditorDecorationType({
    backgroundColor: new vscode.ThemeColor('diffEditor.removedTextBackground'),
    overviewRulerColor: new vscode.ThemeColor('editorOverviewRuler.modifiedForeground'),
    rangeBehavior: vscode.DecorationRangeBehavior.ClosedClosed,
  });
  private readonly changed = new vscode.EventEmitter<void>();
  /** Fires when there is one, or none any more. */
  readonly onChange = this.changed.event;

  constructor(
    private readonly server: () => Server,
    private readonly wanted: () => boolean,
  ) {
    this.owned = [
      this.old,
      this.changed,
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        const uri = document.uri.toString();
        const active = vscode.window.activeTextEditor?.document.uri.toString();
        if (contentChanges.length && (uri === active || uri === this.shown?.uri.toString())) {
          this.edited();
        }
      }),
      vscode.window.onDidChangeVisibleTextEditors(() => {
        this.draw();
      }),
    ];
  }

  dispose(): void {
    clearTimeout(this.timer);
    vscode.Disposable.from(...this.owned).dispose();
  }

  /** Whether there is one. */
  get present(): boolean {
    return this.shown !== undefined;
  }

  /** Make the edit at the cursor, else go to the one that follows, else look for it. */
  async go(editor: vscode.TextEditor): Promise<void> {
    const shown = this.shown ?? (await this.ask(editor));
    if (!shown) {
      void vscode.window.setStatusBarMessage('Spark: nothing follows from the last change', 4000);
    } else if (this.shown === shown && here(editor, shown)) {
      await this.make(shown);
    } else {
      await jump(shown);
    }
  }

  /** Take the edit off the screen; nothing is judged. */
  clear(): void {
    clearTimeout(this.timer);
    this.asked += 1;
    this.show(undefined);
  }

  /** Send the edit that is shown away. */
  dismiss(): void {
    const shown = this.shown;
    this.show(undefined);
    if (shown) {
      this.server().run('spark.reject', ...shown.arguments);
    }
  }

  private edited(): void {
    if (this.making) {
      return;
    }
    this.asked += 1;
    this.show(undefined);
    clearTimeout(this.timer);
    if (this.wanted()) {
      this.timer = setTimeout(() => {
        const editor = vscode.window.activeTextEditor;
        if (editor && this.server().running) {
          void this.ask(editor);
        }
      }, LULL);
    }
  }

  private async ask(editor: vscode.TextEditor): Promise<Shown | undefined> {
    const number = ++this.asked;
    const { document, selection } = editor;
    const params = {
      textDocument: { uri: document.uri.toString(), version: document.version },
      position: place(selection.active),
    };
    let found: Found | undefined;
    try {
      const result = await this.server().request<{ edits?: Found[] } | null>(
        'textDocument/copilotInlineEdit',
        params,
      );
      found = result?.edits?.[0];
    } catch {
      // The text has changed, or nothing answers: either is told elsewhere.
    }
    if (number !== this.asked) {
      return undefined;
    }
    this.show(found && shown(found));
    return this.shown;
  }

  private async make(it: Shown): Promise<void> {
    this.show(undefined);
    const edit = new vscode.WorkspaceEdit();
    edit.replace(it.uri, it.range, it.text);
    this.making = true;
    try {
      if (!(await vscode.workspace.applyEdit(edit))) {
        void vscode.window.showWarningMessage('Spark: VS Code did not make the edit.');
        return;
      }
    } finally {
      this.making = false;
    }
    this.server().run('spark.accept', ...it.arguments);
    const editor = vscode.window.activeTextEditor;
    const following = editor && (await this.ask(editor));
    if (following) {
      await jump(following);
    }
  }

  private show(it: Shown | undefined): void {
    if (!it && !this.shown) {
      return;
    }
    this.shown = it;
    void vscode.commands.executeCommand('setContext', 'spark.nextEdit', it !== undefined);
    this.draw();
    this.changed.fire();
  }

  private draw(): void {
    for (const editor of vscode.window.visibleTextEditors) {
      const it = this.shown;
      const its = it && editor.document.uri.toString() === it.uri.toString();
      editor.setDecorations(this.old, its ? [decoration(editor.document, it)] : []);
    }
  }
}

function shown(found: Found): Shown {
  return {
    uri: vscode.Uri.parse(found.textDocument.uri),
    range: range(found.range),
    text: found.text,
    arguments: found.command.arguments ?? [],
  };
}

function here(editor: vscode.TextEditor, it: Shown): boolean {
  const line = editor.selection.active.line;
  return (
    editor.document.uri.toString() === it.uri.toString() &&
    it.range.start.line <= line &&
    line <= it.range.end.line
  );
}

async function jump(it: Shown): Promise<void> {
  await vscode.window.showTextDocument(it.uri, {
    selection: new vscode.Range(it.range.start, it.range.start),
  });
}

/** The old text as it is struck out, and the new one behind it. */
function decoration(document: vscode.TextDocument, it: Shown): vscode.DecorationOptions {
  const [first = '', ...rest] = it.text.split(/\r\n|\r|\n/);
  const cut = first.length > BESIDE || rest.length > 0;
  const beside = cut ? `${first.slice(0, BESIDE)} …` : first;
  const hover = new vscode.MarkdownString();
  hover.appendCodeblock(difference(document.getText(it.range), it.text), 'diff');
  return {
    range: it.range,
    hoverMessage: hover,
    renderOptions: {
      after: {
        // Spaces at an end would not be seen.
        contentText: beside.replace(/^ | $/g, '\u00a0'),
        backgroundColor: new vscode.ThemeColor('diffEditor.insertedTextBackground'),
        margin: '0 0 0 0.3em',
      },
    },
  };
}
