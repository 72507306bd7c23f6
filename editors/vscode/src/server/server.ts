// The server as a process: started, started again when it has died, and asked.
//
// Owns the language client and what the server says of itself. Which program it is, is told in
// `find`; what is shown of its answers is left to `completions`, `edits` and `views`.

import * as vscode from 'vscode';
import {
  CloseAction,
  ErrorAction,
  type CancellationToken,
  type Middleware,
  type MessageActionItem,
  ProgressType,
  ShowMessageRequest,
  type WorkspaceEdit,
} from 'vscode-languageclient';
import { LanguageClient } from 'vscode-languageclient/node';
import type { Settings } from '../nested';
import type { Found } from './find';
import { logged } from './log';
import { Deaths } from './rests';

/** How things stand, as `didChangeStatus` tells it; "Stopped" where there is no server. */
export interface Status {
  readonly kind: 'Normal' | 'Warning' | 'Error' | 'Inactive' | 'Stopped';
  readonly message: string;
  readonly busy: boolean;
}

/** Documents that the server is told of. */
export const DOCUMENTS = [{ scheme: 'file' }, { scheme: 'untitled' }];

const STOPPED: Status = { kind: 'Stopped', message: 'the server is not running', busy: false };
const AGAIN = 'Restart';
const LOGS = 'Show Logs';

/** What the server is started with. */
export interface Start {
  /** Find the program; nothing where there is none, an Error with a sentence if it cannot be. */
  find(): Found | undefined;
  arguments(): readonly string[];
  settings(): Settings;
}

/** Milliseconds that a server may take to start before it is ended all the same. */
const STARTING = 5000;

/** A client that leaves it to us to tell the person what goes wrong. */
class Quiet extends LanguageClient {
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }
}

/** One server, and the next one after it. */
export class Server implements vscode.Disposable {
  private client: LanguageClient | undefined;
  private found: Found | undefined;
  private told = STOPPED;
  private readonly deaths = new Deaths();
  private timer: NodeJS.Timeout | undefined;
  private starting: Promise<void> | undefined;
  private numbers = 0;
  private readonly changed = new vscode.EventEmitter<Status>();
  /** Fires when the status has changed. */
  readonly onStatus = this.changed.event;
  private readonly missed = new vscode.EventEmitter<void>();
  /** Fires when there is no program to start. */
  readonly onMissing = this.missed.event;
  private readonly started = new vscode.EventEmitter<void>();
  /** Fires when a server has started, and can be asked. */
  readonly onStarted = this.started.event;
  private readonly tasks = new vscode.EventEmitter<unknown>();
  /** Fires with what the server tells of background tasks. */
  readonly onTask = this.tasks.event;

  constructor(
    private readonly start_: Start,
    private readonly middleware: Middleware,
    private readonly log: vscode.LogOutputChannel,
  ) {}

  /** How things stand. */
  get status(): Status {
    return this.told;
  }

  /** Which program runs, if one does. */
  get program(): Found | undefined {
    return this.found;
  }

  get running(): boolean {
    return this.client?.isRunning() ?? false;
  }

  /** Start the server, unless there is one. */
  async start(): Promise<void> {
    clearTimeout(this.timer);
    if (this.client) {
      return;
    }
    let found: Found | undefined;
    this.found = undefined;
    try {
      found = this.start_.find();
    } catch (error) {
      this.tell({ kind: 'Stopped', message: sentence(error), busy: false });
      void vscode.window.showErrorMessage(`Spark: ${sentence(error)}.`);
      return;
    }
    if (!found) {
      this.tell({ kind: 'Stopped', message: 'spark-lsp was not found: set it up', busy: false });
      this.missed.fire();
      return;
    }
    this.found = found;
    this.log.info(`starting ${found.program}, ${found.how}`);
    this.tell({ kind: 'Stopped', message: 'the server is starting', busy: true });
    const client = this.made(found);
    this.client = client;
    try {
      this.starting = client.start();
      await this.starting;
      // The settings may have changed since it was made.
      this.configure();
      this.started.fire();
    } catch (error) {
      this.log.error(`the server did not start: ${sentence(error)}`);
      this.died(client);
    }
  }

  /** End the server and start a new one. */
  async restart(): Promise<void> {
    this.deaths.forget();
    await this.stop();
    await this.start();
  }

  async stop(): Promise<void> {
    clearTimeout(this.timer);
    const client = this.client;
    this.client = undefined;
    this.tell(STOPPED);
    try {
      if (client && !client.isRunning()) {
        // A client that is starting refuses to be stopped, and would go on.
        await Promise.race([this.starting, pause(STARTING)]);
      }
      await client?.dispose(2000);
    } catch {
      // It has died already, or does not answer: its process is ended either way.
    }
  }

