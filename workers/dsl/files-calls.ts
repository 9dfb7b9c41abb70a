/** Calls over files. The code for them is loaded when the first comes: most workers never see one. */
import type { Socket } from 'node:net';
import type {
  DslWorkerConfig,
  FilesCall,
  RunStagesCall,
  RunStagesReply,
} from '../../core/protocol/dsl-worker.ts';
import type { QueryError } from '../../core/protocol/errors.ts';
import type { EnginePipes } from './engine.ts';
import type { ScanRuns } from './scan-runs.ts';
import type { RunningCall } from './service.ts';

export class FilesCalls {
  readonly #config: DslWorkerConfig;
  readonly #pipes: EnginePipes;
  #connections: DslWorkerConfig['files'];
  #runs: ScanRuns | null = null;

  constructor(config: DslWorkerConfig, pipes: EnginePipes) {
    this.#config = config;
    this.#pipes = pipes;
    this.#connections = config.files;
  }

  /** Takes changed connections, for the calls that come from now on. */
  change(connections: DslWorkerConfig['files']): void {
    this.#connections = connections;
    this.#runs?.change(connections);
  }

  start(call: FilesCall): RunningCall<unknown> {
    return this.#begin(call.queryId, (runs) => runs.start(call));
  }

  /** Runs stages some of whose inputs are scans. */
  startQuery(call: RunStagesCall, socket: Socket): RunningCall<RunStagesReply> {
    return this.#begin(call.queryId, (runs) => runs.startQuery(call, socket));
  }

  /** Forgets the last query. */
  async scrub(): Promise<void> {
    await this.#runs?.scrub();
  }

  close(): void {
    this.#runs?.close();
  }

  #begin<Reply>(queryId: string, start: (runs: ScanRuns) => RunningCall<Reply>): RunningCall<Reply> {
    let cause: QueryError | null = null;
    let begun: RunningCall<Reply> | null = null;
    const execute = async (): Promise<Reply> => {
      const runs = await this.#loaded();
      if (cause !== null) throw cause;
      begun = start(runs);
      return begun.done;
    };
    return {
      queryId,
      done: execute(),
      abort(reason) {
        cause ??= reason;
        begun?.abort(reason);
      },
    };
  }

  async #loaded(): Promise<ScanRuns> {
    if (this.#runs !== null) return this.#runs;
    const { ScanRuns: Runs } = await import('./scan-runs.ts');
    const runs = new Runs(this.#config, this.#pipes);
    runs.change(this.#connections);
    this.#runs = runs;
    return runs;
  }
}
