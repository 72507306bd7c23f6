// Choosing which model completes, and which works in the background.

import * as vscode from 'vscode';
import {
  parts,
  type Side,
  SIDES,
  summary,
  TIERS,
  type Value,
  values,
  type What,
  WHAT,
} from './sides';

const ANOTHER = 'Another…';
/** Milliseconds for which it is said what has been set. */
const SHOWN = 5000;

/** Ask the person, and set it for them; the server hears of it as of every setting. */
export async function switchModel(): Promise<void> {
  const configuration = vscode.workspace.getConfiguration('spark');
  // What is not set here may be in config.toml, of which this extension knows nothing.
  const set = (name: string) => configuration.inspect<string | null>(name)?.globalValue;
  const side = await vscode.window.showQuickPick(
    SIDES.map((it) => ({ ...it, description: summary(it, set) })),
    { title: 'Switch model' },
  );
  const part = side && (await vscode.window.showQuickPick(parts(side, set), { title: side.label }));
  if (!part) {
    return;
  }
  const name = side.prefix + part.what;
  const chosen = await value(side, part.what, name, set);
  if (chosen) {
    await configuration.update(name, chosen.value, vscode.ConfigurationTarget.Global);
    const said = `Spark: ${side.label.toLowerCase()}, ${WHAT[part.what].toLowerCase()}`;
    vscode.window.setStatusBarMessage(`${said}: ${chosen.label}`, SHOWN);
  }
}

/** Have the person choose a value, or write one; undefined if they do neither. */
async function value(
  side: Side,
  what: What,
  name: string,
  set: (name: string) => Value,
): Promise<{ readonly value: Value; readonly label: string } | undefined> {
  const title = `${side.label}: ${WHAT[what].toLowerCase()}`;
  const items = values(side, what, known(side, what, name), set);
  const another = { label: ANOTHER, description: '', detail: '', value: undefined };
  const all = what === 'model_reasoning_effort' ? items : [...items, another];
  const choice = await vscode.window.showQuickPick(all, { title, placeHolder: side.detail });
  if (choice !== another) {
    return choice;
  }
  const written = await vscode.window.showInputBox({
    title,
    prompt: what === 'model_provider' ? 'Its name in config.toml' : 'Its name',
    value: set(name) ?? '',
  });
  const label = written?.trim();
  return label ? { value: label, label } : undefined;
}

/** Return the values that are known of a setting. */
function known(side: Side, what: What, name: string): string[] {
  const configuration = vscode.workspace.getConfiguration('spark');
  switch (what) {
    case 'model_provider': {
      const theirs = Object.keys(configuration.get<object>('model_providers', {}));
      return [...(side.prefix ? [] : ['embedded']), 'openai', ...theirs];
    }
    case 'model': {
      const usual = configuration.inspect<string>(name)?.defaultValue;
      return usual ? [usual] : [];
    }
    case 'model_reasoning_effort':
      return ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'];
    default:
      return TIERS;
  }
}
