// Choosing who completes: a provider, and its model.

import * as vscode from 'vscode';

const OWN = ['embedded', 'openai'];

/** Ask the person, and set it for them; the server hears of it as of every setting. */
export async function switchModel(): Promise<void> {
  const configuration = vscode.workspace.getConfiguration('spark');
  const provider = configuration.get<string>('model_provider', 'embedded');
  const theirs = Object.keys(configuration.get<Record<string, unknown>>('model_providers', {}));
  const another = `Another model of ${provider}…`;
  const choice = await vscode.window.showQuickPick(
    [
      ...[...new Set([...OWN, ...theirs])].map((label) => ({
        label,
        description: label === provider ? 'set now' : '',
        detail: label === 'embedded' ? 'No model, no network: learned from this repository.' : '',
      })),
      { label: another, description: configuration.get<string>('model', ''), detail: '' },
    ],
    { title: 'Who completes' },
  );
  if (!choice) {
    return;
  }
  if (choice.label !== another) {
    await configuration.update('model_provider', choice.label, vscode.ConfigurationTarget.Global);
    return;
  }
  const name = await vscode.window.showInputBox({
    title: `Model of ${provider}`,
    value: configuration.get<string>('model', ''),
  });
  if (name) {
    await configuration.update('model', name, vscode.ConfigurationTarget.Global);
  }
}
