/**
 * The server process. It serves the listening socket that the monitor holds (file descriptor 4), plans queries, and pipes
 * bytes from workers to clients; it never parses result rows and keeps none of them.
 */
import { createHash } from 'node:crypto';
import type { Server } from 'node:http';
import type { Log } from '../core/logging/log.ts';
import { type ChildContext, type RunningChild, runChild } from '../core/process/child.ts';
import { QueryError } from '../core/protocol/errors.ts';
import type { FromChild, ToChild, WorkerAddress } from '../core/protocol/monitor.ts';
import type { ServerConfig } from '../core/protocol/server-config.ts';
import { createAccess } from './access/create.ts';
import { BodyBudget } from './admission/body-budget.ts';
import { DslStock } from './admission/dsl-stock.ts';
import { QueryRates } from './admission/query-rates.ts';
import { SqlSlots, type SqlSlotsOptions } from './admission/sql-slots.ts';
import { LateRefusals } from './answer/late-refusals.ts';
import { ReadingWatch } from './answer/reading-watch.ts';
import { createAudit } from './audit/create.ts';
import { connectionChangeHandlers } from './catalogue/connection-handlers.ts';
import { openCatalogue } from './catalogue/open.ts';
import { createEncryption } from './encryption/create.ts';
import { PoisonLedger } from './history/poison.ts';
import { QueryRegistry } from './history/registry.ts';
import { SlowLog } from './history/slow-log.ts';
import { createApp } from './http/app.ts';
import { answerClientErrors } from './http/client-error.ts';
import { limitConnections } from './http/connection-limit.ts';
import { HttpDrain } from './http/drain.ts';
import { Gate } from './http/gate.ts';
import { createHttpServers, type HttpServers } from './http/servers.ts';
import { createObservation } from './observe/observation.ts';
import { createProcessList } from './observe/process-list.ts';
import { Planner } from './planning/planner.ts';
import { ConnectionBook } from './query/connection-book.ts';
import { ConnectionsLink } from './query/connections-link.ts';
import { KnownFunctions } from './query/known-functions.ts';
import type { QueryModels } from './query/query-models.ts';
import type { RunDeps } from './query/run.ts';

const LISTEN_FD = 4;
/** The time for the last audit records; what is not written by then is spilled, and written later. */
const AUDIT_CLOSE_MS = 1000;
/** The time within which a cancelled call must end; after it the worker's socket is closed. */
const CANCEL_GRACE_MS = 2000;
/** The longest time until a function that was created or changed in the database is noticed. */
const FUNCTIONS_MAX_AGE_MS = 10_000;
/** The Retry-After of a query that was ended for lack of memory: by then others may have ended and freed some. */
const RETRY_AFTER_PRESSURE_SECONDS = 5;

runChild('server', boot);

