// The item in the status bar: how things stand, which model, how fast.

import * as vscode from 'vscode';
import type { Status } from '../server/server';

/** What there is to tell. */
export interface Told {
  readonly status: Status;
  readonly how: string | undefined;
  readonly paused: boolean;
  /** Milliseconds from a request to its first piece. */
  readonly latency: number | undefined;
  readonly next: boolean;
}

/** Return an icon and words for the status bar. */
export function words({ status, paused, latency, next }: Told): string {
  if (status.kind === 'Stopped') {
    return status.busy ? '$(loading~spin) Spark' : '$(error) Spark';
  }
  if (paused) {
    return '$(debug-pause) Spark';
  }
  const follows = next ? ' $(arrow-right)' : '';
  const fast = latency === undefined ? '' : ` ${latency.toFixed(0)} ms`;
  switch (status.kind) {
    case 'Error':
      return '$(error) Spark';
    case 'Inactive':
      return '$(circle-slash) Spark';
    case 'Warning':
      return `$(warning) Spark${fast}${follows}`;
    default:
      return `${status.busy ? '$(loading~spin)' : '$(zap)'} ${named(status)}${fast}${follows}`;
  }
}

/** What answers, which is all that a status says where all is well. */
function named(status: Status): string {
  return status.busy || status.message.length > 24 ? 'Spark' : status.message;
}

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
