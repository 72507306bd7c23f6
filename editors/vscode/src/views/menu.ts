// The menu behind the status bar item.

import * as vscode from 'vscode';

interface Choice extends vscode.QuickPickItem {
  readonly command?: string;
}

const LINE: Choice = { label: '', kind: vscode.QuickPickItemKind.Separator };

/** Let the person choose what to do; `told` is how things stand, in a sentence. */
export async function menu(told: string, paused: boolean, running: boolean): Promise<void> {
  const choices: Choice[] = [
    ...(running
      ? [
          paused
            ? { label: '$(debug-start) Resume', command: 'spark.resume' }
            : { label: '$(debug-pause) Pause', command: 'spark.pause' },
          { label: '$(clock) Snooze…', command: 'spark.snooze' },
          { label: '$(server-environment) Switch the model…', command: 'spark.switchModel' },
          LINE,
          { label: '$(server-process) Start a background task…', command: 'spark.startTask' },
          LINE,
          { label: '$(question) Explain the last answer here', command: 'spark.explain' },
          { label: '$(list-tree) Show the context for this place', command: 'spark.showContext' },
          { label: '$(graph) Show what was accepted and kept', command: 'spark.stats' },
          LINE,
        ]
      : [{ label: '$(tools) Set up the server…', command: 'spark.setUp' }]),
    { label: '$(output) Show logs', command: 'spark.showLogs' },
    { label: '$(debug-restart) Restart the server', command: 'spark.restart' },
    { label: '$(gear) Settings', command: 'spark.settings' },
  ];
  const choice = await vscode.window.showQuickPick(choices, { title: `Spark: ${told}` });
  if (choice?.command === 'spark.settings') {
    const ours = '@ext:spark-lsp.spark-lsp';
    await vscode.commands.executeCommand('workbench.action.openSettings', ours);
  } else if (choice?.command) {
    await vscode.commands.executeCommand(choice.command);
  }
}

/** Ask for how many minutes there should be silence. */
export async function minutes(): Promise<number | undefined> {
  const choice = await vscode.window.showQuickPick(
    [5, 10, 30, 60].map((value) => ({ label: `${value} minutes`, value })),
    { title: 'No suggestions for' },
  );
  return choice?.value;
}
