// Pages to read: what the server, or its program, says of itself.

import { execFile } from 'node:child_process';
import * as os from 'node:os';
import * as vscode from 'vscode';

const SCHEME = 'spark-page';

/** Shows texts in editors that cannot be written in. */
export class Pages implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly texts = new Map<string, string>();
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.changed.event;
  private readonly owned = vscode.Disposable.from(
    this.changed,
    vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
    vscode.workspace.onDidCloseTextDocument((document) => this.texts.delete(document.uri.path)),
  );

  dispose(): void {
    this.owned.dispose();
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.texts.get(uri.path) ?? '';
  }

  /** Show a text under a title; one of the same title is replaced. */
  async show(title: string, text: string): Promise<void> {
    const uri = vscode.Uri.from({ scheme: SCHEME, path: title });
    this.texts.set(uri.path, text);
    this.changed.fire(uri);
    const beside = vscode.ViewColumn.Beside;
    await vscode.window.showTextDocument(uri, { viewColumn: beside, preserveFocus: true });
  }

  /** Run a program and show what it says. */
  async program(title: string, file: string, values: readonly string[]): Promise<void> {
    const options = {
      cwd: os.homedir(),
      maxBuffer: 2 ** 26,
      env: { ...process.env, COLUMNS: '100' },
    };
    const said = await new Promise<string>((resolve) => {
      execFile(file, [...values], options, (error, out, err) => {
        resolve(error ? err || error.message : out);
      });
    });
    await this.show(title, said);
  }
}
