// Doing something again as long as there is reason to, but never twice at once and not too often.

/** Calls `act` for each reason, one at a time; reasons that come meanwhile are one. */
export class Beat {
  private busy = false;
  private wanted = false;

  /**
   * @param act what is done.
   * @param rest milliseconds between the end of one and the next, so that the editor can breathe.
   */
  constructor(
    private readonly act: () => Promise<void>,
    private readonly rest: number,
  ) {}

  /** There is reason to act. */
  want(): void {
    this.wanted = true;
    if (!this.busy) {
      void this.run();
    }
  }

  private async run(): Promise<void> {
    this.busy = true;
    while (this.wanted) {
      this.wanted = false;
      try {
        await this.act();
      } catch {
        // It was for the screen only; the next reason tries again.
      }
      await new Promise((resolve) => setTimeout(resolve, this.rest));
    }
    this.busy = false;
  }
}
