// Ghost text: asked for with every key, shown with its first piece, and growing from then on.
//
// VS Code takes an answer from a provider once, and does not ask the same providers again at the same
// place in the same text. So it is given the first piece at once, and for each that follows a provider
// is registered that it has not asked yet; that one hands over what there is by now, and no request
// goes to the server.

import * as vscode from 'vscode';
import { range, type Span, span } from '../server/places';
import { DOCUMENTS, type Server, sentence } from '../server/server';
import { Answer, type Asked, same } from './answer';
import { Beat } from './beat';

interface Item {
  readonly insertText: string | { readonly value: string };
  readonly range?: Span;
  readonly command?: { readonly title: string; readonly command: string; arguments?: unknown[] };
}

type Result = { readonly items: readonly Item[] } | readonly Item[] | null;
type Growing = Answer<vscode.InlineCompletionItem>;

const METHOD = 'textDocument/inlineCompletion';
/** Of the protocol: asked by a command, and asked by itself. */
const INVOKED = 1;
const AUTOMATIC = 2;
/** Milliseconds between two pictures of what grows. */
const FRAME = 30;
/** The providers of this extension, as VS Code names them; it takes the newest. */
const PROVIDER = 'spark-lsp.spark-lsp:*';
/** What typing an opening bracket or quote inserts, with the cursor between. */
const PAIRS = new Set(['()', '[]', '{}', '""', "''", '``']);
/** Times that VS Code is asked to take what has grown before it is left at that. */
const PATIENCE = 10;
/** Times of first pieces that are remembered. */
const TIMES = 21;

export class Completions implements vscode.Disposable {
  private current: Growing | undefined;
  /** Of the current answer, as many as VS Code has been given. */
  private pieces = 0;
  /** Hands over what has grown, for as long as VS Code asks for that. */
  private relay: vscode.Disposable | undefined;
  private growing = false;
  /** Times that VS Code was asked to take what has grown, and did not. */
  private missed = 0;
  /** Whether something was selected in the completion menu when VS Code last asked. */
  private selecting = false;
  private readonly times: number[] = [];
  private readonly beat = new Beat(() => this.refresh(), FRAME);
  private silent = false;
  private readonly measured = new vscode.EventEmitter<void>();
  /** Fires when an answer has begun. */
  readonly onLatency = this.measured.event;

  constructor(
    private readonly server: () => Server,
    private readonly log: vscode.LogOutputChannel,
  ) {}

  dispose(): void {
    this.relay?.dispose();
    this.measured.dispose();
  }

  /** Whether the person wants none. */
  get paused(): boolean {
    return this.silent;
  }

  set paused(paused: boolean) {
    this.silent = paused;
    this.current = undefined;
    void vscode.commands.executeCommand('setContext', 'spark.paused', paused);
    if (paused) {
      void vscode.commands.executeCommand('editor.action.inlineSuggest.hide');
    }
  }

  /** Milliseconds from a request to its first piece, the median of the last ones. */
  get latency(): number | undefined {
    const sorted = [...this.times].sort((one, other) => one - other);
    return sorted[Math.floor(sorted.length / 2)];
  }

  /** Answer VS Code. */
  async provide(
    document: vscode.TextDocument,
    position: vscode.Position,
    context: vscode.InlineCompletionContext,
    cancel: vscode.CancellationToken,
  ): Promise<vscode.InlineCompletionItem[] | undefined> {
    if (this.silent) {
      return undefined;
    }
    this.selecting = context.selectedCompletionInfo !== undefined;
    const invoked = context.triggerKind === vscode.InlineCompletionTriggerKind.Invoke;
    const asked: Asked = {
      uri: document.uri.toString(),
      version: document.version,
      line: position.line,
      character: position.character,
      selected: context.selectedCompletionInfo?.text ?? '',
    };
    let answer = this.current;
    if (!answer || !same(answer.asked, asked) || invoked) {
      answer = this.ask(asked, context.selectedCompletionInfo, invoked);
    }
    await answer.begun();
    return cancel.isCancellationRequested ? undefined : this.given(answer);
  }

  private given(answer: Growing): vscode.InlineCompletionItem[] | undefined {
    if (answer !== this.current) {
      return undefined;
    }
    this.pieces = answer.pieces;
    this.missed = 0;
    return answer.items ? [...answer.items] : undefined;
  }

  /**
   * The person has typed: ask at once, for where the cursor is going to be.
   *
   * VS Code itself asks a little later; it is then given what has come by then.
   */
  typed({ document, contentChanges, reason }: vscode.TextDocumentChangeEvent): void {
    const [change, ...more] = contentChanges;
    const editor = vscode.window.activeTextEditor;
    const usual = change?.text && !more.length && reason === undefined && !this.selecting;
    if (this.silent || !usual || editor?.document !== document || editor.selections.length > 1) {
      return;
    }
    const wishes = vscode.workspace.getConfiguration('editor', document);
    if (!wishes.get('inlineSuggest.enabled', true)) {
      return;
    }
    const { start } = change.range;
    const lines = typedText(change.text).split(/\r\n|\r|\n/);
    const last = lines.at(-1) ?? '';
    const asked: Asked = {
      uri: document.uri.toString(),
      version: document.version,
      line: start.line + lines.length - 1,
      character: lines.length > 1 ? last.length : start.character + last.length,
      selected: '',
    };
    this.ask(asked, undefined, false);
  }

