/**
 * The queries that kill their workers: one whose workers died under it again and again, with no success in between, is
 * refused for a while, so that it does not take others' workers down with it.
 *
 * - A death counts when the worker ended by itself (a crash, the kernel's OOM killer), which the monitor says, and the
 *   query had no other end: a cancel, a deadline or a kill by the monitor is none of its doing.
 * - A DSL worker runs one query. In a SQL worker others may run as well, and any of them may be to blame: then the death
 *   counts for half. However often a query ran in a worker, its death counts once; each of them is told of in the log.
 * - A success clears it. So does the time: what happened longer ago than the refusal lasts is forgotten.
 *
 * The ledger is this server's, and ends with it.
 */
import { createHash } from 'node:crypto';
import type { Log } from '../../core/logging/log.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import type { Principal } from '../../core/protocol/principal.ts';

export interface PoisonOptions {
  /** So many deaths and it is refused; 0: never. */
  readonly deaths: number;
  readonly refuseMs: number;
  readonly log: Log;
  /** Unix milliseconds. */
  now(): number;
}

/** A worker that died while a query ran in it. */
export interface LostWorker {
  readonly workerId: string;
  /** Other queries ran in it too. */
  readonly shared: boolean;
}

interface Suspect {
  deaths: number;
  lastDeathAt: number;
  lastHow: string;
}

/** What of one text ran in a worker that died: counted once, told of each. */
interface Victims {
  readonly weight: number;
  readonly queries: VictimQuery[];
}

interface VictimQuery {
  readonly queryId: string;
  readonly principal: Principal;
}

/** Each is small, and forgotten in time; against a flood of different ones. */
const MAX_SUSPECTS = 1000;
const MAX_WORKERS = 100;
/** A death that is shared with others. */
const SHARED_DEATH = 0.5;

export class PoisonLedger {
  readonly #options: PoisonOptions;
  readonly #suspects = new Map<string, Suspect>();
  /** What ran in dead workers of which the monitor has not yet said how they ended. */
  readonly #unexplained = new Map<string, Map<string, Victims>>();
  /** How workers ended, of which the queries have not yet said that they lost them. */
  readonly #explained = new Map<string, string>();

  constructor(options: PoisonOptions) {
    this.#options = options;
  }

  /** false: no query is known to have killed a worker, so that nothing has to be looked up. */
  get hasSuspects(): boolean {
    return this.#suspects.size > 0;
  }

  /** Throws poison-query. */
  check(key: string): void {
    const { deaths, refuseMs, now } = this.#options;
    const suspect = this.#suspects.get(key);
    if (suspect === undefined || deaths === 0 || suspect.deaths < deaths) return;
    const until = suspect.lastDeathAt + refuseMs;
    if (now() < until) throw refusal(suspect, until, now());
    this.#suspects.delete(key);
  }

  /** The query failed because these workers died. */
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

  /** The monitor: it ended by itself, and so. */
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

  /** A line for each query: its id is what its story is found by. */
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

/** The same text on the same connection; layout does not count. A hash, because texts may be long. */
export function poisonKey(connection: string, text: string): string {
  const layout = text.replace(/\s+/g, ' ');
  let end = layout.length;
  // Not by `[\s;]+$`, which takes quadratic time where many of these stand before something else.
  while (layout[end - 1] === ' ' || layout[end - 1] === ';') end--;
  const kept = layout.slice(0, end).trim();
  return createHash('sha256').update(`${connection}\0${kept}`).digest('hex').slice(0, 32);
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

/** Drops the oldest entries. */
function shrink(map: Map<string, unknown>, size: number): void {
  while (map.size > size) map.delete(map.keys().next().value!);
}
