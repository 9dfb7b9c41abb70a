/**
 * Between the monitor and each of its children, over Node's IPC channel: small JSON-safe messages only.
 * The order at a child's start: `init` to it, then its `ready`; nothing else counts before that. A child exits
 * when the channel closes, so that nothing survives the monitor.
 */

import type { DslWorkerConfig } from './dsl-worker.ts';
import type { EndCause, KillCause } from './endings.ts';
import type { LoggerConfig } from './logger-config.ts';
import type { PoolSizes } from './pool-sizes.ts';
import type { ServerConfig, ServerConnections } from './server-config.ts';
import type { SqlWorkerConfig } from './sql-worker.ts';

/** The kind of a process: logger, server, or the name of a pool of workers (monitor/pools/table.ts). */
export type Role = string;

export type ChildConfig =
  | { readonly role: 'logger'; readonly config: LoggerConfig }
  | { readonly role: 'server'; readonly config: ServerConfig }
  | { readonly role: 'sql'; readonly config: SqlWorkerConfig }
  | { readonly role: 'dsl'; readonly config: DslWorkerConfig };

/** Who a child is and where it finds the others. */
export interface ChildIdentity {
  readonly role: Role;
  /** Names this process among all that ever ran in this run: `sql-3`. Never used again. */
  readonly workerId: string;
  /** 0-based place among those of its role; inherited by its replacement. */
  readonly slot: number;
  /** Changes with every build; a child of another build is refused. */
  readonly buildId: string;
  readonly runDir: string;
  readonly logSocket: string;
}

export type ToChild =
  /** First message. A server also gets the listening socket as fd 4 (see monitor/children/listen.ts). */
  | {
      readonly type: 'init';
      readonly identity: ChildIdentity;
      readonly child: ChildConfig;
      readonly logLevel: string;
      /** `log.redactLiterals`. */
      readonly redactLiterals: boolean;
    }
  /**
   * Finish what runs, take nothing new, then exit 0; past `graceMs` the kill ladder follows. With a `successor`
   * beside it a server need not hurry its idle clients away.
   */
  | { readonly type: 'stop'; readonly graceMs: number; readonly successor: boolean }
  /** To the logger: open the log file anew, it was moved away. */
  | { readonly type: 'reopen-log' }
  /** To the logger: passwords of a new configuration, to be kept out of the log besides those it knows. */
  | { readonly type: 'keep-secret'; readonly secrets: readonly string[] }
  /** To the server: the whole list of workers that are ready now, and the size of each pool. Sent on every change. */
  | {
      readonly type: 'workers-changed';
      readonly workers: readonly WorkerAddress[];
      readonly sizes: PoolSizes;
    }
  /**
   * To the server: stop using this worker, so that it can be replaced. A DSL worker is given up only when it is idle;
   * a SQL worker gets nothing new, and `retired` follows when its last query has ended.
   */
  | { readonly type: 'retire'; readonly role: Role; readonly workerId: string }
  /** To the server: other connections are configured now, and every SQL worker has taken them. */
  | {
      readonly type: 'connections-changed';
      readonly revision: number;
      readonly to: 'server';
      readonly connections: ServerConnections;
      /** Those that were removed or lead elsewhere: what is known of them no longer holds. */
      readonly stale: readonly string[];
    }
  /** To a SQL worker: all connections as they are configured now. */
  | {
      readonly type: 'connections-changed';
      readonly revision: number;
      readonly to: 'worker';
      readonly connections: SqlWorkerConfig['connections'];
    }
  /** To the server: this worker ended, and not because the monitor wanted it (a crash, the OOM killer). */
  | { readonly type: 'worker-lost'; readonly workerId: string; readonly how: string }
  /** To the server: end this query with this error; where it does not, its worker is killed. */
  | {
      readonly type: 'end-query';
      readonly queryId: string;
      readonly code: 'memory-pressure' | 'memory-exceeded';
      readonly message: string;
    }
  /** To the server: the reply to `list-processes`. */
  | {
      readonly type: 'processes';
      readonly requestId: number;
      readonly processes: readonly ProcessRow[];
      readonly stats: MonitorStats;
    };

