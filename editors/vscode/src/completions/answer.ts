// One answer while it grows.
//
// Owns what has come of it and who waits for the first piece. Knows no editor, so that tests need
// none.

/** Where and how was asked: answers are for one place in one state of the text. */
export interface Asked {
  readonly uri: string;
  readonly version: number;
  readonly line: number;
  readonly character: number;
  /** The completion that is selected in the menu, "" for none. */
  readonly selected: string;
}

/** Whether an answer to one question is one to the other. */
export function same(one: Asked, other: Asked): boolean {
  return (
    one.uri === other.uri &&
    one.version === other.version &&
    one.line === other.line &&
    one.character === other.character &&
    one.selected === other.selected
  );
}

/** The items of an answer, each time all of them; `null` as long as there are none. */
export class Answer<Item> {
  private found: readonly Item[] | null = null;
  private text = '';
  private over = false;
  private readonly waiting: (() => void)[] = [];
  /** Counts the texts that there were, so that who has shown one can tell whether there is more. */
  pieces = 0;

  constructor(readonly asked: Asked) {}

  get items(): readonly Item[] | null {
    return this.found;
  }

  /** Take a piece, of which the text is what can be seen. */
  grow(items: readonly Item[], text: string): void {
    if (!this.over) {
      this.put(items, text);
    }
  }

  /** Take the last piece, if there is one. */
  end(items: readonly Item[] | null, text = ''): void {
    this.over = true;
    if (items) {
      this.put(items, text);
    }
    this.wake();
  }

  /** Wait until there is something to show, or it is known that nothing comes. */
  async begun(): Promise<void> {
    if (!this.over && !this.found?.length) {
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  private put(items: readonly Item[], text: string): void {
    if (!this.found || text !== this.text) {
      this.pieces += 1;
    }
    this.found = items;
    this.text = text;
    if (items.length) {
      this.wake();
    }
  }

  private wake(): void {
    for (const resolve of this.waiting.splice(0)) {
      resolve();
    }
  }
}
