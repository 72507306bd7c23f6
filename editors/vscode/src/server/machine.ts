// The machine that the server is looked for on.

import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import type { Machine } from './find';

/** Return this machine. */
export function machine(): Machine {
  return {
    windows: process.platform === 'win32',
    home: os.homedir(),
    path: (process.env['PATH'] ?? '').split(path.delimiter).filter((it) => it),
    runs(file) {
      try {
        fs.accessSync(file, fs.constants.X_OK);
        return fs.statSync(file).isFile();
      } catch {
        return false;
      }
    },
  };
}
