/**
 * Remembers what was found for the latest texts, within bounds. Nothing is ever deleted from its two Maps, one of which is dropped as a
 * whole instead: a Map in which entries come and go keeps those that went in memory (decision 15).
 */
export interface RecentTextsOptions {
  /** The entries of each of the two Maps. */
  readonly entries: number;
  /** The longest text that is remembered. */
  readonly characters: number;
}

export class RecentTexts {
  readonly #options: RecentTextsOptions;
  #young = new Map<string, string>();
  #old = new Map<string, string>();

  constructor(options: RecentTextsOptions) {
    this.#options = options;
  }

  get(text: string): string | undefined {
    const found = this.#young.get(text);
    if (found !== undefined) return found;
    const older = this.#old.get(text);
    if (older !== undefined) this.set(text, older);
    return older;
  }

  set(text: string, value: string): void {
    const { entries, characters } = this.#options;
    if (text.length > characters) return;
    if (this.#young.size >= entries) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(text, value);
  }
}