  /** Have the suggestion at the cursor asked for anew. */
  async renew(): Promise<void> {
    this.current = undefined;
    await vscode.commands.executeCommand('editor.action.inlineSuggest.trigger');
  }

  /** Send what is shown away for good. */
  async dismiss(): Promise<void> {
    const item = this.current?.items?.[0];
    this.current = undefined;
    // Before anything that is typed once it is gone from the screen.
    if (item?.command) {
      this.server().run('spark.reject', ...(item.command.arguments ?? []));
    }
    await vscode.commands.executeCommand('editor.action.inlineSuggest.hide');
  }

  private ask(
    asked: Asked,
    selected: vscode.SelectedCompletionInfo | undefined,
    invoked: boolean,
  ): Growing {
    const answer: Growing = new Answer(asked);
    this.current = answer;
    this.pieces = 0;
    this.missed = 0;
    const params = {
      textDocument: { uri: asked.uri, version: asked.version },
      position: { line: asked.line, character: asked.character },
      context: {
        triggerKind: invoked ? INVOKED : AUTOMATIC,
        ...(selected && {
          selectedCompletionInfo: { range: span(selected.range), text: selected.text },
        }),
      },
    };
    const begun = performance.now();
    void answer.begun().then(() => {
      if (answer.items?.length) {
        this.measure(performance.now() - begun);
      }
    });
    const hears = (result: Result) => {
      answer.grow(items(result), text(result));
      this.beat.want();
    };
    this.server()
      .request<Result>(METHOD, params, hears)
      .then(
        (result) => {
          answer.end(result && items(result), text(result));
          this.beat.want();
        },
        (error: unknown) => {
          this.log.debug(`${METHOD}: ${sentence(error)}`);
          if (this.current === answer) {
            this.current = undefined;
          }
          answer.end(null);
        },
      );
    return answer;
  }

  private measure(milliseconds: number): void {
    this.times.push(milliseconds);
    this.times.splice(0, this.times.length - TIMES);
    this.measured.fire();
  }

  /** Have VS Code take what there is, if what it shows is less. */
  private async refresh(): Promise<void> {
    const answer = this.current;
    const editor = vscode.window.activeTextEditor;
    if (!answer || !editor || !this.pieces || answer.pieces === this.pieces) {
      return;
    }
    const { uri, version, line, character } = answer.asked;
    const cursor = editor.selection.active;
    const there =
      editor.document.uri.toString() === uri &&
      editor.document.version === version &&
      cursor.line === line &&
      cursor.character === character;
    if (there) {
      await this.offer();
    }
    // VS Code passes over an offer while it takes in another answer, and tells of a key before it
    // tells where the cursor is then. After the last piece nothing else would ask again.
    const behind = this.current === answer && answer.pieces !== this.pieces;
    if (behind && this.missed < PATIENCE) {
      this.missed += 1;
      this.beat.want();
    }
  }

  /** Have VS Code ask a provider that it has not asked yet. */
  private async offer(): Promise<void> {
    this.relay?.dispose();
    this.relay = vscode.languages.registerInlineCompletionItemProvider(DOCUMENTS, {
      // The person may have typed on meanwhile; VS Code then asks this one instead of the first.
      provideInlineCompletionItems: (document, position, context, cancel) =>
        this.growing ? this.provide(document, position, context, cancel) : undefined,
    });
    this.growing = true;
    try {
      // As if by itself: what is asked for by hand is only put behind what is shown.
      const newest = { providerId: PROVIDER, explicit: false };
      await vscode.commands.executeCommand('editor.action.inlineSuggest.trigger', newest);
    } finally {
      this.growing = false;
    }
  }
}

/** The part of an inserted text that is before the cursor. */
function typedText(text: string): string {
  return PAIRS.has(text) ? text.slice(0, 1) : text;
}

function listed(result: Result): readonly Item[] {
  return result && 'items' in result ? result.items : (result ?? []);
}

/** What of a result can be seen. */
function text(result: Result): string {
  return JSON.stringify(listed(result).map((it) => [it.insertText, it.range]));
}

function items(result: Result): vscode.InlineCompletionItem[] {
  return listed(result).map((it) => {
    const text =
      typeof it.insertText === 'string'
        ? it.insertText
        : new vscode.SnippetString(it.insertText.value);
    return new vscode.InlineCompletionItem(text, it.range && range(it.range), it.command);
  });
}