async function boot(context: ChildContext<'server'>): Promise<RunningChild> {
  const { config, identity, log, send } = context;
  const registry = new QueryRegistry(config.limits.historyBytes);
  const pools = createPools(config, log, send, {
    onCancelled: (ms) => observation.metrics.cancelled(ms),
    onProgress: ({ queryId, progress }) =>
      observation.metrics.sourceProgress(progress, registry.tell(queryId, progress)),
  });
  const bodies = new BodyBudget(config.limits.bodiesBytes);
  const audit = await createAudit(config.audit, identity);
  const connections = new ConnectionBook(config);
  const observation = createObservation(context, { registry, bodies, connections, ...pools }, audit);
  const processList = createProcessList(send);
  const { poisonDeaths, poisonMs, slowQueryMs } = config.limits;
  const poison = new PoisonLedger({ deaths: poisonDeaths, refuseMs: poisonMs, log, now: Date.now });
  let draining = false;
  const access = await createAccess(config.auth, { registry, log, audit });
  const encryption = await createEncryption(config.encryption, log);
  const gate = new Gate(config.gate, access.authenticator);
  const connectionsLink = new ConnectionsLink({ send, log });
  const opened = await openCatalogue(config.store, log, connectionsLink);
  const run = runDeps(config, connections, pools, opened?.catalogue ?? null);
  const handler = {
    run,
    registry,
    limits: config.limits,
    rates: new QueryRates(),
    metrics: observation.metrics,
    tracing: observation.tracing,
    poison,
    slowLog: new SlowLog({ slowQueryMs, log, listProcesses: processList.request }),
    audit,
    reading: new ReadingWatch({ windowMs: config.limits.readWindowMs, leastBytes: config.limits.readBytes }),
    log,
    isDraining: () => draining,
  };
  const results =
    config.results === null
      ? null
      : await (await import('./kept/setup.ts')).createResults(config.results, handler, log);
  if (results !== null) observation.metrics.watchResults(results);
  const app = createApp({
    ...handler,
    lateRefusals: new LateRefusals(),
    bodies,
    isLogStored: config.isLogStored,
    logSearch: observation.logSearch,
    gate,
    storedConnections: opened?.catalogue.connections ?? null,
    connectionsLink,
    connectionHandlers: connectionChangeHandlers,
    encryption,
    catalogueHandlers: opened?.handlers ?? null,
    publishedModels: opened?.published ?? null,
    askMonitor: processList.requestAll,
    ...(results !== null && { results, cache: results.answers }),
  });
  opened?.watchContracts(handler);
  const servers = createHttpServers(config, app);
  const all = [servers.port, ...servers.local];
  for (const http of all) answerClientErrors(http);
  limitConnections(servers.port, {
    ...config.limits,
    ownerOf: gate.connectionOwner,
    onRefused: observation.metrics.limitHit,
  });
  const drains = all.map((http) => new HttpDrain(http));
  await Promise.all([
    pools.planner.warm(),
    listen(servers.port, LISTEN_FD),
    ...servers.local.map((http, index) => listen(http, config.localFds[index]!)),
  ]);
  audit?.act('server-started', null, inForce(config));
  return {
    queriesServed: () => observation.metrics.queriesEnded(),
    onMessage: (message) =>
      onMessage(message, { ...pools, run, registry, poison, processList, connectionsLink, servers, send }),
    async stop(graceMs, successor) {
      const refuse = (): void => {
        draining = true;
        abortAll(registry);
      };
      results?.freeze();
      await Promise.all(drains.map((drain) => drain.begin({ graceMs, successor, refuse })));
      access.close();
      encryption?.close();
      await Promise.all([results?.close(), opened?.close()]);
      await Promise.all([closePools(pools), observation.close()]);
      audit?.act('server-stopped', null, {});
      await audit?.close(AUDIT_CLOSE_MS);
    },
  };
}

/** Says under which rules the server answers from now on. */
function inForce({ auth, audit, connectionNames }: ServerConfig): object {
  const policy = auth.policy === null ? null : JSON.stringify(auth.policy);
  const policyHash = policy === null ? null : createHash('sha256').update(policy).digest('hex');
  return { connections: connectionNames, policyHash, required: audit.required };
}

/** The resources that queries share and wait for. */
interface Pools {
  readonly planner: Planner;
  readonly sqlSlots: SqlSlots;
  readonly dslStock: DslStock;
}

function createPools(
  { limits, dsl, planner, dialects, allowFunctions, audit }: ServerConfig,
  log: Log,
  send: (message: FromChild) => void,
  told: Pick<SqlSlotsOptions, 'onCancelled' | 'onProgress'>,
): Pools {
  return {
    planner: new Planner({
      ...planner,
      ...limits,
      namesTables: audit !== null,
      connections: { dialects, allowFunctions },
      onThreadReplaced: (reason) => log.warn('planner-thread-replaced', { reason }),
    }),
    sqlSlots: new SqlSlots({
      ...limits,
      ...told,
      onRetired: (workerId) => send({ type: 'retired', workerId, accepted: true }),
    }),
    dslStock: new DslStock({
      ...limits,
      ...dsl,
      tell: send,
      onScrubFailed: (workerId, error) => log.warn('scrub-failed', { workerId, error }),
    }),
  };
}

async function closePools({ planner, sqlSlots, dslStock }: Pools): Promise<void> {
  sqlSlots.close();
  dslStock.close();
  await planner.close();
}

