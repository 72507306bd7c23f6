// A task as the server tells of it, in the words and pictures of a list.
//
// Owns how a task looks. Knows no editor, so that tests need none.

import type { Conflict, Side } from './offer';

/** What `spark/task/didChange` and `spark/task/list` say of a task; times are seconds. */
export interface Task {
  readonly taskId: string;
  readonly instruction: string;
  readonly mode: 'task' | 'finish';
  readonly state: 'starting' | 'running' | 'done' | 'interrupted' | 'failed' | 'left';
  readonly alive: boolean;
  /** Names what is to be steered, "" between turns. */
  readonly turn: string;
  readonly steps: readonly Step[];
  readonly doing: string;
  readonly written: readonly string[];
  readonly asks: readonly { readonly what: string }[];
  readonly notes: readonly string[];
  readonly message: string;
  readonly began: number;
}

interface Step {
  readonly text: string;
  readonly status: 'pending' | 'running' | 'done';
}

/** What is known of a result that has been looked at. */
export interface Looked {
  readonly summary: string;
  /** Why it has been written, by path. */
  readonly reasons: ReadonlyMap<string, string>;
  readonly conflicts: readonly Conflict[];
  readonly decided: ReadonlyMap<string, Side>;
  /** A sentence for each thing that is not offered. */
  readonly left: readonly string[];
}

/** One line of the list. */
export interface Node {
  readonly kind: 'alive' | 'over' | 'step' | 'now' | 'file' | 'note' | 'conflict' | 'side';
  readonly task: string;
  readonly label: string;
  /** A codicon. */
  readonly icon?: string;
  readonly description?: string;
  readonly tooltip?: string;
  /** Of a file, in the workspace of the task. */
  readonly path?: string;
  readonly conflict?: Conflict;
  readonly children: readonly Node[];
}

const ICONS: Readonly<Record<Task['state'] | Step['status'], string>> = {
  starting: 'loading~spin',
  running: 'loading~spin',
  done: 'pass',
  interrupted: 'debug-stop',
  failed: 'error',
  left: 'debug-disconnect',
  pending: 'circle-large-outline',
};
const STATES: Readonly<Record<Task['state'], string>> = {
  starting: 'starting',
  running: 'at work',
  done: 'done',
  interrupted: 'interrupted',
  failed: 'failed',
  left: 'left when the server ended',
};
const SIDES: Readonly<Record<Side, string>> = {
  task: "the task's lines are taken",
  both: 'both are taken',
};
const MOST = 60;

/** Return what a task is called: the first line of what was asked for. */
export function titled({ instruction, mode }: Task): string {
  const [first = ''] = instruction.split('\n');
  const name = first.trim() || (mode === 'finish' ? 'Finish what was begun' : 'A task');
  return name.length > MOST ? `${name.slice(0, MOST - 1)}…` : name;
}

/** Return how a task stands, in a few words. */
export function standing({ state, alive, doing }: Task): string {
  return (alive && doing) || STATES[state];
}

/** Return the line of a task and those beneath it. */
export function outline(task: Task, looked?: Looked): Node {
  const line = (rest: Omit<Node, 'task' | 'children'> & { children?: Node[] }): Node => ({
    children: [],
    ...rest,
    task: task.taskId,
  });
  const children = [
    ...task.steps.map(({ text, status }) =>
      // A step that was never said to be done goes on only while somebody is at it.
      task.alive || status !== 'running'
        ? line({ kind: 'step', label: text, icon: ICONS[status], description: status })
        : line({ kind: 'step', label: text, icon: ICONS.pending, description: 'left open' }),
    ),
    ...(task.alive && task.doing
      ? [line({ kind: 'now', label: task.doing, icon: 'arrow-right', description: 'now' })]
      : []),
    ...task.asks.map(({ what }) =>
      line({ kind: 'note', label: what, icon: 'question', description: 'waits for your answer' }),
    ),
    ...(task.message ? [line({ kind: 'note', label: task.message, icon: 'info' })] : []),
    ...(looked?.summary ? [line({ kind: 'note', label: looked.summary, icon: 'comment' })] : []),
    ...(looked?.conflicts ?? []).map((conflict) => {
      const side = looked?.decided.get(conflict.key);
      return line({
        kind: 'conflict',
        label: `Conflict in ${conflict.path}, line ${conflict.line + 1}`,
        icon: side ? 'check' : 'warning',
        description: side ? SIDES[side] : 'yours is left as it is',
        tooltip: conflict.reason,
        conflict,
        children: [
          line({
            kind: 'side',
            label: flat(conflict.person),
            icon: 'person',
            description: 'yours',
          }),
          line({
            kind: 'side',
            label: flat(conflict.task),
            icon: 'server-process',
            description: "the task's",
          }),
        ],
      });
    }),
    ...task.written.map((path) => {
      const tooltip = looked?.reasons.get(path) ?? path;
      return line({
        kind: 'file',
        label: path,
        icon: 'file',
        description: 'written',
        tooltip,
        path,
      });
    }),
    ...[...(looked?.left ?? []), ...task.notes].map((note) =>
      line({ kind: 'note', label: note, icon: 'info' }),
    ),
  ];
  return line({
    kind: task.alive ? 'alive' : 'over',
    label: titled(task),
    icon: ICONS[task.state],
    description: standing(task),
    tooltip: [task.instruction, task.message].filter((it) => it).join('\n\n'),
    children,
  });
}

/** Return lines as one. */
export function flat(lines: readonly string[]): string {
  return lines.map((it) => it.trim()).join(' ⏎ ') || 'nothing';
}
