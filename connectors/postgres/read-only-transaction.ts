/**
 * Runs SQL in the only way that is used: in a READ ONLY transaction with a time limit, by the extended protocol (which allows
 * one statement only), and always rolled back, which also undoes settings that the statement changed. Everything is sent in
 * one write and answered with one ReadyForQuery: each further one would cost the database a system call, and usually this
 * process a wake-up (docs/performance.md).
 *
 *   begin, set local, [function check], the statement, deallocate all, rollback | pg_advisory_unlock_all by FunctionCall
 *
 * The FunctionCall takes the place of Sync: it is answered by ReadyForQuery too, and takes the database 0.001 ms, while a
 * SELECT of the function takes 0.013. After an error the database skips everything up to a Sync, so the session then sends
 * `recovery`.
 */
import { QueryError } from '../../core/protocol/errors.ts';
import type { FunctionUse } from '../../core/protocol/plan.ts';
import type { CallControl } from '../kit/call-control.ts';
import { functionCheck, refusedByCheck } from './guard/function-check.ts';
import type { ServerError } from './wire/backend-messages.ts';
import {
  BIND_NOTHING,
  bindMessage,
  EXECUTE,
  functionCallMessage,
  parseMessage,
  queryMessage,
  SYNC,
} from './wire/frontend-messages.ts';
import type { ExchangeHandler, WireSession } from './wire-session.ts';

/**
 * The time after the deadline at which the database ends a statement by itself. The server's timer and this worker's timer
 * end the query at its deadline; the database's own limit is for the case that the worker is stuck or was killed.
 */
const BACKSTOP_MS = 1000;
/** OID of pg_advisory_unlock_all(), which never changes. */
const ADVISORY_UNLOCK_ALL_OID = 2892;

const BEGIN = Buffer.concat([parseMessage('begin transaction read only'), BIND_NOTHING, EXECUTE]);
/**
 * The messages that end an exchange. They also remove what a database function can leave behind in spite of the ROLLBACK:
 * prepared statements, and advisory locks of the session.
 */
const END = Buffer.concat([
  ...[parseMessage('deallocate all'), BIND_NOTHING, EXECUTE],
  ...[parseMessage('rollback'), BIND_NOTHING, EXECUTE],
  functionCallMessage(ADVISORY_UNLOCK_ALL_OID),
]);
const RECOVERY = {
  bytes: Buffer.concat([
    SYNC,
    queryMessage('rollback; deallocate all; select pg_catalog.pg_advisory_unlock_all()'),
  ]),
  readyCount: 2,
};

export interface TransactionRequest {
  /** The statement's messages of the extended protocol, without Sync. */
  readonly messages: readonly Buffer[];
  readonly handler: ExchangeHandler;
  /** The functions to look up in the catalogue before the statement runs; null or left out when there are none. */
  readonly check?: CatalogCheck | null;
}

export interface CatalogCheck {
  readonly connection: string;
  readonly functions: readonly FunctionUse[];
  /** The functions that the configuration allows, as `schema.name`. */
  readonly allowed: readonly string[];
}

/**
 * Returns the functions of a call's SQL to look up in the catalogue; null when there are none. Throws an internal error when
 * no guard has judged the SQL, which then does not run.
 */
export function checkOf(
  call: { readonly connection: string; readonly functions: readonly FunctionUse[] },
  allowed: readonly string[],
): CatalogCheck | null {
  const { connection, functions } = call;
  if (!Array.isArray(functions))
    throw new QueryError('internal', 'internal error: SQL that no guard has judged');
  return functions.length === 0 ? null : { connection, functions, allowed };
}

/**
 * Runs the statement. Resolves with the database's error or null. Rejects as WireSession.exchange does, and with read-only
 * when the catalogue shows that the statement may call a function that does more than read.
 */
export function runReadOnly(
  session: WireSession,
  control: CallControl,
  request: TransactionRequest,
): Promise<ServerError | null> {
  const { check = null } = request;
  return check === null
    ? exchange(session, control, request, [])
    : runChecked(session, control, request, check);
}

async function runChecked(
  session: WireSession,
  control: CallControl,
  request: TransactionRequest,
  check: CatalogCheck,
): Promise<ServerError | null> {
  const error = await exchange(session, control, request, functionCheck(check.functions, check.allowed));
  const refused = error && refusedByCheck(error, check.functions, check.connection);
  if (refused !== null) throw refused;
  return error;
}

function exchange(
  session: WireSession,
  control: CallControl,
  request: TransactionRequest,
  check: readonly Buffer[],
): Promise<ServerError | null> {
  const timeoutMs = Math.max(0, control.deadlineAt - Date.now()) + BACKSTOP_MS;
  const limit = [parseMessage(`set local statement_timeout = ${timeoutMs}`), BIND_NOTHING, EXECUTE];
  const naming = control.applicationName === undefined ? [] : nameSession(control.applicationName);
  return session.exchange({
    bytes: Buffer.concat([BEGIN, ...limit, ...naming, ...check, ...request.messages, END]),
    introCommands: 2 + (naming.length === 0 ? 0 : 1) + (check.length === 0 ? 0 : 1),
    lastCommand: 'ROLLBACK',
    recovery: RECOVERY,
    handler: request.handler,
    cancellation: control.cancellation,
  });
}

/**
 * Returns the messages that name the session. A comment in the statement would change its positions and its fingerprint in
 * pg_stat_statements, and a SET has another text each time, which would fill pg_stat_statements up.
 */
function nameSession(name: string): Buffer[] {
  const text = "select pg_catalog.set_config('application_name', $1, true)";
  return [parseMessage(text), bindMessage([name]), EXECUTE];
}
