/**
 * A line for each query that runs for long, while it does: where it is, how much it has answered, and what the kernel
 * says of the processes that work on it; and one more at its end. Rows are only known at the end: the server counts
 * bytes, and never looks at rows.
 */
import type { Log } from '../../core/logging/log.ts';
import type { ProcessRow } from '../../core/protocol/monitor.ts';
import type { Phases, QueryRecord } from './registry.ts';

export interface SlowLogDeps {
  readonly slowQueryMs: number;
  readonly log: Log;
  /** Rejects when the monitor does not answer. */
  listProcesses(): Promise<readonly ProcessRow[]>;
}

const TEXT_CHARACTERS = 4000;

export class SlowLog {
  readonly #deps: SlowLogDeps;

  constructor(deps: SlowLogDeps) {
    this.#deps = deps;
  }

  /** Returns what has to be called at the query's end. */
  watch(query: QueryRecord): () => void {
    let reported = false;
    const timer = setTimeout(() => {
      reported = true;
      void this.#report(query);
    }, this.#deps.slowQueryMs);
    return () => {
      clearTimeout(timer);
      if (reported) this.#reportEnd(query);
    };
  }

  async #report(query: QueryRecord): Promise<void> {
    const fields = {
      ...named(query),
      query: excerpt(query.text),
      ...{ phase: query.phase, elapsedMs: Date.now() - query.startedAt, bytes: query.bytes },
    };
    const workers = await this.#workersOf([...query.pids]);
    // It may have ended meanwhile; the line about its end then comes first, and this one would only confuse.
    if (query.endedAt === null) this.#deps.log.warn('slow-query', { ...fields, workers });
  }

  /** Of the processes that work on it now; their pids alone when the monitor does not answer. */
  async #workersOf(pids: readonly number[]): Promise<readonly object[]> {
    const rows = await this.#deps.listProcesses().catch(() => []);
    return pids.map((pid) => {
      const row = rows.find((each) => each.pid === pid);
      if (row === undefined) return { workerPid: pid };
      const { workerId, kernelState, wchan, cpuPercent, rssBytes } = row;
      return { workerPid: pid, workerId, kernelState, wchan, cpuPercent, rssBytes };
    });
  }

  #reportEnd(query: QueryRecord): void {
    const { rows, bytes, phases } = query;
    this.#deps.log.warn('slow-query-ended', {
      ...named(query),
      code: query.error?.code ?? 'ok',
      elapsedMs: (query.endedAt ?? Date.now()) - query.startedAt,
      ...{ rows, bytes, phases: rounded(phases) },
    });
  }
}

/** The fields that lead from the line to the query, to its trace and to who asked. */
function named({ queryId, trace, principal, connection }: QueryRecord): object {
  return { queryId, traceId: trace.traceId, principal: principal.id, connection };
}

function rounded(phases: Phases): object {
  return Object.fromEntries(Object.entries(phases).map(([phase, ms]) => [phase, Math.round(ms)]));
}

function excerpt(text: string): string {
  return text.length <= TEXT_CHARACTERS ? text : `${text.slice(0, TEXT_CHARACTERS)}…`;
}
