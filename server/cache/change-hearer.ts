/**
 * Hears from databases that data has changed, so that answers made before are stale from then on. While a database is not heard,
 * anything may have changed there: no answer of it counts as fresh.
 *
 *   unheard --the worker says that it hears--> heard --the call ends--> unheard, and tried again
 */
import { randomUUID } from 'node:crypto';
import type { Log } from '../../core/logging/log.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import type { ChangeLine } from '../../core/protocol/sql-worker.ts';
import type { SqlSlots, SqlSocket } from '../admission/sql-slots.ts';
import type { Changed } from './change-times.ts';
import type { Changes } from './changes.ts';

export interface ChangeHearerDeps {
  /** The connections to hear. */
  readonly names: readonly string[];
  readonly slots: Pick<SqlSlots, 'openBeside'>;
  readonly changes: Changes;
  readonly log: Log;
}

const RETRY_MS = 250;
const MAX_RETRY_MS = 5000;
/** A call has a deadline, which no timer can have that is more than some weeks away. */
const CALL_MS = 7 * 86_400_000;

export class ChangeHearer {
  readonly #deps: ChangeHearerDeps;
  readonly #sockets = new Set<SqlSocket>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #heard = new Set<string>();
  #changes = 0;
  #isStopped = false;

  constructor(deps: ChangeHearerDeps) {
    this.#deps = deps;
    for (const name of deps.names) deps.changes.setHeard(name, false);
  }

  /** The number of changes that databases have told. */
  get changes(): number {
    return this.#changes;
  }

  /** The connections that are not heard now. */
  get unheard(): readonly string[] {
    return this.#deps.names.filter((name) => !this.#heard.has(name));
  }

  start(): void {
    for (const name of this.#deps.names) void this.#keepHearing(name, RETRY_MS);
  }

  stop(): void {
    this.#isStopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
    for (const socket of this.#sockets) socket.close();
  }

  async #keepHearing(name: string, retryMs: number): Promise<void> {
    const { changes, log } = this.#deps;
    const error = await this.#hear(name).catch((thrown: unknown) => QueryError.from(thrown));
    if (this.#isStopped) return;
    changes.setHeard(name, false);
    const wasHeard = this.#heard.delete(name);
    const isFirst = retryMs === RETRY_MS;
    if (error !== null && (wasHeard || isFirst))
      log.warn('cache-changes-unheard', { connection: name, code: error.code, message: error.message });
    const nextMs = wasHeard || error === null ? RETRY_MS : Math.min(2 * retryMs, MAX_RETRY_MS);
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      void this.#keepHearing(name, nextMs);
    }, retryMs);
    timer.unref();
    this.#timers.add(timer);
  }

  /** Rejects when the database is not heard any more. Resolves to null when there is no worker to hear it yet. */
  async #hear(name: string): Promise<null> {
    const socket = this.#deps.slots.openBeside();
    if (socket === null) return null;
    this.#sockets.add(socket);
    const takeLine = lineReader((line) => this.#take(name, JSON.parse(line) as ChangeLine)); // written by our worker
    try {
      return await socket.call(
        {
          type: 'hear-changes',
          queryId: `hear-${randomUUID()}`,
          connection: name,
          deadlineAt: Date.now() + CALL_MS,
        },
        (bytes, release) => {
          takeLine(bytes);
          release();
          return true;
        },
      );
    } finally {
      this.#sockets.delete(socket);
      socket.close();
    }
  }

  #take(name: string, line: ChangeLine): void {
    const { changes, log } = this.#deps;
    if ('heard' in line) {
      if (this.#heard.has(name)) return;
      this.#heard.add(name);
      changes.setHeard(name, true);
      log.info('cache-changes-heard', { connection: name });
      return;
    }
    this.#changes++;
    changes.note(changeIn(line.changed, name));
  }
}

/**
 * Returns what a notification says: the JSON of the trigger (`{"schema": "public", "table": "orders"}`), the name of a table
 * as somebody writes it, or nothing: then all of the connection has changed, as it has when the text cannot be understood.
 */
export function changeIn(text: string, connection: string): Changed {
  const trimmed = text.trim();
  if (trimmed === '') return { connection };
  if (!trimmed.startsWith('{')) return { connection, tables: [trimmed] };
  try {
    const { schema = null, table } = JSON.parse(trimmed) as Record<string, unknown>;
    if (typeof table === 'string' && (schema === null || typeof schema === 'string'))
      return { connection, tables: [{ schema, name: table }] };
  } catch {
    // The text is no JSON.
  }
  return { connection };
}

/** Returns a function that takes pieces of text, and calls `onLine` with each whole line. */
function lineReader(onLine: (line: string) => void): (bytes: Buffer) => void {
  let rest = Buffer.alloc(0);
  return (bytes) => {
    let text = rest.length === 0 ? Buffer.from(bytes) : Buffer.concat([rest, bytes]);
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n')) {
      onLine(text.toString('utf8', 0, end));
      text = text.subarray(end + 1);
    }
    rest = text;
  };
}
