/**
 * The whole configuration: one file (forkline.config.json) and FORKLINE_* variables over it, validated with all
 * errors at once, secrets resolved from `env:NAME` and `file:/path` references, frozen. Nothing else reads
 * process.env. What may be set, and what is true of each value, stands in schema.ts.
 */
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import type { z } from 'zod';
import { STANDARD_OUTPUT } from '../logging/standard-output.ts';
import type { AuditConfig } from '../protocol/audit-config.ts';
import type { ConfiguredConnection } from '../protocol/connection.ts';
import type { CacheRule, SharedCacheConfig } from '../protocol/results-config.ts';
import type { Policy } from '../protocol/rights.ts';
import type {
  EncryptionConfig,
  Limits,
  PlannerConfig,
  StoreConfig,
  TlsConfig,
  TracingConfig,
} from '../protocol/server-config.ts';
import { type AccessConfig, completeAccess, NO_POLICY, policyIn } from './access.ts';
import { completeAudit } from './audit.ts';
import { NO_RULES, type ReadRules, readCacheRules } from './cache-rules.ts';
import { contradictions, implicitDefault } from './contradictions.ts';
import { dataDirOfBrokenFile, dataDirOfValues } from './data-dir.ts';
import { logFileProblem } from './log-file.ts';
import type { Origins } from './read.ts';
import type { ConfigSchema } from './schema.ts';
import { completeTls } from './tls.ts';

export interface Config {
  readonly listen: {
    readonly host: string;
    readonly port: number;
    /** Absolute; null: none but that of the commands. */
    readonly socket: string | null;
    readonly socketMode: '600' | '660';
  };
  readonly tls: TlsConfig | null;
  readonly access: AccessConfig;
  /** null: queries are not taken encrypted. */
  readonly encryption: EncryptionConfig | null;
  readonly cors: { readonly origins: readonly string[] };
  /** Absolute. The embedded database, and the file that a later start finds an earlier run's leftovers by. */
  readonly dataDir: string;
  /** Empty when no database is named: `forkline start` then brings up the embedded one as `main`. */
  readonly connections: Readonly<Record<string, ConfiguredConnection>>;
  readonly defaultConnection: string;
  /** The names of those connections that the catalogue keeps; the monitor adds them (monitor/stored-connections.ts). */
  readonly storedConnections: readonly string[];
  /** Absolute: directories below which connections of the catalogue may read files. */
  readonly storeDirectories: readonly string[];
  /** The interval in which contracts of models are checked, also in the store of the embedded database. */
  readonly driftCheckSeconds: number;
  /** null: no store is named. */
  readonly store: StoreConfig | null;
  readonly limits: Limits;
  readonly sql: {
    readonly processes: number;
    readonly connectionsPerProcess: number;
    readonly acquireTimeoutMs: number;
    readonly maxQueriesPerWorker: number;
    readonly maxAgeMs: number;
    readonly maxRssBytes: number;
    readonly roleIdleMs: number;
  };
  readonly dsl: {
    /** Absolute: where the engine's extensions are. */
    readonly extensionDirectory: string;
    /** Whether the processes run in a sandbox: where it works, always, or never. */
    readonly sandbox: 'auto' | 'require' | 'off';
    /** Ready and idle processes that the monitor keeps. */
    readonly spares: number;
    /** The most that run at once. */
    readonly max: number;
    readonly reuse: 'auto' | 'never';
    readonly maxQueriesPerWorker: number;
    readonly maxAgeMs: number;
    readonly maxRssBytes: number;
    readonly threads: number;
    /** Hard limit around the process (prlimit --data). */
    readonly dataLimitBytes: number;
  };
  readonly planner: PlannerConfig;
  readonly results: {
    readonly maxBytes: number;
    readonly maxEntries: number;
    readonly maxEntryBytes: number;
    readonly memoryBytes: number;
  };
  readonly cache: {
    readonly mode: 'off' | 'on';
    readonly minMs: number;
    readonly maxAgeMs: number;
    readonly staleWhileRevalidateMs: number;
    readonly staleIfErrorMs: number;
    readonly shared: SharedCacheConfig | null;
    readonly listen: readonly string[];
    readonly rules: readonly CacheRule[];
  };
  readonly jobs: {
    readonly mode: 'off' | 'on';
    readonly legacyApi: 'off' | 'on';
    readonly maxTimeoutMs: number;
    readonly keepMs: number;
    readonly perPrincipal: number;
    readonly bytesPerPrincipal: number;
  };
  readonly log: {
    readonly file: string;
    readonly level: string;
    readonly maxBytes: number;
    readonly maxFiles: number;
    /** 0: for ever, as far as maxFiles allows. */
    readonly maxAgeDays: number;
    readonly rotateEvery: 'day' | 'never';
    readonly compress: 'gzip' | 'none';
    readonly redactLiterals: 'on' | 'off';
  };
  readonly audit: AuditConfig;
  readonly tracing: TracingConfig;
  readonly monitor: {
    readonly heartbeatTimeoutMs: number;
    readonly bootTimeoutMs: number;
    readonly drainMs: number;
    readonly termAfterMs: number;
    readonly killAfterMs: number;
    readonly uninterruptibleMs: number;
    readonly killRssBytes: number;
    readonly killPssBytes: number;
    readonly openFilesWarnPercent: number;
    readonly openFilesKillPercent: number;
    readonly memoryStopForkPercent: number;
    readonly memoryKillPercent: number;
    readonly memorySettleMs: number;
  };
}

