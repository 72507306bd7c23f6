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
  readonly asks: readonly Ask[];
  readonly notes: readonly string[];
  readonly message: string;
  readonly began: number;
  /** Whether another editor, or the command line, works on it. */
  readonly elsewhere: boolean;
}

/** What a task waits to be allowed. */
export interface Ask {
  readonly id: string;
  readonly what: string;
  readonly reason: string;
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
  readonly kind:
    | 'alive'
    | 'over'
    | 'elsewhere'
    | 'step'
    | 'now'
    | 'ask'
    | 'file'
    | 'note'
    | 'conflict'
    | 'objection'
    | 'side';
  readonly task: string;
  readonly label: string;
  /** A codicon. */
  readonly icon?: string;
  readonly description?: string;
  readonly tooltip?: string;
  /** Of a file, in the workspace of the task. */
  readonly path?: string;
  readonly conflict?: Conflict;
  readonly ask?: Ask;
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
/** What can be said of a step that was never said to be done, once nobody is at it. */
const OPEN = 'left open';
const MOST = 60;

/** Return what a task is called: the first line of what was asked for. */
export function titled({ instruction, mode }: Task): string {
  const [first = ''] = instruction.split('\n');
  const name = first.trim() || (mode === 'finish' ? 'Finish what was begun' : 'A task');
  return name.length > MOST ? `${name.slice(0, MOST - 1)}…` : name;
}

/** Return how a task stands, in a few words. */
export function standing({ state, alive, doing, elsewhere }: Task): string {
  const stands = (alive && doing) || STATES[state];
  return elsewhere ? `in another editor: ${stands}` : stands;
}

/** Return whether a person can speak to a task from here. */
export function ours({ alive, elsewhere }: Task): boolean {
  return alive && !elsewhere;
}

/** Return the line of a task and those beneath it. */
export function outline(task: Task, looked?: Looked): Node {
  const line = (rest: Line): Node => ({ children: [], ...rest, task: task.taskId });
  const asking = ours(task) && task.asks.length > 0;
  const note = (label: string, icon = 'info') => line({ kind: 'note', label, icon });
  const children = [
    ...task.asks.map((ask) => asked(line, ask, ours(task))),
    ...task.steps.map(({ text, status }) =>
      task.alive || status === 'done'
        ? line({ kind: 'step', label: text, icon: ICONS[status], description: status })
        : line({ kind: 'step', label: text, icon: ICONS.pending, description: OPEN }),
    ),
    ...(task.alive && task.doing
      ? [line({ kind: 'now', label: task.doing, icon: 'arrow-right', description: 'now' })]
      : []),
    ...(task.message ? [note(task.message)] : []),
    ...(looked?.summary ? [note(looked.summary, 'comment')] : []),
    ...(looked?.conflicts ?? []).map((it) => open(line, it, looked?.decided.get(it.key))),
    ...task.written.map((path) => {
      const tooltip = looked?.reasons.get(path) ?? path;
      const description = 'written';
      return line({ kind: 'file', label: path, icon: 'file', description, tooltip, path });
    }),
    ...[...(looked?.left ?? []), ...task.notes].map((it) => note(it)),
  ];
  return line({
    kind: task.elsewhere ? 'elsewhere' : task.alive ? 'alive' : 'over',
    label: titled(task),
    icon: asking ? 'question' : ICONS[task.state],
    description: standing(task),
    tooltip: [task.instruction, task.message].filter((it) => it).join('\n\n'),
    children,
  });
}

type Line = Omit<Node, 'task' | 'children'> & { children?: Node[] };
type Drawn = (rest: Line) => Node;

/** Return the lines of a question, all of it, whether or not it can be answered here. */
function asked(line: Drawn, ask: Ask, here: boolean): Node {
  const { what, reason } = ask;
  const lines = what.split(/\r\n|\r|\n/);
  const said = [...(lines.length > 1 ? lines : []), ...(reason ? [`It says: ${reason}`] : [])];
  return line({
    kind: here ? 'ask' : 'note',
    label: `It wants to run: ${flat(lines)}`,
    icon: 'question',
    description: here ? 'waits for your answer' : 'waits for an answer there',
    tooltip: [what, reason].filter((it) => it).join('\n\n'),
    ask,
    children: said.map((label) => line({ kind: 'note', label })),
  });
}

/** Return the lines of a conflict: both sides, or what has become of a file. */
function open(line: Drawn, conflict: Conflict, side: Side | undefined): Node {
  const { path, person, task, reason } = conflict;
  const drawn = (label: string, icon: string, description: string) =>
    line({ kind: 'side', label, icon, description });
  if (conflict.line === undefined) {
    return line({
      kind: 'objection',
      label: `Conflict in ${path}`,
      icon: side ? 'check' : 'warning',
      description: side ? 'done as the task has' : 'yours is left as it is',
      tooltip: reason,
      conflict,
      children: [line({ kind: 'side', label: reason })],
    });
  }
  return line({
    kind: 'conflict',
    label: `Conflict in ${path}, line ${conflict.line + 1}`,
    icon: side ? 'check' : 'warning',
    description: side ? SIDES[side] : 'yours is left as it is',
    tooltip: reason,
    conflict,
    children: [
      drawn(flat(person), 'person', 'yours'),
      drawn(flat(task), 'server-process', "the task's"),
    ],
  });
}

/** Return lines as one. */
export function flat(lines: readonly string[]): string {
  return lines.map((it) => it.trim()).join(' ⏎ ') || 'nothing';
}