export type FromChild =
  | { readonly type: 'ready'; readonly buildId: string }
  /** Starting failed for good; the child exits after it. */
  | { readonly type: 'init-failed'; readonly message: string }
  | { readonly type: 'heartbeat'; readonly queriesServed: number; readonly eventLoopLagMs: number }
  /** From the server: this DSL worker now runs a query until `deadlineAt` (Unix ms). */
  | {
      readonly type: 'lease';
      readonly workerId: string;
      readonly queryId: string;
      /** The id of who asks, for log lines. */
      readonly principal: string;
      readonly deadlineAt: number;
    }
  /**
   * From the server: the lease ended. `discard` means: never use this process again; with null as its query it is
   * given up without a lease.
   */
  | {
      readonly type: 'release';
      readonly workerId: string;
      readonly queryId: string | null;
      readonly outcome: 'reusable' | 'discard';
      readonly reason: string;
    }
  /** From the server: queries wait for a leased worker of that role; start more up to the cap. */
  | { readonly type: 'want-workers'; readonly role: Role; readonly waiting: number }
  /** From the server: the reply to `retire`. */
  | { readonly type: 'retired'; readonly workerId: string; readonly accepted: boolean }
  /** The reply to `connections-changed`: it holds for everything that begins from now on. */
  | {
      readonly type: 'connections-taken';
      readonly revision: number;
      /** New connections whose database could not be reached; their sessions are tried again and again. */
      readonly unreachable: readonly UnreachableConnection[];
    }
  | { readonly type: 'list-processes'; readonly requestId: number };

export interface UnreachableConnection {
  readonly connection: string;
  /** The reason, without its secrets. */
  readonly message: string;
}

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
  /** Also `monitor`, and `database` for the embedded one. */
  readonly role: Role;
  readonly workerId: string;
  readonly slot: number;
  readonly pid: number;
  readonly ppid: number;
  /** Where it is in its life, by the monitor. */
  readonly state: ProcessState;
  /** The kernel's letter: R, S, D, T, t, Z; null where there is no /proc. */
  readonly kernelState: string | null;
  /** Of one core over the last sample, 0..100 and above. */
  readonly cpuPercent: number | null;
  /** User and system time since its start. */
  readonly cpuSeconds: number | null;
  readonly rssBytes: number | null;
  /** Its share of what it shares added to what is its own; measured seldom, null until then. */
  readonly pssBytes: number | null;
  readonly openFiles: number | null;
  readonly openFilesLimit: number | null;
  /** The kernel function that it sleeps in; null while it runs and where the kernel does not tell. */
  readonly wchan: string | null;
  /** The worst of the last second; null before its first heartbeat, and for what has no event loop. */
  readonly eventLoopLagMs: number | null;
  readonly ageMs: number;
  /** Since its start. A server's: queries that ended, however, as in forkline_queries_total; a SQL worker's: statements. */
  readonly queriesServed: number;
  /** The query it is leased to now. */
  readonly queryId: string | null;
}

export interface MonitorStats {
  /** The names of the pools of workers. */
  readonly pools: readonly string[];
  /** Processes that ended. */
  readonly ends: readonly { readonly role: Role; readonly cause: EndCause; readonly count: number }[];
  /** Of these, the ones that a signal of the monitor's ended. */
  readonly kills: readonly { readonly role: Role; readonly cause: KillCause; readonly count: number }[];
  /** From spawn to `ready`. `buckets[i]` counts those of at most START_BUCKETS_MS[i], cumulatively. */
  readonly starts: readonly {
    readonly role: Role;
    readonly count: number;
    readonly totalMs: number;
    readonly buckets: readonly number[];
  }[];
  /** Workers replaced because they met one of the limits of their life. */
  readonly recycled: readonly { readonly role: Role; readonly limit: RecycleLimit; readonly count: number }[];
  /** The number of queries that found no leased worker ready. */
  readonly warmMisses: number;
  /** Dead processes that nobody waits for, now: under our workers and those that nobody of ours may reap. */
  readonly zombies: number;
  /** Processes that left their worker's group, found by the run's id and killed. */
  readonly straysKilled: number;
  /** Processes that outlived KILL and are there still. */
  readonly unkillable: number;
  /** null before the first reading, and where there is nothing to read. */
  readonly memory: MemoryReading | null;
  /** Memory is short, so that nothing but what is indispensable is started. */
  readonly forksStopped: boolean;
  readonly reloads: { readonly succeeded: number; readonly failed: number };
  /** The start counts as the first one, and it succeeded. */
  readonly lastReload: { readonly succeeded: boolean; readonly lastSuccessAtUnixMs: number };
  /** User and system time of all processes of a role, those that are gone included. */
  readonly cpu: readonly { readonly role: ProcessRow['role']; readonly seconds: number }[];
}

export type RecycleLimit = 'queries' | 'age' | 'rss' | 'used';

/** Of the control group if it has a limit, else of the machine. */
export interface MemoryReading {
  readonly usedBytes: number;
  readonly totalBytes: number;
  readonly source: 'cgroup-v2' | 'cgroup-v1' | 'meminfo';
}

export const START_BUCKETS_MS: readonly number[] = [50, 100, 200, 400, 800, 1600, 3200, 6400, 12_800];
