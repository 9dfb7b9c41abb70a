/**
 * The messages between the monitor and each of its children, over Node's IPC channel: small and JSON-safe.
 * At a child's start the monitor sends `init` and the child answers `ready`; no other message counts before that. A
 * child exits when the channel closes, so that no process survives the monitor.
 */

import type { DslWorkerConfig } from './dsl-worker.ts';
import type { EndCause, KillCause } from './endings.ts';
import type { LoggerConfig } from './logger-config.ts';
import type { PoolSizes } from './pool-sizes.ts';
import type { ServerConfig, ServerConnections } from './server-config.ts';
import type { SqlWorkerConfig } from './sql-worker.ts';
import type { ConnectionsReply, ConnectionsRequest, UnreachableConnection } from './stored-connections.ts';

/** The kind of a process: logger, server, or the name of a pool of workers (monitor/pools/table.ts). */
export type Role = string;

export type ChildConfig =
  | { readonly role: 'logger'; readonly config: LoggerConfig }
  | { readonly role: 'server'; readonly config: ServerConfig }
  | { readonly role: 'sql'; readonly config: SqlWorkerConfig }
  | { readonly role: 'dsl'; readonly config: DslWorkerConfig };

/** The name of a child, and the paths by which it reaches the other processes. */
export interface ChildIdentity {
  readonly role: Role;
  /** The process's unique name (`sql-3`) in this run of Forkline; never used for a second process. */
  readonly workerId: string;
  /** The process's place among those of its role, from 0; its replacement gets the same one. */
  readonly slot: number;
  /** The id of the build, which changes with every build; a child of another build is refused. */
  readonly buildId: string;
  /** The run directory; a sandboxed process's own directory in it. */
  readonly runDir: string;
  readonly logSocket: string;
  /** The process's pid as others see it, for a sandboxed process, which sees another one. */
  readonly pid?: number;
}

export type ToChild =
  /** The first message to a child. A server also gets the listening socket as fd 4 (monitor/children/listen.ts). */
  | {
      readonly type: 'init';
      readonly identity: ChildIdentity;
      readonly child: ChildConfig;
      readonly logLevel: string;
      /** `log.redactLiterals`. */
      readonly redactLiterals: boolean;
    }
  /**
   * Tells the child to finish what runs, take nothing new, and exit with code 0; after `graceMs` the monitor kills it.
   * When a `successor` already serves new clients, a server may let its idle connections linger for a moment.
   */
  | { readonly type: 'stop'; readonly graceMs: number; readonly successor: boolean }
  /** To the logger: reopen the log file, which was moved away. */
  | { readonly type: 'reopen-log' }
  /** To the logger: passwords of a new configuration that must be kept out of the log too. */
  | { readonly type: 'keep-secret'; readonly secrets: readonly string[] }
  /** To the server: the complete list of workers that are ready, and the size of each pool. Sent on every change. */
  | {
      readonly type: 'workers-changed';
      readonly workers: readonly WorkerAddress[];
      readonly sizes: PoolSizes;
    }
  /**
   * To the server: stop using this worker, so that it can be replaced. The server gives a DSL worker up only when it is
   * idle. It sends nothing new to a SQL worker, and replies `retired` when the last query in it has ended.
   */
  | { readonly type: 'retire'; readonly role: Role; readonly workerId: string }
  /**
   * To the server: no further query may be sent to these workers. Each is given up at once, or when its query has ended, with a
   * `release` that says `discard`.
   */
  | { readonly type: 'outdated'; readonly role: Role; readonly workerIds: readonly string[] }
  /** To the server: the configured connections have changed, and every worker uses the new ones already. */
  | {
      readonly type: 'connections-changed';
      readonly revision: number;
      readonly to: 'server';
      readonly connections: ServerConnections;
      /** The names of connections that were removed or lead to another database: everything cached about them is wrong now. */
      readonly stale: readonly string[];
    }
  /** To a SQL or DSL worker: all connections that it uses, as they are configured now. */
  | {
      readonly type: 'connections-changed';
      readonly revision: number;
      readonly to: 'worker';
      readonly connections: WorkerConnections;
    }
  /** To the server: this worker ended although the monitor did not end it (a crash, the OOM killer). */
  | { readonly type: 'worker-lost'; readonly workerId: string; readonly how: string }
  /** To the server: end this query with this error. If the server does not, the monitor kills the query's worker. */
  | {
      readonly type: 'end-query';
      readonly queryId: string;
      readonly code: 'memory-pressure' | 'memory-exceeded';
      readonly message: string;
    }
  | ConnectionsReply
  /** To the server: the reply to `list-processes`. */
  | {
      readonly type: 'processes';
      readonly requestId: number;
      readonly processes: readonly ProcessRow[];
      readonly stats: MonitorStats;
    };

/** Connections as a worker uses them: databases in SQL workers, files in DSL workers. */
export type WorkerConnections = SqlWorkerConfig['connections'] | DslWorkerConfig['files'];