function runDeps(
  config: ServerConfig,
  connections: ConnectionBook,
  pools: Pools,
  catalogue: QueryModels | null,
): RunDeps {
  const { limits } = config;
  return {
    ...pools,
    knownFunctions: new KnownFunctions({
      maxAgeMs: FUNCTIONS_MAX_AGE_MS,
      now: performance.now.bind(performance),
    }),
    connections,
    catalogue,
    maxRows: limits.resultRows,
    maxBytes: limits.resultBytes,
    maxRowBytes: limits.dslRowBytes,
    cancelGraceMs: CANCEL_GRACE_MS,
  };
}

function listen(http: Server, fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    http.once('error', reject);
    http.listen({ fd }, () => {
      http.off('error', reject);
      resolve();
    });
  });
}

interface Hearers extends Pools {
  readonly run: RunDeps;
  send(message: FromChild): void;
  readonly registry: QueryRegistry;
  readonly poison: PoisonLedger;
  readonly processList: ReturnType<typeof createProcessList>;
  readonly connectionsLink: ConnectionsLink;
  readonly servers: HttpServers;
}

function onMessage(message: ToChild, hearers: Hearers): void {
  const { sqlSlots, dslStock, registry, poison, processList } = hearers;
  switch (message.type) {
    case 'workers-changed':
      sqlSlots.update(message.workers.filter(isSql));
      dslStock.update(message.workers.filter(isDsl), message.sizes.dsl);
      return;
    case 'retire':
      retire(message, hearers);
      return;
    case 'outdated':
      if (message.role === 'dsl') dslStock.giveUpOutdated(message.workerIds);
      return;
    case 'connections-changed':
      if (message.to === 'server') changeConnections(message, hearers);
      return;
    case 'stored-taken':
    case 'connection-examined':
      hearers.connectionsLink.receive(message);
      return;
    case 'processes':
      processList.receive(message);
      return;
    case 'worker-lost':
      poison.explained(message.workerId, message.how);
      return;
    case 'end-query':
      registry.abort(message.queryId, endedForMemory(message));
      return;
    case 'init':
    case 'stop':
      return; // handled by runChild
    case 'reopen-log':
    case 'keep-secret':
      return; // for the logger only
    default:
      message satisfies never;
  }
}

function retire({ role, workerId }: Extract<ToChild, { type: 'retire' }>, hearers: Hearers): void {
  if (role === 'sql') hearers.sqlSlots.retire(workerId);
  else if (role === 'dsl') hearers.dslStock.retire(workerId);
  else hearers.send({ type: 'retired', workerId, accepted: true }); // nothing here uses it
}

/** Takes new connections. Everything cached about stale ones is dropped at once: their names now mean another database, or none. */
function changeConnections(
  { connections, stale, revision }: Extract<ToChild, { type: 'connections-changed'; to: 'server' }>,
  { run, servers, send }: Hearers,
): void {
  servers.renewCertificates(); // this message is what a reload is here, when no process is replaced
  run.knownFunctions.forget(stale);
  run.connections.change(connections);
  run.planner.setConnections(connections);
  send({ type: 'connections-taken', revision, unreachable: [] });
}

function isSql(address: WorkerAddress): address is Extract<WorkerAddress, { role: 'sql' }> {
  return address.role === 'sql';
}

function isDsl(address: WorkerAddress): address is Extract<WorkerAddress, { role: 'dsl' }> {
  return address.role === 'dsl';
}

function endedForMemory({ code, message }: Extract<ToChild, { type: 'end-query' }>): QueryError {
  if (code === 'memory-exceeded') return new QueryError(code, message, { hint: 'Ask for less at once.' });
  const hint = 'Send it again when the server is less busy, or ask for less at once.';
  return new QueryError(code, message, { hint, retryAfterSeconds: RETRY_AFTER_PRESSURE_SECONDS });
}

function abortAll(registry: QueryRegistry): void {
  const error = new QueryError('draining', 'the server stopped before this query ended', {
    retryAfterSeconds: 1,
  });
  for (const query of registry.running()) query.cancellation.cancel(error);
}
