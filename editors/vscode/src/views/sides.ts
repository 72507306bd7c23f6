// Which model does what: the two sides, what can be set of each, and what stands there now.
//
// Owns the words of the lists that a person chooses from. Knows no editor, so that tests need none.

/** A value as it stands in the settings; null is one of them, undefined is none at all. */
export type Value = string | null | undefined;

/** What is set, by the name of the setting. */
export type Values = (name: string) => Value;

export interface Side {
  readonly label: string;
  readonly detail: string;
  /** What the names of its settings begin with. */
  readonly prefix: '' | 'background.';
}

/** Something to choose. */
export interface Item {
  readonly label: string;
  readonly description: string;
  readonly detail: string;
  readonly value: Value;
}

export type What = 'model_provider' | 'model' | 'model_reasoning_effort' | 'service_tier';

export const SIDES: readonly Side[] = [
  { label: 'Who completes', detail: 'Holds at once.', prefix: '' },
  {
    label: 'Who works in the background',
    detail: "Holds from a task's next turn on.",
    prefix: 'background.',
  },
];
export const WHAT: Readonly<Record<What, string>> = {
  model_provider: 'Provider',
  model: 'Model',
  model_reasoning_effort: 'Reasoning effort',
  service_tier: 'Service tier',
};
export const TIERS = ['auto', 'default', 'flex', 'priority'];

const UNSET = 'as config.toml has it';
const NOW = 'set now';

/** Return what is set of a side, in a few words. */
export function summary({ prefix }: Side, set: Values): string {
  const all = (Object.keys(WHAT) as What[]).map((it) => set(prefix + it));
  return all.filter((it) => it).join(' · ') || UNSET;
}

/** Return what can be set of a side, with what is. */
export function parts({ prefix, detail }: Side, set: Values): (Item & { readonly what: What })[] {
  return (Object.keys(WHAT) as What[]).map((what) => ({
    what,
    label: WHAT[what],
    description: shown(prefix, what, set(prefix + what)),
    detail,
    value: set(prefix + what),
  }));
}

/**
 * Return the values to choose from. Those that are `known`, and what is set now even where it is
 * another; at the end none, for what config.toml says.
 */
export function values(
  { prefix }: Side,
  what: What,
  known: readonly string[],
  set: Values,
): Item[] {
  const now = set(prefix + what);
  const all = [...new Set([...known, ...(now ? [now] : [])])];
  const item = (label: string, value: Value, detail = ''): Item => {
    return { label, description: value === now ? NOW : '', detail, value };
  };
  return [
    ...all.map((it) => item(it, it, DETAILS[`${what} ${it}`])),
    ...none(prefix, what).map(([label, value]) => item(label, value)),
    item('Not set here', undefined, 'What config.toml says, or the default.'),
  ];
}

const DETAILS: Readonly<Record<string, string>> = {
  'model_provider embedded': 'No model, no network: learned from this repository.',
};

/** Return what says that there shall be none, which is not the same as to say nothing. */
function none(prefix: Side['prefix'], what: What): (readonly [string, null | ''])[] {
  switch (what) {
    case 'model_provider':
      return prefix ? [['Nobody', null]] : [];
    case 'model_reasoning_effort':
      return [['What the model does by itself', null]];
    case 'service_tier':
      return [['None', '']];
    default:
      return [];
  }
}

function shown(prefix: Side['prefix'], what: What, value: Value): string {
  const [label] = none(prefix, what).find(([, it]) => it === value) ?? [];
  return value || label || UNSET;
}
