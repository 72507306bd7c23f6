// Moments, as people speak of them.

const UNITS = [
  ['year', 365 * 86_400],
  ['month', 30 * 86_400],
  ['week', 7 * 86_400],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
] as const;
const WORDS = new Intl.RelativeTimeFormat('en');

/** Return how long ago a moment was; both are in seconds. */
export function when(at: number, now: number): string {
  for (const [unit, long] of UNITS) {
    if (now - at >= long) {
      return WORDS.format(-Math.floor((now - at) / long), unit);
    }
  }
  return 'just now';
}
