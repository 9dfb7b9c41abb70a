/**
 * Writes the server's part of the audit: the beginning and the end of each query, every refusal with the rule that decided, and
 * acts of administration. With `audit.required` a query runs only once its beginning is on the disk. Values of parameters
 * are never written, and of the text only what the configuration says.
 */
import { createHash } from 'node:crypto';
import type { AuditClient } from '../../core/audit/audit-client.ts';
import { shapeOf } from '../../core/logging/shape.ts';
import type { AuditConfig } from '../../core/protocol/audit-config.ts';
import { QueryError, type WireError } from '../../core/protocol/errors.ts';
import type { Principal } from '../../core/protocol/principal.ts';
import type { QueryRecord } from '../history/registry.ts';
import { deniedBy } from './denied-by.ts';
import { Refusals } from './refusals.ts';

/** The thing that was asked of a query: to run it, to explain it, or only whether it would run. */
export type QueryAct = 'run' | 'explain' | 'head' | 'tables';

export type AuditOptions = Pick<AuditConfig, 'required' | 'waitMs' | 'text'>;

export class Audit {
  readonly #client: AuditClient;
  readonly #options: AuditOptions;
  readonly #refusals: Refusals;
  /** The number of queries that were refused because their beginning could not be written. */
  unwritten = 0;

  constructor(client: AuditClient, options: AuditOptions) {
    this.#client = client;
    this.#options = options;
    this.#refusals = new Refusals((event, fields) => void client.write(event, fields));
  }

  /** Milliseconds for which the oldest record waits that is not on the disk. */
  get waitingMs(): number {
    return this.#client.waitingMs;
  }

  /** Writes that a query begins. Returns a promise only when it must be on the disk first; that rejects with audit-unavailable. */
  begin(query: QueryRecord, act: QueryAct): Promise<void> | null {
    const { queryId, principal, connection } = query;
    const seq = this.#client.write('query-begin', {
      ...{ queryId, act, principal: principal.id, method: principal.method, address: principal.address },
      ...{ roles: principal.roles, connection, ...this.#textOf(query) },
    });
    return this.#options.required === 'on' ? this.#written(seq) : null;
  }

  /** Writes how a query ended. `loginRole`: the role whose login it used, where the connection has several. */
  end(query: QueryRecord, error: WireError | null, loginRole: string | null): void {
    const { queryId, principal, connection, rows, bytes, tables, startedAt, endedAt } = query;
    this.#client.write('query-end', {
      ...{ queryId, principal: principal.id, connection, loginRole },
      ...{ outcome: error?.code ?? 'ok', deniedBy: error === null ? null : deniedBy(error) },
      ...{ tables, rows, bytes, elapsedMs: (endedAt ?? Date.now()) - startedAt },
    });
  }

  /** Writes that a request was refused before it became a query; several of nobody known in a second are one record. */
  refused(error: WireError, principal: Principal | null, address: string, request: string): void {
    const rule = deniedBy(error);
    if (rule !== null) this.#refusals.add({ code: error.code, rule, principal, address, request });
  }

  /** Writes an act of administration. */
  act(event: string, principal: Principal | null, fields: object): void {
    const who =
      principal === null
        ? {}
        : { principal: principal.id, method: principal.method, address: principal.address };
    this.#client.write(event, { ...who, ...fields });
  }

  async close(timeoutMs: number): Promise<void> {
    this.#refusals.close();
    await this.#client.close(timeoutMs);
  }

  #textOf({ text, shownAs }: QueryRecord): object {
    const textHash = createHash('sha256').update(text).digest('hex');
    if (shownAs !== null) return { textHash }; // the query came encrypted
    switch (this.#options.text) {
      case 'hash':
        return { textHash };
      case 'shape':
        return { textHash, shape: shapeOf(text) };
      case 'full':
        return { textHash, text };
      default:
        return this.#options.text satisfies never;
    }
  }

  async #written(seq: number): Promise<void> {
    const { waitMs } = this.#options;
    if (await this.#client.written(seq, waitMs)) return;
    this.unwritten++;
    throw new QueryError('audit-unavailable', `the audit could not be written within ${waitMs} ms`, {
      hint: 'Send it again; whoever runs this server finds the reason in the log (audit-write-gap).',
      retryAfterSeconds: 5,
    });
  }
}
