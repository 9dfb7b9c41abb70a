/**
 * The ledger of poison queries. A query whose workers died again and again, without a success in between, is refused for a
 * while, so that it does not kill further workers, in which other queries may run.
 *
 * - A death counts when the monitor reports that the worker ended by itself (a crash, the kernel's OOM killer), and the query
 *   had not ended for another reason: after a cancel, a deadline or a kill by the monitor the query is not to blame.
 * - A DSL worker runs one query. In a SQL worker other queries may run too, and any of them may be to blame: then the death
 *   counts as half. When the same text ran several times in the worker, the death counts once, and the log has a line for
 *   each of these queries.
 * - A success clears the count. So does time: deaths longer ago than a refusal lasts are forgotten.
 *
 * Each server process has its own ledger, which ends with it.
 */
import { createHash } from 'node:crypto';
import type { Log } from '../../core/logging/log.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import type { Principal } from '../../core/protocol/principal.ts';

export interface PoisonOptions {
  /** Number of worker deaths after which a query is refused; 0 disables. */
  readonly deaths: number;
  readonly refuseMs: number;
  readonly log: Log;
  /** Returns the time in Unix milliseconds. */
  now(): number;
}

/** A worker that died while a query ran in it. */
export interface LostWorker {
  readonly workerId: string;
  /** Whether other queries ran in it too. */
  readonly shared: boolean;
}

interface Suspect {
  deaths: number;
  lastDeathAt: number;
  lastHow: string;
}

/** The queries with the same text that ran in a worker which died: their death counts once, and each gets a line in the log. */
interface Victims {
  readonly weight: number;
  readonly queries: VictimQuery[];
}

interface VictimQuery {
  readonly queryId: string;
  readonly principal: Principal;
}

/** The most suspects and dead workers that are remembered. Entries are small and expire; this is for a flood of different ones. */
const MAX_SUSPECTS = 1000;
const MAX_WORKERS = 100;
/** The weight of a death in a worker in which other queries ran too. */
const SHARED_DEATH = 0.5;

export class PoisonLedger {
  readonly #options: PoisonOptions;
  readonly #suspects = new Map<string, Suspect>();
  /** The queries of dead workers, by worker and text, as long as the monitor has not reported how the worker ended. */
  readonly #unexplained = new Map<string, Map<string, Victims>>();
  /** The ends that the monitor reported of workers whose queries have not failed yet. */
  readonly #explained = new Map<string, string>();

  constructor(options: PoisonOptions) {
    this.#options = options;
  }

  /** False when no query is known to have killed a worker, so that no query must be looked up. */
  get hasSuspects(): boolean {
    return this.#suspects.size > 0;
  }

  /** Throws poison-query when the query with this key is refused. */
  check(key: string): void {
    const { deaths, refuseMs, now } = this.#options;
    const suspect = this.#suspects.get(key);
    if (suspect === undefined || deaths === 0 || suspect.deaths < deaths) return;
    const until = suspect.lastDeathAt + refuseMs;
    if (now() < until) throw refusal(suspect, until, now());
    this.#suspects.delete(key);
  }

  /** Notes that the query failed because these workers died. */
  lost(key: string, { queryId, principal }: VictimQuery, workers: readonly LostWorker[]): void {
    for (const { workerId, shared } of workers) {
      const texts = this.#unexplained.get(workerId) ?? new Map<string, Victims>();
      const known = texts.get(key);
      const victims = known ?? { weight: shared ? SHARED_DEATH : 1, queries: [] };
      const query = { queryId, principal };
      victims.queries.push(query);
      texts.set(key, victims);
      this.#unexplained.set(workerId, texts);
      const how = this.#explained.get(workerId);
      if (how === undefined) continue;
      if (known === undefined) this.#count(key, victims.weight, workerId, how);
      this.#tell(key, [query], workerId, how);
    }
    shrink(this.#unexplained, MAX_WORKERS);
  }

  /** Notes the monitor's report that a worker ended by itself, and how. */
  explained(workerId: string, how: string): void {
    this.#explained.set(workerId, how);
    for (const [key, { weight, queries }] of this.#unexplained.get(workerId) ?? []) {
      this.#count(key, weight, workerId, how);
      this.#tell(key, queries, workerId, how);
    }
    shrink(this.#explained, MAX_WORKERS);
  }

  succeeded(key: string): void {
    this.#suspects.delete(key);
  }

  #count(key: string, weight: number, workerId: string, how: string): void {
    const { now, refuseMs } = this.#options;
    const before = this.#suspects.get(key);
    const recent = before !== undefined && now() - before.lastDeathAt < refuseMs ? before.deaths : 0;
    const suspect = { deaths: recent + weight, lastDeathAt: now(), lastHow: `${workerId}: ${how}` };
    this.#suspects.delete(key);
    this.#suspects.set(key, suspect);
    shrink(this.#suspects, MAX_SUSPECTS);
  }

  /** Logs a line for each query, since a query's lines are found by its id. */
  #tell(key: string, queries: readonly VictimQuery[], workerId: string, how: string): void {
    const { deaths: allowed, log } = this.#options;
    const deaths = this.#suspects.get(key)?.deaths ?? 0;
    const refused = allowed > 0 && deaths >= allowed;
    for (const { queryId, principal } of queries)
      log.warn('worker-died-under-query', {
        ...{ queryId, principal: principal.id, key, workerId, how, deaths, refused },
      });
  }
}

/** Returns the key of a text on a connection as those see it who have this scope, ignoring white space and the semicolon at the end. A hash, because texts may be long. */
export function poisonKey(scope: string, connection: string, text: string): string {
  const layout = text.replace(/\s+/g, ' ');
  let end = layout.length;
  // A loop, because the pattern `[\s;]+$` takes quadratic time when many of these characters stand before another one.
  while (layout[end - 1] === ' ' || layout[end - 1] === ';') end--;
  const kept = layout.slice(0, end).trim();
  return createHash('sha256').update(`${scope}\0${connection}\0${kept}`).digest('hex').slice(0, 32);
}

function refusal({ deaths, lastHow }: Suspect, until: number, now: number): QueryError {
  const times = Number.isInteger(deaths) ? `${deaths} times` : `more than ${Math.floor(deaths)} times`;
  return new QueryError(
    'poison-query',
    `this query is refused until ${new Date(until).toISOString()}: the process that ran it died ${times} in a row (${lastHow})`,
    {
      hint: 'It was neither cancelled nor too slow: its process crashed or ran out of memory. Change the query, or try again after that time.',
      retryAfterSeconds: Math.ceil((until - now) / 1000),
    },
  );
}

/** Drops the oldest entries until `size` are left. */
function shrink(map: Map<string, unknown>, size: number): void {
  while (map.size > size) map.delete(map.keys().next().value!);
}
