/**
 * The one way in which SQL runs: in a READ ONLY transaction with a time limit, by the extended protocol (so one
 * statement only), and always rolled back, which also undoes whatever the statement set in the session. All of it is
 * one write and one round trip. A statement that fails leaves the transaction aborted; the ROLLBACK ends it likewise.
 */
import type { Cancellation } from '../cancellation.ts';
import type { ServerError } from './backend-messages.ts';
import { queryMessage, SYNC } from './frontend-messages.ts';
import type { ExchangeHandler, Session } from './session.ts';

/** The database gives up this long before the deadline, so that its error still arrives in time. */
const DEADLINE_MARGIN_MS = 500;
const MIN_STATEMENT_MS = 50;
/**
 * What a function of the database's own can leave behind in spite of the ROLLBACK: prepared statements, and advisory
 * locks of the session. One text: each more that the database answers by itself costs a tenth of a small query.
 */
const END = queryMessage('rollback; deallocate all; select pg_catalog.pg_advisory_unlock_all()');
/** OID of set_config(text, text, boolean), which never changes. */
const SET_CONFIG_OID = 2078;

export interface TransactionRequest {
  /** Messages of the extended protocol, without Sync. */
  readonly messages: readonly Buffer[];
  readonly handler: ExchangeHandler;
  /** Unix ms. */
  readonly deadlineAt: number;
  readonly cancellation: Cancellation;
  /** Until the ROLLBACK; left out: as it is. */
  readonly applicationName?: string;
}

/** Resolves with the database's error or null; rejects as Session.exchange does. */
export function runReadOnly(session: Session, request: TransactionRequest): Promise<ServerError | null> {
  const remainingMs = request.deadlineAt - Date.now();
  const timeoutMs = Math.max(MIN_STATEMENT_MS, Math.floor(remainingMs - DEADLINE_MARGIN_MS));
  const begin = queryMessage(`begin transaction read only; set local statement_timeout = ${timeoutMs}`);
  const naming = request.applicationName === undefined ? [] : [nameSession(request.applicationName)];
  // BEGIN, the name, the statement and the end: each is answered by one ReadyForQuery.
  const readyCount = 3 + naming.length;
  return session.exchange({
    bytes: Buffer.concat([begin, ...naming, ...request.messages, SYNC, END]),
    readyCount,
    handledPart: readyCount - 2,
    handler: request.handler,
    cancellation: request.cancellation,
  });
}

/**
 * Neither a comment in the statement nor a SET: the statement stays the user's to the letter (its positions, its
 * fingerprint in pg_stat_statements), and a SET with another text each time would fill pg_stat_statements up.
 */
function nameSession(name: string): Buffer {
  return functionCall(SET_CONFIG_OID, ['application_name', name, 'true']);
}

/** Arguments and result as text; the result is of no interest. */
function functionCall(oid: number, values: readonly string[] = []): Buffer {
  const head = Buffer.alloc(13);
  const argumentBytes = values.map((value) => {
    const text = Buffer.from(value);
    const length = Buffer.alloc(4);
    length.writeInt32BE(text.length);
    return Buffer.concat([length, text]);
  });
  const message = Buffer.concat([head, ...argumentBytes, Buffer.alloc(2)]);
  message.write('F', 0, 'latin1');
  message.writeInt32BE(message.length - 1, 1);
  message.writeInt32BE(oid, 5);
  message.writeInt16BE(values.length, 11);
  return message;
}