export interface ConfigSources {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** From --config; relative to cwd. */
  readonly file?: string | undefined;
  /** The number of cores that defaults are computed for; this machine's when left out. */
  readonly cores?: number;
}

/** The one place that reads process.env. */
export function environment(): ConfigSources['env'] {
  return process.env;
}

/** The mistakes that prevent a start. A running server can be found all the same where `dataDir` is known. */
export interface ConfigMistakes {
  readonly errors: readonly string[];
  readonly dataDir: string | null;
}

export type LoadedConfig = { readonly config: Config } | ConfigMistakes;

/** Never throws for what a user wrote: every mistake is a line in `errors`, all of them at once. */
export async function loadConfig(sources: ConfigSources): Promise<LoadedConfig> {
  const { cwd, env, cores = availableParallelism() } = sources;
  // Imported only now: these load zod, and whoever just wants the type should not pay for it.
  const { createConfigSchema } = await import('./schema.ts');
  const { listOptions } = await import('./option.ts');
  const { readConfigFile, overlayVariables } = await import('./read.ts');
  const { resolveConnections } = await import('./connections.ts');
  const { describeIssues } = await import('./errors.ts');
  const { resolveStore } = await import('./store.ts');
  const { resolveEncryption } = await import('./encryption.ts');
  const schema = createConfigSchema({ cores });
  const options = listOptions(schema);
  const file = readConfigFile(cwd, env, sources.file);
  if ('error' in file) return { errors: [file.error], dataDir: dataDirOfBrokenFile(file, cwd, env) };
  const { values, origins, errors } = overlayVariables(file, cwd, env, options);
  const { connections, errors: connectionErrors } = resolveConnections(file, cwd, env);
  errors.push(...connectionErrors);
  const parsed = schema.safeParse(values);
  if (!parsed.success) errors.unshift(...describeIssues(parsed.error, values, options, origins));
  else
    errors.push(
      ...logFileProblems(logFileIn(cwd, parsed.data.log.file), origins),
      ...contradictions(parsed.data, Object.keys(connections), connectionErrors.length > 0, options),
    );
  const store = parsed.success ? resolveStore(parsed.data.store, file, cwd, env) : null;
  if (store !== null && 'error' in store) errors.push(store.error);
  const { resolveSecrets } = await import('./secrets.ts');
  errors.push(...resolveSecrets(file, cwd, env).errors);
  const encryption = parsed.success
    ? resolveEncryption(parsed.data.encryption, dataDirIn(parsed.data, cwd), file, cwd, env)
    : null;
  if (encryption !== null && 'errors' in encryption) errors.push(...encryption.errors);
  const { resolveSharedCache } = await import('./shared-cache.ts');
  const shared = parsed.success ? resolveSharedCache(parsed.data.cache, file, cwd, env) : null;
  if (shared !== null && 'errors' in shared) errors.push(...shared.errors);
  const policy = parsed.success ? policyIn(parsed.data, connections) : NO_POLICY;
  const rules = parsed.success ? rulesIn(parsed.data, cwd, Object.keys(connections)) : NO_RULES;
  if (connectionErrors.length === 0) errors.push(...policy.errors, ...rules.errors);
  if (!parsed.success || errors.length > 0) {
    const told = errors.map((line) => addFile(line, file.path));
    return { errors: told, dataDir: dataDirOfValues(values, cwd) };
  }
  // A mistake of one of them is among `errors`.
  const found = {
    connections,
    store: store as StoreConfig | null,
    encryption: encryption as EncryptionConfig | null,
    shared: shared as SharedCacheConfig | null,
    policy: policy.policy,
    rules: rules.rules,
  };
  return { config: deepFreeze(complete(parsed.data, found, cwd)) };
}

