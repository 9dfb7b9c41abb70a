/**
 * Writes a log line for each query that runs long, while it still runs: its phase, the bytes answered so far, and the state of
 * the processes that work on it; and another line at its end. Rows are known only at the end, since the server counts bytes
 * and never looks at rows.
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

  /** Watches the query. Returns a function that must be called at its end. */
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
      query: excerpt(query.shownAs ?? query.text),
      ...{ phase: query.phase, elapsedMs: Date.now() - query.startedAt, bytes: query.bytes },
    };
    const workers = await this.#workersOf([...query.pids]);
    // The query may have ended while the monitor was asked. Its last line is then written already, and this one would confuse.
    if (query.endedAt === null) this.#deps.log.warn('slow-query', { ...fields, workers });
  }

  /** Returns the state of the query's processes; only their pids when the monitor does not answer. */
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

/** Returns the fields by which a line is connected to its query, trace and principal. */
function named({ queryId, trace, principal, connection }: QueryRecord): object {
  return { queryId, traceId: trace.traceId, principal: principal.id, connection };
}

function rounded(phases: Phases): object {
  return Object.fromEntries(Object.entries(phases).map(([phase, ms]) => [phase, Math.round(ms)]));
}

function excerpt(text: string): string {
  return text.length <= TEXT_CHARACTERS ? text : `${text.slice(0, TEXT_CHARACTERS)}…`;
}
