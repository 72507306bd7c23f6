// Edits of a text, as plain values.

import type { Place, Span } from '../server/places';

/** Of the protocol: characters are UTF-16 code units. */
export interface TextEdit {
  readonly range: Span;
  readonly newText: string;
}

/** Return a text with edits made, all of which are meant for the text as it is. */
export function applied(text: string, edits: readonly TextEdit[]): string {
  const starts = [0];
  for (const match of text.matchAll(/\r\n|\r|\n/g)) {
    starts.push(match.index + match[0].length);
  }
  const offset = ({ line, character }: Place) => {
    const start = starts[line];
    return start === undefined
      ? text.length
      : Math.min(start + character, starts[line + 1] ?? text.length, text.length);
  };
  const sorted = edits
    .map((it, order) => ({ ...it, order, from: offset(it.range.start), to: offset(it.range.end) }))
    .sort((one, other) => one.from - other.from || one.order - other.order);
  let made = '';
  let done = 0;
  for (const it of sorted) {
    made += text.slice(done, it.from) + it.newText;
    done = it.to;
  }
  return made + text.slice(done);
}

/** Return how a change looks, as the body of a diff. */
export function difference(before: string, after: string): string {
  const lines = (text: string, mark: string) =>
    text ? text.split(/\r\n|\r|\n/).map((line) => `${mark}${line}`) : [];
  return [...lines(before, '-'), ...lines(after, '+')].join('\n');
}