type ParsedConfig = z.output<ConfigSchema>;

/** The parts of a configuration that are read from further files and variables. */
type FoundConfig = Pick<Config, 'connections' | 'store' | 'encryption'> & {
  readonly shared: SharedCacheConfig | null;
  readonly policy: Policy | null;
  readonly rules: readonly CacheRule[];
};

function complete(
  parsed: ParsedConfig,
  { connections, store, encryption, policy, rules, shared }: FoundConfig,
  cwd: string,
): Config {
  const dataLimitBytes = parsed.dsl.dataLimitBytes ?? dataLimit(parsed.limits.dslMemoryBytes);
  // Resident is also what is mapped from files, which the data limit leaves out.
  const killBytes = dataLimitBytes + 1024 ** 3;
  const { minMs, maxAgeMs, staleWhileRevalidateMs, staleIfErrorMs, mode, listen } = parsed.cache;
  const { secrets: __, ...others } = parsed; // only the process that reads stored connections gets these
  return {
    ...others,
    cache: { mode, minMs, maxAgeMs, staleWhileRevalidateMs, staleIfErrorMs, listen, shared, rules },
    access: completeAccess(parsed.access, policy),
    encryption,
    dataDir: dataDirIn(parsed, cwd),
    connections,
    storedConnections: [],
    storeDirectories: parsed.store.directories,
    driftCheckSeconds: parsed.store.driftCheckSeconds,
    store,
    defaultConnection: parsed.defaultConnection ?? implicitDefault(Object.keys(connections)) ?? 'main',
    dsl: { ...parsed.dsl, dataLimitBytes, extensionDirectory: extensionDirIn(parsed, cwd) },
    log: { ...parsed.log, file: logFileIn(cwd, parsed.log.file) },
    monitor: {
      ...parsed.monitor,
      killRssBytes: parsed.monitor.killRssBytes ?? killBytes,
      killPssBytes: parsed.monitor.killPssBytes ?? killBytes,
    },
    listen: { ...parsed.listen, socket: parsed.listen.socket ?? null },
    tls: completeTls(parsed.tls),
    audit: completeAudit(parsed.audit),
    tracing: { ...parsed.tracing, endpoint: parsed.tracing.endpoint ?? null },
  };
}

function dataDirIn({ dataDir }: ParsedConfig, cwd: string): string {
  return resolve(cwd, dataDir);
}

function extensionDirIn(parsed: ParsedConfig, cwd: string): string {
  const { extensionDirectory } = parsed.dsl;
  return extensionDirectory === undefined
    ? join(dataDirIn(parsed, cwd), 'extensions')
    : resolve(cwd, extensionDirectory);
}

/** The rules of the cache's file; none without one. Without configured connections there is the embedded one, `main`. */
function rulesIn({ cache }: ParsedConfig, cwd: string, connections: readonly string[]): ReadRules {
  if (cache.rulesFile === undefined) return NO_RULES;
  return readCacheRules(resolve(cwd, cache.rulesFile), connections.length === 0 ? ['main'] : connections);
}

/** Under the name that the value came by. */
function logFileProblems(file: string, origins: Origins): string[] {
  const problem = logFileProblem(file);
  const variable = origins.get('log.file');
  const where = variable === undefined ? 'log.file' : `${variable} (log.file)`;
  return problem === null ? [] : [`${where}: ${problem}`];
}

function logFileIn(cwd: string, file: string): string {
  return file === STANDARD_OUTPUT ? file : resolve(cwd, file);
}

/**
 * DuckDB with a memory limit of 512 MB was seen to map up to 1.1 GB of data (its limit leaves out the heap of
 * Node, allocator slack and some vectors), and failed with bad_alloc first when it could have 1 GB.
 */
function dataLimit(dslMemoryBytes: number): number {
  return 2 * dslMemoryBytes + 1024 ** 3;
}

/** The file that a line is about, where the line does not say so itself. */
function addFile(line: string, path: string | null): string {
  return path === null || /^(FORKLINE_|DATABASE_URL|\/)/.test(line) ? line : `${path}: ${line}`;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}
