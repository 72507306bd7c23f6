// Getting a server: an environment of its own, made by Python's venv, or by uv or pipx.
//
// Nothing is installed without the person's word, for it comes from a network.

import { spawn } from 'node:child_process';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { inside, onPath } from './find';
import { machine } from './machine';

const PYTHONS = ['python3.13', 'python3.12', 'python3.11', 'python3', 'python'];

interface Way extends vscode.QuickPickItem {
  /** The commands that install a requirement; none where the program is here already. */
  commands?(requirement: string): readonly (readonly string[])[];
}

/** Where the environment is that is made here. */
export function environment(storage: vscode.Uri): string {
  return path.join(storage.fsPath, 'server');
}

/** Have the person choose how to install the server, and do so; returns whether it is there. */
export async function setUp(
  storage: vscode.Uri,
  wanted: string,
  log: vscode.LogOutputChannel,
): Promise<boolean> {
  const ways = possible(environment(storage));
  const choose: Way = { label: '$(folder-opened) It is on this machine: choose the program…' };
  const way = await vscode.window.showQuickPick([...ways, choose], {
    title: 'How should spark-lsp be installed?',
    placeHolder: ways.length ? wanted : 'Python 3.11 or newer is needed, and was not found',
  });
  if (!way?.commands) {
    return way ? chosen() : false;
  }
  const requirement = wanted || (await asked());
  if (!requirement) {
    return false;
  }
  const commands = way.commands(requirement);
  await fs.mkdir(storage.fsPath, { recursive: true });
  return vscode.window.withProgress(
    {
      location: vscode.ProgressLocation.Notification,
      title: 'Spark: installing the server',
      cancellable: true,
    },
    async (_, cancel) => {
      for (const command of commands) {
        const problem = await run(command, storage.fsPath, log, cancel);
        if (problem) {
          const choice = await vscode.window.showErrorMessage(`Spark: ${problem}.`, 'Show Logs');
          if (choice) {
            log.show();
          }
          return false;
        }
      }
      return true;
    },
  );
}

/** Ask what is to be installed: no registry has it under a name that is known to be ours. */
async function asked(): Promise<string | undefined> {
  return vscode.window.showInputBox({
    title: 'What should be installed?',
    prompt: 'The path of a checkout of spark-lsp, or a requirement as pip knows it',
    ignoreFocusOut: true,
  });
}

function possible(own: string): Way[] {
  const here = machine();
  const python = onPath(PYTHONS, here);
  const uv = onPath(['uv'], here);
  const pipx = onPath(['pipx'], here);
  const pip = inside(own, here.windows, 'python');
  return [
    ...(python
      ? [
          {
            label: '$(package) An environment only for Spark',
            detail: own,
            commands: (requirement: string) => [
              [python, '-m', 'venv', '--clear', own],
              [pip, '-m', 'pip', 'install', '--disable-pip-version-check', requirement],
            ],
          },
        ]
      : []),
    ...(uv
      ? [
          {
            label: '$(package) With uv',
            detail: uv,
            commands: (requirement: string) => [[uv, 'tool', 'install', requirement]],
          },
        ]
      : []),
    ...(pipx
      ? [
          {
            label: '$(package) With pipx',
            detail: pipx,
            commands: (requirement: string) => [[pipx, 'install', requirement]],
          },
        ]
      : []),
  ];
}

async function chosen(): Promise<boolean> {
  const files = await vscode.window.showOpenDialog({ title: 'Where is spark-lsp?' });
  const file = files?.[0]?.fsPath;
  if (!file) {
    return false;
  }
  await vscode.workspace
    .getConfiguration('spark')
    .update('server.path', file, vscode.ConfigurationTarget.Global);
  return true;
}

/** Run a program to its end; returns what went wrong, "" for nothing. */
function run(
  command: readonly string[],
  cwd: string,
  log: vscode.LogOutputChannel,
  cancel: vscode.CancellationToken,
): Promise<string> {
  const [file = '', ...values] = command;
  log.info(command.join(' '));
  return new Promise((resolve) => {
    // Python looks for modules where it is started, first of all.
    const child = spawn(file, values, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    let last = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (said: string) => {
        for (const line of said.split('\n').filter((it) => it.trim())) {
          last = line.trim();
          log.info(last);
        }
      });
    }
    const stopping = cancel.onCancellationRequested(() => child.kill());
    child.on('error', (error) => {
      resolve(`${path.basename(file)} could not be run: ${error.message}`);
    });
    child.on('close', (status) => {
      stopping.dispose();
      const stopped = cancel.isCancellationRequested;
      const told = stopped ? 'it was stopped' : `${path.basename(file)} failed: ${last}`;
      resolve(status === 0 ? '' : told);
    });
  });
}
