// Where the server is: the program that is started, and how it was found.
//
// Owns the order in which places are looked at. The disk is an argument, so that tests need none.

import * as path from 'node:path';

/** A server that can be started. */
export interface Found {
  readonly program: string;
  /** How it was found, as a clause for people: "from the PATH". */
  readonly how: string;
}

/** What is asked of the machine. */
export interface Machine {
  readonly windows: boolean;
  readonly home: string;
  /** The directories of the PATH. */
  readonly path: readonly string[];
  /** Whether a file is there that can be run. */
  runs(file: string): boolean;
}

/** What the person and the editor say. */
export interface Wishes {
  /** The setting `spark.server.path`, "" for none. */
  readonly setting: string;
  /** Directories of the workspace whose programs may be run, none if it is not trusted. */
  readonly folders: readonly string[];
  /** Where this extension keeps an environment of its own. */
  readonly own: string;
}

/** Return the program of an environment that `python -m venv` has made. */
export function inside(environment: string, windows: boolean, name = 'spark-lsp'): string {
  return windows
    ? path.win32.join(environment, 'Scripts', `${name}.exe`)
    : path.posix.join(environment, 'bin', name);
}

/** Return the server to start, or nothing. A setting that names no program is an Error. */
export function find(wishes: Wishes, machine: Machine): Found | undefined {
  if (wishes.setting) {
    const program = wishes.setting.replace(/^~(?=[/\\])/, machine.home);
    if (!paths(machine).isAbsolute(program)) {
      throw new Error('spark.server.path must be a whole path: correct the setting');
    }
    if (!machine.runs(program)) {
      throw new Error(`spark.server.path is ${program}, where no program is: correct the setting`);
    }
    return { program, how: 'as spark.server.path says' };
  }
  return candidates(wishes, machine).find((it) => machine.runs(it.program));
}

function candidates(wishes: Wishes, machine: Machine): Found[] {
  const { join } = paths(machine);
  const name = machine.windows ? 'spark-lsp.exe' : 'spark-lsp';
  const listed = onPath(['spark-lsp'], machine);
  return [
    ...wishes.folders.map((folder) => ({
      program: inside(join(folder, '.venv'), machine.windows),
      how: "from the workspace's .venv",
    })),
    ...(listed ? [{ program: listed, how: 'from the PATH' }] : []),
    // pipx and uv put programs there, which is not always on the PATH of an editor.
    { program: join(machine.home, '.local', 'bin', name), how: 'from pipx or uv' },
    { program: inside(wishes.own, machine.windows), how: 'from the environment made for it' },
  ];
}

/** Return the first program of one of these names on the PATH. */
export function onPath(names: readonly string[], machine: Machine): string | undefined {
  const { join, isAbsolute } = paths(machine);
  // A relative entry would be looked for in whatever folder is open.
  const folders = machine.path.filter((folder) => isAbsolute(folder));
  return names
    .flatMap((name) =>
      folders.map((folder) => join(folder, machine.windows ? `${name}.exe` : name)),
    )
    .find((program) => machine.runs(program));
}

function paths(machine: Machine): path.PlatformPath {
  return machine.windows ? path.win32 : path.posix;
}
