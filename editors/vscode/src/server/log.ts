// What the server writes on its standard error, as lines of the log of this extension.

import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { LogOutputChannel } from 'vscode';

export type Level = 'debug' | 'info' | 'warn' | 'error';

const LEVELS: Readonly<Record<string, Level>> = {
  DEBUG: 'debug',
  INFO: 'info',
  WARNING: 'warn',
  ERROR: 'error',
  CRITICAL: 'error',
};
const LINE = /^\S+ \S+ (DEBUG|INFO|WARNING|ERROR|CRITICAL) (.*)$/;

/** Return how bad a line is, and what it says. Lines of a traceback say no level. */
export function heard(line: string): [Level, string] {
  const [, level = '', said = line] = LINE.exec(line) ?? [];
  return [LEVELS[level] ?? 'error', said];
}

/** Log what a server writes. The time is that of the log, which is the same. */
export function logged(stream: Readable, log: LogOutputChannel): void {
  createInterface({ input: stream, crlfDelay: Infinity }).on('line', (line) => {
    const [level, said] = heard(line);
    log[level](said);
  });
}
