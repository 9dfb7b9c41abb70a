/**
 * The one way in which SQL runs: in a READ ONLY transaction with a time limit, by the extended protocol (so one
 * statement only), and always rolled back, which also undoes whatever the statement set in the session. All of it is
 * one write, and one answer: each ReadyForQuery more would be a system call more for the database and, mostly, a
 * wake-up more here (docs/performance.md).
 *
 *   begin, set local, [function check], the statement, deallocate all, rollback | pg_advisory_unlock_all by FunctionCall
 *
 * The FunctionCall stands where Sync would: it is answered by ReadyForQuery as well, and takes the database 0.001 ms, a
 * SELECT of the function 0.013. After an error the database skips all up to a Sync: then the session sends `recovery`.
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
 * How long after the deadline the database ends a statement by itself. The server's timer ends the query at its deadline
 * and this worker's timer does the same; the database's own limit is for a worker that is stuck or was killed.
 */
const BACKSTOP_MS = 1000;
/** OID of pg_advisory_unlock_all(), which never changes. */
const ADVISORY_UNLOCK_ALL_OID = 2892;

const BEGIN = Buffer.concat([parseMessage('begin transaction read only'), BIND_NOTHING, EXECUTE]);
/**
 * With what a function of the database's own can leave behind in spite of the ROLLBACK: prepared statements, and
 * advisory locks of the session.
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
  /** Messages of the extended protocol, without Sync. */
  readonly messages: readonly Buffer[];
  readonly handler: ExchangeHandler;
  /** What the catalogue must say of the statement's functions first; null or left out: nothing. */
  readonly check?: CatalogCheck | null;
}

export interface CatalogCheck {
  readonly connection: string;
  readonly functions: readonly FunctionUse[];
  /** `schema.name` of those that the configuration allows. */
  readonly allowed: readonly string[];
}

/**
 * What the catalogue must say of a call's SQL; null: nothing. Throws `internal` when no guard has judged the SQL, which
 * then does not run.
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
 * Resolves with the database's error or null; rejects as WireSession.exchange does, and with read-only when the catalogue says
 * that the statement may call a function that does more than read.
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
 * Neither a comment in the statement nor a SET: the statement stays the user's to the letter (its positions, its
 * fingerprint in pg_stat_statements), and a SET with another text each time would fill pg_stat_statements up.
 */
function nameSession(name: string): Buffer[] {
  const text = "select pg_catalog.set_config('application_name', $1, true)";
  return [parseMessage(text), bindMessage([name]), EXECUTE];
}