  dispose(): void {
    void this.stop();
    this.changed.dispose();
    this.missed.dispose();
    this.started.dispose();
    this.tasks.dispose();
  }

  /** Tell the server what the person has set. */
  configure(): void {
    if (this.client?.isRunning()) {
      const params = { settings: { spark: this.start_.settings() } };
      void this.client.sendNotification('workspace/didChangeConfiguration', params);
    }
  }

  /** Ask; what grows is told to `grows`. Fails with an Error whose message is for people. */
  async request<T>(
    method: string,
    params: object,
    grows?: (value: T) => void,
    cancel?: CancellationToken,
  ): Promise<T> {
    const client = this.client;
    if (!client?.isRunning()) {
      throw new Error('the server is not running');
    }
    const send = (all: object) =>
      // A token that is undefined would be sent as a second parameter.
      cancel ? client.sendRequest<T>(method, all, cancel) : client.sendRequest<T>(method, all);
    if (!grows) {
      return send(params);
    }
    const token = `spark-${++this.numbers}`;
    const hearing = client.onProgress(new ProgressType<T>(), token, grows);
    try {
      return await send({ ...params, partialResultToken: token });
    } finally {
      hearing.dispose();
    }
  }

  /** Read an edit of the workspace, with what it says of each change. */
  async edit(edit: WorkspaceEdit): Promise<vscode.WorkspaceEdit> {
    if (!this.client) {
      throw new Error('the server is not running');
    }
    return this.client.protocol2CodeConverter.asWorkspaceEdit(edit);
  }

  /** Run a command of the server; nobody waits for it. */
  run(command: string, ...values: unknown[]): void {
    const params = { command, arguments: values };
    this.request('workspace/executeCommand', params).catch((error: unknown) => {
      this.log.debug(`${command}: ${sentence(error)}`);
    });
  }

  private made(found: Found): LanguageClient {
    const client: LanguageClient = new Quiet(
      'spark',
      'Spark',
      { command: found.program, args: ['serve', ...this.start_.arguments()] },
      {
        documentSelector: DOCUMENTS,
        initializationOptions: this.start_.settings(),
        middleware: this.middleware,
        outputChannel: this.log,
        stdioOptions: { stdout: logged, stderr: logged },
        initializationFailedHandler: () => false,
        errorHandler: {
          error: () => ({ action: ErrorAction.Continue, handled: true }),
          closed: () => {
            this.died(client);
            return { action: CloseAction.DoNotRestart, handled: true };
          },
        },
      },
    );
    client.onRequest(ShowMessageRequest.type, async ({ message, actions = [] }, withdrawn) => {
      const choice = await vscode.window.showWarningMessage<MessageActionItem>(message, ...actions);
      // A message cannot be taken off the screen: who answers it too late is told so.
      if (choice && withdrawn.isCancellationRequested) {
        void vscode.window.showInformationMessage('Spark: that is not asked any more.');
      }
      return choice ?? null;
    });
    client.onNotification('didChangeStatus', (status: Status) => {
      if (client === this.client) {
        this.tell(status);
      }
    });
    client.onNotification('spark/task/didChange', (told: unknown) => {
      if (client === this.client) {
        this.tasks.fire(told);
      }
    });
    return client;
  }

  private died(client: LanguageClient): void {
    if (client !== this.client) {
      return;
    }
    this.client = undefined;
    const rest = this.deaths.rest(performance.now());
    if (rest !== undefined) {
      this.log.warn(`the server has ended; it is started again in ${rest} ms`);
      this.tell({ kind: 'Stopped', message: 'the server has ended and starts again', busy: true });
      this.timer = setTimeout(() => void this.start(), rest);
      return;
    }
    this.tell({ kind: 'Stopped', message: 'the server ends again and again', busy: false });
    void vscode.window
      .showErrorMessage('Spark: the server ends again and again; its log may say why.', LOGS, AGAIN)
      .then((choice) => {
        if (choice === AGAIN) {
          void this.restart();
        } else if (choice === LOGS) {
          this.log.show();
        }
      });
  }

  private tell(status: Status): void {
    this.told = status;
    void vscode.commands.executeCommand('setContext', 'spark.running', status.kind !== 'Stopped');
    this.changed.fire(status);
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Return what an error says, without a full stop. */
export function sentence(error: unknown): string {
  const said = error instanceof Error ? error.message : String(error);
  return said.replace(/\.$/, '');
}
