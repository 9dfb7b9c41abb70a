/**
 * One Forkline for the tests of a suite that hurts it: after each of them everything must be as before, which is a test of its
 * own. Where it is not, or where the test stopped it, the next one gets another.
 *
 *   const kept = new KeptForkline(() => startForkline(SEVERAL_PROCESSES));
 *   beforeEach(async () => (forkline = await kept.running()));
 *   afterEach(() => kept.expectAsBefore((forkline) => settled(forkline, database, SLOTS)));
 *   after(() => kept.stop());
 */
import type { Forkline } from './forkline-process.ts';

export class KeptForkline {
  readonly #start: () => Promise<Forkline>;
  #forkline: Forkline | null = null;

  constructor(start: () => Promise<Forkline>) {
    this.#start = start;
  }

  async running(): Promise<Forkline> {
    this.#forkline ??= await this.#start();
    return this.#forkline;
  }

  /** Resolves to one that no test has hurt yet. */
  async fresh(): Promise<Forkline> {
    await this.stop();
    return await this.running();
  }

  /** Runs the check, unless the test stopped the Forkline. One that fails it is not used again. */
  async expectAsBefore(check: (forkline: Forkline) => Promise<void>): Promise<void> {
    if (this.#forkline === null) return;
    try {
      await check(this.#forkline);
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Fails as Forkline.stop() does: when it does not end, or leaves something behind. */
  async stop(): Promise<void> {
    const forkline = this.#forkline;
    this.#forkline = null;
    await forkline?.stop();
  }
}
