// Choosing who completes: a provider, and its model.

import * as vscode from 'vscode';

const OWN = ['embedded', 'openai'];

const ANOTHER = 'Another model…';

/** Ask the person, and set it for them; the server hears of it as of every setting. */
export async function switchModel(): Promise<void> {
  const configuration = vscode.workspace.getConfiguration('spark');
  // What is not set here may be in config.toml, of which this extension knows nothing.
  const set = (name: string) => configuration.inspect<string>(name)?.globalValue;
  const theirs = Object.keys(configuration.get<Record<string, unknown>>('model_providers', {}));
  const choice = await vscode.window.showQuickPick(
    [
      ...[...new Set([...OWN, ...theirs])].map((label) => ({
        label,
        description: label === set('model_provider') ? 'set now' : '',
        detail: label === 'embedded' ? 'No model, no network: learned from this repository.' : '',
      })),
      { label: ANOTHER, description: set('model') ?? '', detail: '' },
    ],
    { title: 'Who completes' },
  );
  if (!choice) {
    return;
  }
  const { Global } = vscode.ConfigurationTarget;
  if (choice.label !== ANOTHER) {
    await configuration.update('model_provider', choice.label, Global);
    return;
  }
  const name = await vscode.window.showInputBox({
    title: 'Which model?',
    value: set('model') ?? '',
  });
  if (name) {
    await configuration.update('model', name, Global);
  }
}
