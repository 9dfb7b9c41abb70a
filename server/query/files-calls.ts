/** Asks DSL workers about files, which they read themselves: columns of SQL, tables, and which files a plan would read. */
import { raceCancellation } from '../../core/process/race-cancellation.ts';
import type { DslWorkerCalls, FilesCall, IntrospectFilesCall } from '../../core/protocol/dsl-worker.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import { engineValue, type ParameterValue, parameterKind } from '../../core/protocol/parameters.ts';
import type { AskAnswer, Plan, ScansAsk, SourceAsk } from '../../core/protocol/plan.ts';
import type { Principal } from '../../core/protocol/principal.ts';
import { type SqlFacts, unknownFacts } from '../../core/protocol/sql-facts.ts';
import type { IntrospectReply } from '../../core/protocol/sql-worker.ts';
import type { QueryRecord } from '../history/registry.ts';
import { mapToQuery } from '../planning/source-sql.ts';
import { type RunDeps, timed } from './run.ts';

interface AskedFor {
  readonly text: string;
  readonly parameters: Readonly<Record<string, ParameterValue>>;
}

/** Returns the columns of a user's SQL over files. */
export async function describeFiles(
  deps: RunDeps,
  { text, parameters }: AskedFor,
  ask: SourceAsk,
  query: QueryRecord,
): Promise<AskAnswer> {
  const { connection, sql } = ask;
  deps.connections.check(connection, query.principal);
  const kinds = ask.parameters.map((name) => parameterKind(name, parameters[name] ?? null));
  try {
    const described = await call(deps, query, {
      ...{ type: 'describe-scan', ...whose(query), connection, sql, views: ask.views ?? null },
      parameters: kinds,
    });
    const judged = { connection, functions: ask.functions };
    return { kind: 'source', ...described, parameterTypes: [], judged };
  } catch (thrown) {
    throw mapToQuery(thrown, ask, text, deps.connections.lexicalOf(connection));
  }
}

/** Returns which files the scans of a plan would read. */
export async function explainScans(
  deps: RunDeps,
  { parameters }: AskedFor,
  { plan }: ScansAsk,
  query: QueryRecord,
): Promise<AskAnswer> {
  for (const { connection } of plan.sources) deps.connections.check(connection, query.principal);
  const worker = plan.worker!; // only plans with scans are asked about
  const explained = await call(deps, query, {
    ...{ type: 'explain-scans', ...whose(query), connection: plan.sources[0]!.connection, plan: worker },
    parameters: worker.parameters.map(({ name }) => engineValue(parameters[name] ?? null)),
  });
  return { kind: 'scans', ...explained };
}

/** Returns what is known of the files that a plan scans: how the answer may change, and what must stay as it is for it to stay right. */
export async function factsOfScans(
  deps: RunDeps,
  plan: Plan,
  parameters: Readonly<Record<string, ParameterValue>>,
  query: QueryRecord,
): Promise<SqlFacts> {
  const worker = plan.worker!; // only plans with scans are asked about
  const { volatility, paths, because } = await call(deps, query, {
    ...{ type: 'watch-scans', ...whose(query), connection: plan.sources[0]!.connection, plan: worker },
    parameters: worker.parameters.map(({ name }) => engineValue(parameters[name] ?? null)),
  });
  if (paths === null) return unknownFacts(because ?? 'the files cannot be looked at');
  return { volatility, tables: null, files: paths, because: [] };
}

/** Returns the tables of a connection to files. */
export function readFilesCatalog(
  deps: RunDeps,
  connection: string,
  query: QueryRecord,
  maxColumns: number,
): Promise<IntrospectReply> {
  const shown = tablesShown(query.principal, connection);
  return call(deps, query, { type: 'introspect-files', ...whose(query), connection, maxColumns, shown });
}

/** The tables of which the principal is told, each with the columns that all its roles hide; null: all. */
function tablesShown({ rights: { shown } }: Principal, connection: string): IntrospectFilesCall['shown'] {
  const tables = shown?.tables ?? {};
  if (!Object.hasOwn(tables, connection)) return null;
  return Object.fromEntries(
    Object.entries(tables[connection]!).map(([name, rules]) => {
      const lists = rules.map(({ hidden }) => hidden.map((column) => column.toLowerCase()));
      return [name, (lists[0] ?? []).filter((column) => lists.every((list) => list.includes(column)))];
    }),
  );
}

function whose({ queryId, principal, deadlineAt }: QueryRecord) {
  return { queryId, principal: principal.id, deadlineAt };
}

/** Whether the worker waits for the network most of the time. */
function readsStores({ connections }: RunDeps, request: FilesCall): boolean {
  const names =
    request.type === 'explain-scans' || request.type === 'watch-scans'
      ? request.plan.inputs.flatMap(({ scan }) => scan?.connection ?? [])
      : [request.connection];
  return names.some((name) => connections.isRemote(name));
}

/** The worker is used again: what it ran was judged, and read no rows. */
async function call<C extends FilesCall>(
  deps: RunDeps,
  query: QueryRecord,
  request: C,
): Promise<DslWorkerCalls[C['type']]['reply']> {
  query.phase = 'describe';
  const lease = await timed(query, 'queue', deps.dslStock.lane.acquire(query, readsStores(deps, request)));
  let outcome: 'reusable' | 'discard' = 'discard';
  let reason = '';
  try {
    lease.begin(query);
    const answer = lease.socket.call(request as never) as Promise<DslWorkerCalls[C['type']]['reply']>; // by its type
    const reply = await raceCancellation(query.cancellation, answer, () =>
      lease.socket.cancel(query.queryId),
    );
    outcome = 'reusable';
    return reply;
  } catch (thrown) {
    const { code } = QueryError.from(thrown);
    if (MISTAKES.has(code)) outcome = 'reusable';
    reason = code;
    throw thrown;
  } finally {
    lease.release(outcome, reason);
  }
}

/** Errors of the query or of its files, after which the worker is as it was. */
const MISTAKES: ReadonlySet<string> = new Set([
  ...[
    'sql-syntax',
    'sql-error',
    'read-only',
    'unsupported',
    'multiple-statements',
    'bad-file',
    'file-changed',
  ],
  ...['database-unavailable', 'database-overloaded', 'permission-denied'],
  ...['bad-parameter', 'nesting-too-deep', 'unknown-connection'],
]);
