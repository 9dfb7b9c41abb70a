/** Facts by a file's identity, the least recently used forgotten first. */
export class FactCache<Fact> {
  readonly #facts = new Map<string, Fact>();
  readonly #atMost: number;

  constructor(atMost: number) {
    this.#atMost = atMost;
  }

  get(key: string): Fact | undefined {
    const known = this.#facts.get(key);
    if (known === undefined) return undefined;
    this.#facts.delete(key);
    this.#facts.set(key, known);
    return known;
  }

  set(key: string, fact: Fact): void {
    this.#facts.set(key, fact);
    if (this.#facts.size <= this.#atMost) return;
    const [oldest] = this.#facts.keys();
    this.#facts.delete(oldest!);
  }
}
