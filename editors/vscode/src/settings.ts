// What the person has set, as the server takes it.
//
// Owns which settings are the server's: those that package.json has from `make settings`. What was
// not set is not sent, for it would hide the server's own configuration file.

import * as vscode from 'vscode';
import { nested, type Settings } from './nested';

/** Return the names of the server's settings, from the description of this extension. */
export function names(description: unknown): string[] {
  const told = description as {
    contributes: { configuration: { properties: Record<string, unknown> }[] };
  };
  return Object.keys(told.contributes.configuration[0]?.properties ?? {});
}

/** Return what the person has set of these. */
export function settings(known: readonly string[]): Settings {
  const configuration = vscode.workspace.getConfiguration();
  return nested(known.map((name) => [name, configuration.inspect(name)?.globalValue]));
}
