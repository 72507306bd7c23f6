// The item in the status bar: its look, and what it says when it is pointed at.

import * as vscode from 'vscode';
import { type Told, words } from './words';

export class StatusItem implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem(
    'spark.status',
    vscode.StatusBarAlignment.Right,
    100,
  );

  constructor() {
    this.item.name = 'Spark';
    this.item.command = 'spark.menu';
    this.item.show();
  }

  dispose(): void {
    this.item.dispose();
  }

  show(told: Told): void {
    const { status, how, paused, latency, next } = told;
    this.item.text = words(told);
    const lines = [
      paused ? 'Paused.' : `${status.message[0]?.toUpperCase() ?? ''}${status.message.slice(1)}.`,
      ...(how ? [`The server is ${how}.`] : []),
      ...(latency === undefined
        ? []
        : [`Half of the answers begin within ${latency.toFixed(0)} ms.`]),
      ...(next ? ['An edit follows from your last change: Spark: Next Edit.'] : []),
    ];
    this.item.tooltip = lines.join('\n');
    this.item.accessibilityInformation = { label: `Spark: ${lines.join(' ')}` };
    const loud = status.kind === 'Error' || (status.kind === 'Stopped' && !status.busy);
    this.item.backgroundColor = loud
      ? new vscode.ThemeColor('statusBarItem.errorBackground')
      : undefined;
  }
}
