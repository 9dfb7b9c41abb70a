/**
 * The engine that reads files: an instance of its own, locked so that it opens what is below the roots of the query's connections
 * and nothing else. It is made when the first such query comes, and again when one comes with other roots. The engine for all
 * other queries opens no files at all.
 */
import type { DslWorkerConfig } from '../../core/protocol/dsl-worker.ts';
import { createEngine, type Engine, type EnginePipes } from './engine.ts';
import { Probes } from './prune-scans.ts';

export interface ScanEngine {
  readonly engine: Engine;
  readonly probes: Probes;
}

export class ScanEngines {
  readonly #config: DslWorkerConfig;
  readonly #pipes: EnginePipes;
  #current: (ScanEngine & { readonly key: string }) | null = null;

  constructor(config: DslWorkerConfig, pipes: EnginePipes) {
    this.#config = config;
    this.#pipes = pipes;
  }

  /** Returns the engine that may read below these directories: absolute, with their links resolved. */
  async of(directories: readonly string[]): Promise<ScanEngine> {
    const key = JSON.stringify([...new Set(directories)].sort());
    if (this.#current?.key === key) return this.#current;
    this.#current?.engine.close();
    this.#current = null;
    const engine = await createEngine(this.#config, this.#pipes, directories);
    this.#current = { key, engine, probes: new Probes() };
    return this.#current;
  }

  /** Forgets the last query. */
  async renew(): Promise<void> {
    await this.#current?.engine.renew();
  }

  close(): void {
    this.#current?.engine.close();
    this.#current = null;
  }
}