export type FromChild =
  | { readonly type: 'ready'; readonly buildId: string }
  /** The child cannot start; it exits after this message. */
  | { readonly type: 'init-failed'; readonly message: string }
  | { readonly type: 'heartbeat'; readonly queriesServed: number; readonly eventLoopLagMs: number }
  /** From the server: this DSL worker now runs a query until `deadlineAt` (Unix ms). */
  | {
      readonly type: 'lease';
      readonly workerId: string;
      readonly queryId: string;
      /** The principal's id, for log lines. */
      readonly principal: string;
      readonly deadlineAt: number;
    }
  /**
   * From the server: the lease ended. After `discard` the process is never used again. `queryId` is null when the server
   * gives up a worker that was not leased.
   */
  | {
      readonly type: 'release';
      readonly workerId: string;
      readonly queryId: string | null;
      readonly outcome: 'reusable' | 'discard';
      readonly reason: string;
    }
  /**
   * From the server: `waiting` queries wait for a worker of that role; the monitor starts more, up to the pool's size. `isNew`: one of
   * them has just begun to wait; otherwise a worker was given up while they waited.
   */
  | {
      readonly type: 'want-workers';
      readonly role: Role;
      readonly waiting: number;
      readonly isNew: boolean;
    }
  /** From the server: the reply to `retire`. */
  | { readonly type: 'retired'; readonly workerId: string; readonly accepted: boolean }
  /** The reply to `connections-changed`: the child uses the new connections for everything that begins from now on. */
  | {
      readonly type: 'connections-taken';
      readonly revision: number;
      /** New connections whose database could not be reached; the worker keeps trying to open their sessions. */
      readonly unreachable: readonly UnreachableConnection[];
    }
  | ConnectionsRequest
  | { readonly type: 'list-processes'; readonly requestId: number };

export type { UnreachableConnection };

export type WorkerAddress =
  | {
      readonly role: 'sql';
      readonly workerId: string;
      readonly pid: number;
      readonly socketPath: string;
      readonly slots: number;
    }
  | {
      readonly role: 'dsl';
      readonly workerId: string;
      readonly pid: number;
      readonly socketPath: string;
      readonly fifoPath: string;
    };

export type ProcessState = 'starting' | 'ready' | 'busy' | 'draining' | 'killing';

/** One line of GET /v1/processes. */
export interface ProcessRow {
  /** The process's role; `monitor` for the monitor itself, `database` for the embedded database. */
  readonly role: Role;
  readonly workerId: string;
  readonly slot: number;
  readonly pid: number;
  readonly ppid: number;
  /** Whether the process runs in a sandbox. */
  readonly sandboxed: boolean;
  /** The process's state as the monitor sees it. */
  readonly state: ProcessState;
  /** The kernel's letter for the process's state (R, S, D, T, t, Z); null where there is no /proc. */
  readonly kernelState: string | null;
  /** CPU time since the last sample in percent of one core; above 100 for a process that uses several. */
  readonly cpuPercent: number | null;
  /** User and system time since its start. */
  readonly cpuSeconds: number | null;
  readonly rssBytes: number | null;
  /** Private memory plus a proportional share of shared memory; measured seldom, and null before the first time. */
  readonly pssBytes: number | null;
  readonly openFiles: number | null;
  readonly openFilesLimit: number | null;
  /** The kernel function that the process sleeps in; null while it runs, and where the kernel does not tell. */
  readonly wchan: string | null;
  /** The longest delay of the event loop in the last second; null before the first heartbeat, and without an event loop. */
  readonly eventLoopLagMs: number | null;
  readonly ageMs: number;
  /** Since the process's start: for a server, all queries that ended, as in forkline_queries_total; for a SQL worker, statements. */
  readonly queriesServed: number;
  /** The query that the worker is leased to now. */
  readonly queryId: string | null;
}

/** A query that a process works on, as the server tells it beside the process's row. */
export interface WorkedQuery {
  readonly queryId: string;
  readonly connection: string;
  /** The kind of the connection; null when it is gone by now. */
  readonly kind: string | null;
}

export interface MonitorStats {
  /** The names of the pools of workers. */
  readonly pools: readonly string[];
  /** The number of processes that ended. */
  readonly ends: readonly { readonly role: Role; readonly cause: EndCause; readonly count: number }[];
  /** The number of processes that a signal from the monitor ended; they are counted in `ends` too. */
  readonly kills: readonly { readonly role: Role; readonly cause: KillCause; readonly count: number }[];
  /** Times between spawn and `ready`. `buckets[i]` counts those of at most START_BUCKETS_MS[i], cumulatively. */
  readonly starts: readonly {
    readonly role: Role;
    readonly count: number;
    readonly totalMs: number;
    readonly buckets: readonly number[];
  }[];
  /** The number of workers that were replaced because they reached a limit of queries, age or memory. */
  readonly recycled: readonly { readonly role: Role; readonly limit: RecycleLimit; readonly count: number }[];
  /** The number of queries that found no leased worker ready. */
  readonly warmMisses: number;
  /** The number of zombies now: dead children of our workers that are not reaped, and those that none of our processes may reap. */
  readonly zombies: number;
  /** The number of processes that left their worker's process group and were found by the run's id and killed. */
  readonly straysKilled: number;
  /** The number of processes that SIGKILL did not end and that still exist. */
  readonly unkillable: number;
  /** The last reading; null before the first one, and where the system does not tell. */
  readonly memory: MemoryReading | null;
  /** Whether memory is so short that only indispensable processes are started. */
  readonly forksStopped: boolean;
  readonly reloads: { readonly succeeded: number; readonly failed: number };
  /** The last reading of the configuration; the start counts as the first, successful one. */
  readonly lastReload: { readonly succeeded: boolean; readonly lastSuccessAtUnixMs: number };
  /** User and system time of all processes of a role, including those that have ended. */
  readonly cpu: readonly { readonly role: ProcessRow['role']; readonly seconds: number }[];
}

export type RecycleLimit = 'queries' | 'age' | 'rss' | 'used';

/** The memory of the control group if that has a limit, else of the machine. */
export interface MemoryReading {
  readonly usedBytes: number;
  readonly totalBytes: number;
  readonly source: 'cgroup-v2' | 'cgroup-v1' | 'meminfo';
}

export const START_BUCKETS_MS: readonly number[] = [50, 100, 200, 400, 800, 1600, 3200, 6400, 12_800];
