/** Compresses entries in the background, one after the other. */
import { compressEntry } from './compress.ts';
import type { EntryDescription } from './entry.ts';
import { partOf } from './part-name.ts';

export interface CompressQueueDeps {
  pathOf(id: string): string;
  /** Whether the entry is still there to be compressed. */
  isWanted(id: string): boolean;
  onCompressed(id: string, description: EntryDescription): void;
  onFailed(error: unknown): void;
}

export class CompressQueue {
  readonly #deps: CompressQueueDeps;
  #running: Promise<void> = Promise.resolve();
  #waiting = 0;

  constructor(deps: CompressQueueDeps) {
    this.#deps = deps;
  }

  add(id: string): void {
    this.#waiting++;
    this.#running = this.#running.then(async () => {
      this.#waiting--;
      if (this.#deps.isWanted(id)) await this.#compress(id);
    });
  }

  /** Resolves once nothing waits to be compressed. */
  async settled(): Promise<void> {
    while (this.#waiting > 0) await this.#running;
    await this.#running;
  }

  /** Resolves once what was added until now is done. */
  async ended(): Promise<void> {
    await this.#running;
  }

  async #compress(id: string): Promise<void> {
    const { pathOf, onCompressed, onFailed } = this.#deps;
    try {
      const description = await compressEntry(pathOf(id), partOf(pathOf(id)));
      if (description !== null) onCompressed(id, description);
    } catch (error) {
      onFailed(error);
    }
  }
}
