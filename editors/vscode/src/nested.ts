// Values by dotted names, as the server takes settings.

/** Settings by name, nested where the names have dots. */
export type Settings = { [name: string]: unknown };

/** Nest values by the dots of their names, without the first part; undefined is left out. */
export function nested(values: readonly (readonly [string, unknown])[]): Settings {
  const found: Settings = {};
  for (const [name, value] of values) {
    if (value === undefined) {
      continue;
    }
    const parts = name.split('.').slice(1);
    const last = parts.pop();
    let into = found;
    for (const part of parts) {
      into = (into[part] ??= {}) as Settings;
    }
    if (last !== undefined) {
      into[last] = value;
    }
  }
  return found;
}
