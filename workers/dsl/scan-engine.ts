/**
 * The engine that reads files: an instance of its own, locked so that it opens what is below the roots of the query's connections
 * and nothing else. It is made when the first such query comes, and again when one comes with other roots or needs another
 * extension. The engine for all other queries opens no files at all.
 */
import type { ExtensionName } from '../../core/process/engine-extensions.ts';
import type { DslWorkerConfig } from '../../core/protocol/dsl-worker.ts';
import { createEngine, type Engine, type EnginePipes } from './engine.ts';
import { Probes } from './prune-scans.ts';
import { loadingSql } from './scans/extensions.ts';

export interface ScanEngine {
  readonly engine: Engine;
  readonly probes: Probes;
}

export interface WantedEngine {
  /** Absolute directories with their links resolved, and prefixes of addresses; with a slash at the end. */
  readonly directories: readonly string[];
  readonly extensions: readonly ExtensionName[];
}

export class ScanEngines {
  readonly #config: DslWorkerConfig;
  readonly #pipes: EnginePipes;
  #current: (ScanEngine & { readonly key: string }) | null = null;

  constructor(config: DslWorkerConfig, pipes: EnginePipes) {
    this.#config = config;
    this.#pipes = pipes;
  }

  /** Throws `unsupported` for an extension that is not installed. */
  async of({ directories, extensions }: WantedEngine): Promise<ScanEngine> {
    const key = JSON.stringify([[...new Set(directories)].sort(), [...new Set(extensions)].sort()]);
    if (this.#current?.key === key) return this.#current;
    this.close();
    const loading = loadingSql(this.#config.extensionDir, extensions);
    const engine = await createEngine(this.#config, this.#pipes, { directories, loading });
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
