/** The steps of a generation's start. Each is reported once, when it is reached for the first time. */
export type BootStep = 'serving' | 'workers-ready' | 'whole';

export class BootSteps {
  readonly #reached = new Set<BootStep>();

  get isWhole(): boolean {
    return this.#reached.has('whole');
  }

  /** Calls `tell` when the step is reached `now` and was not before. */
  reach(step: BootStep, now: boolean, tell: () => void): void {
    if (!now || this.#reached.has(step)) return;
    this.#reached.add(step);
    tell();
  }
}
