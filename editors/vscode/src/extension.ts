// The extension: what belongs to what, and which command does which.

import * as vscode from 'vscode';
import { Completions } from './completions/completions';
import { Edits } from './edits/edit';
import { NextEdits } from './edits/next';
import { find } from './server/find';
import { machine } from './server/machine';
import { place } from './server/places';
import { Server, sentence } from './server/server';
import { environment, setUp } from './server/setup';
import { names, settings } from './settings';
import type { Node } from './tasks/told';
import { Tasks } from './tasks/tasks';
import { type Account, page } from './views/account';
import { menu, minutes } from './views/menu';
import { switchModel } from './views/model';
import { Pages } from './views/pages';
import { StatusItem } from './views/status';

const SET_UP = 'Set Up…';

let server: Server | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel('Spark', { log: true });
  const ours = names(context.extension.packageJSON);
  const own = environment(context.globalStorageUri);
  const configuration = () => vscode.workspace.getConfiguration('spark');

  const it = (): Server => made;
  const completions = new Completions(it, log);
  const made = new Server(
    {
      find: () =>
        find(
          { setting: configuration().get('server.path', ''), folders: folders(), own },
          machine(),
        ),
      arguments: () => configuration().get<string[]>('server.arguments', []),
      settings: () => settings(ours),
    },
    {
      provideInlineCompletionItems: (document, position, asked, cancel) =>
        completions.provide(document, position, asked, cancel),
      didChange: async (change, next) => {
        await next(change);
        if (made.running) {
          completions.typed(change);
        }
      },
    },
    log,
  );
  server = made;
  const edits = new Edits(it);
  const next = new NextEdits(
    it,
    () => !completions.paused && configuration().get('nextEdits', true),
  );
  const tasks = new Tasks(made, (editor, instruction) => edits.write(editor, instruction));
  const pages = new Pages();
  const item = new StatusItem();
  let waking: NodeJS.Timeout | undefined;

  const show = () => {
    const { latency, paused } = completions;
    item.show({
      status: made.status,
      how: made.program?.how,
      paused,
      latency,
      next: next.present,
    });
  };
  const pause = (paused: boolean) => {
    clearTimeout(waking);
    completions.paused = paused;
    if (paused) {
      next.clear();
    }
    show();
  };
  const install = async () => {
    const wanted = configuration().get('server.package', '');
    if (await setUp(context.globalStorageUri, wanted, log)) {
      await made.restart();
    }
  };
  const steer = async () => {
    const active = vscode.window.activeTextEditor?.document;
    const rewriting = active && (active.uri.scheme === 'spark-edit' || active === edits.document);
    const document = rewriting ? edits.document : active;
    if (!document) {
      throw new Error('there is nothing to steer here');
    }
    const instruction = await vscode.window.showInputBox({
      title: 'Steer what is being written',
      prompt: 'What instead?',
    });
    if (instruction) {
      const textDocument = { uri: document.uri.toString() };
      await made.request('spark/steer', { textDocument, instruction });
      if (!rewriting) {
        await completions.renew();
      }
    }
  };
  const explain = async (editor: vscode.TextEditor) => {
    const account = await made.request<Account>('spark/explain', {
      textDocument: { uri: editor.document.uri.toString() },
      position: place(editor.selection.active),
    });
    await pages.show('Spark: the last answer here', page(account));
  };
  const showContext = async (editor: vscode.TextEditor) => {
    const { line, character } = editor.selection.active;
    // The command line counts characters, from one.
    const before = editor.document.lineAt(line).text.slice(0, character);
    const shown = `${editor.document.uri.fsPath}:${line + 1}:${[...before].length + 1}`;
    await program('Spark: the context of the file on disk', 'context', shown);
  };
  const program = async (title: string, ...values: string[]) => {
    const found = made.program;
    if (!found) {
      throw new Error('there is no server: set it up first');
    }
    await pages.program(title, found.program, values);
  };

  const commands: Record<string, (node?: Node) => unknown> = {
    ...tasks.commands,
    menu: () => menu(made.status.message, completions.paused, made.program !== undefined),
    edit: () => inEditor((editor) => edits.start(editor)),
    keepEdit: () => edits.keep(),
    rejectEdit: () => edits.reject(),
    steer,
    interrupt: () => made.request('spark/interrupt', {}),
    nextEdit: () => inEditor((editor) => next.go(editor)),
    dismissNextEdit: () => {
      next.dismiss();
    },
    dismiss: () => completions.dismiss(),
    explain: () => inEditor(explain),
    showContext: () => inEditor(showContext),
    pause: () => {
      pause(true);
    },
    resume: async () => {
      pause(false);
      await completions.renew();
    },
    snooze: async () => {
      const chosen = await minutes();
      if (chosen) {
        pause(true);
        waking = setTimeout(() => {
          pause(false);
        }, chosen * 60_000);
      }
    },
    switchModel,
    showLogs: () => {
      log.show();
    },
    stats: () => program('Spark: what was accepted and kept', 'stats'),
    restart: () => made.restart(),
    setUp: install,
  };

  context.subscriptions.push(
    log,
    made,
    completions,
    edits,
    next,
    tasks,
    pages,
    item,
    new vscode.Disposable(() => {
      clearTimeout(waking);
    }),
    ...Object.entries(commands).map(([name, act]) =>
      vscode.commands.registerCommand(`spark.${name}`, async (node?: Node) => {
        try {
          await act(node);
        } catch (error) {
          void vscode.window.showWarningMessage(`Spark: ${sentence(error)}.`);
        }
      }),
    ),
    made.onStatus(show),
    next.onChange(show),
    completions.onLatency(show),
    made.onMissing(() => {
      const missing = 'Spark: the program spark-lsp was not found on this machine.';
      void vscode.window.showWarningMessage(missing, SET_UP).then((choice) => {
        if (choice) {
          void install();
        }
      });
    }),
    vscode.workspace.onDidChangeConfiguration((change) => {
      const started = ['spark.server.path', 'spark.server.arguments'];
      if (started.some((name) => change.affectsConfiguration(name))) {
        void made.restart();
      } else if (change.affectsConfiguration('spark')) {
        made.configure();
      }
      if (change.affectsConfiguration('spark.nextEdits')) {
        next.clear();
      }
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => {
      if (!made.running) {
        void made.restart();
      }
    }),
  );
  show();
  void made.start();
}

export async function deactivate(): Promise<void> {
  await server?.stop();
}

/** The folders whose programs may be run. */
function folders(): string[] {
  const all = vscode.workspace.workspaceFolders ?? [];
  return vscode.workspace.isTrusted
    ? all.filter((it) => it.uri.scheme === 'file').map((it) => it.uri.fsPath)
    : [];
}

async function inEditor(act: (editor: vscode.TextEditor) => Promise<void>): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  if (!editor) {
    throw new Error('open a file first');
  }
  await act(editor);
}
