// How long to wait before a server that has died is started again.

/** Milliseconds to wait, death after death. */
export const RESTS: readonly number[] = [200, 500, 1000, 2000, 5000];
/** Milliseconds without a death after which the first is enough again. */
export const CALM = 60_000;

/** Counts deaths. Times are in milliseconds, from any clock that does not go back. */
export class Deaths {
  private count = 0;
  private last = Number.NEGATIVE_INFINITY;

  /** A server has died; returns how long to wait, or nothing if it is given up. */
  rest(now: number): number | undefined {
    this.count = now - this.last > CALM ? 1 : this.count + 1;
    this.last = now;
    return RESTS[this.count - 1];
  }

  /** The person begins anew. */
  forget(): void {
    this.count = 0;
  }
}
