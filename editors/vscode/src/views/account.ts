// The account of a request, as `spark/explain` gives it, as a page for people.

export interface Account {
  readonly summary?: string;
  readonly [name: string]: unknown;
}

/** Return the lines of a page: the sentence first, then what each thing is, then tables. */
export function page(account: Account): string {
  const { summary, ...rest } = account;
  const plain: string[] = [];
  const tables: string[] = [];
  put(rest, '', plain, tables);
  return [summary ?? 'Nothing is known of a request here.', '', ...plain, ...tables, ''].join('\n');
}

function put(values: object, above: string, plain: string[], tables: string[]): void {
  for (const [name, value] of Object.entries(values) as [string, unknown][]) {
    const whole = `${above}${name}`;
    if (value === null || value === undefined || value === '') {
      continue;
    }
    if (Array.isArray(value)) {
      if (value.length) {
        tables.push('', `${whole}:`, ...table(value as unknown[]));
      }
    } else if (typeof value === 'object') {
      put(value, `${whole} `, plain, tables);
    } else {
      plain.push(`${whole}: ${spelled(value)}`);
    }
  }
}

function table(rows: readonly unknown[]): string[] {
  const first = rows[0];
  if (typeof first !== 'object' || first === null) {
    return rows.map((row) => `  ${spelled(row)}`);
  }
  const names = Object.keys(first);
  const cells = [
    names,
    ...rows.map((row) => names.map((name) => spelled((row as Record<string, unknown>)[name]))),
  ];
  const widths = names.map((_, at) => Math.max(...cells.map((row) => row[at]?.length ?? 0)));
  return cells.map((row) =>
    `  ${row.map((it, at) => it.padEnd(widths[at] ?? 0)).join('  ')}`.trimEnd(),
  );
}

function spelled(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}
