/**
 * The options of the configuration: one zod schema, from which the file is checked, the FORKLINE_* variables are known and
 * docs/configuration.md is written (a test holds them together). It mirrors `Config`, except that paths are still
 * relative and secrets still references. zod costs 14 MB of memory, so only core/config/config.ts imports this file,
 * when it loads, and `forkline start` loads in a process that ends at once (cli/config-process.ts).
 */

import { z } from 'zod';
import { STANDARD_OUTPUT } from '../logging/standard-output.ts';
import { MAX_POOL_SIZE } from '../protocol/pool-sizes.ts';
import { connectionOptions } from './connection-kinds.ts';
import { DATA_DIR_VARIABLE, DEFAULT_DATA_DIR } from './data-dir.ts';
import { encryptionOptions } from './encryption.ts';
import { choice, GIB, group, KIB, MIB, number, path, size, url } from './option.ts';
import { accessOptions, connectionLimits, corsOptions, listenOptions, tlsOptions } from './schema-access.ts';
import { auditOptions } from './schema-audit.ts';
import { budgetOptions } from './schema-budgets.ts';
import { monitorOptions } from './schema-monitor.ts';
import { plannerOptions } from './schema-planner.ts';
import { cacheOptions, jobsOptions, resultsOptions } from './schema-results.ts';
import { dslOptions, sqlLifeOptions } from './schema-workers.ts';
import { secretOptions } from './secrets.ts';
import { storeOptions } from './store.ts';

/** With fewer in flight a worker waits more than it works, and on few cores `dsl.max` queries with stages had no room. */
const LEAST_CONNECTIONS = 4;

export interface Machine {
  readonly cores: number;
}

export function createConfigSchema({ cores }: Machine) {
  const sqlProcesses = Math.max(2, Math.min(4, cores));
  return z.strictObject({
    listen: listenOptions(),
    tls: tlsOptions(),
    access: accessOptions(),
    encryption: encryptionOptions(),
    cors: corsOptions(),
    dataDir: path(
      DATA_DIR_VARIABLE,
      'Where the embedded database and the state of the run are kept.',
      DEFAULT_DATA_DIR,
    ),
    connections: z.record(z.string(), connectionOptions()).default({}),
    defaultConnection: z.string().optional().meta({
      variable: 'FORKLINE_DEFAULT_CONNECTION',
      about: 'The connection of a query that names none.',
      example: 'main',
      defaultText: '`main`, or the only one',
    }),
    secrets: secretOptions(),
    store: storeOptions(),
    limits: limitOptions(),
    sql: group({
      processes: number(
        'FORKLINE_SQL_PROCESSES',
        'SQL worker processes.',
        1,
        MAX_POOL_SIZE.sql,
        sqlProcesses,
        'cores, 2 to 4',
      ),
      connectionsPerProcess: number(
        'FORKLINE_SQL_CONNECTIONS',
        'Database connections that each SQL worker keeps open for each named connection.',
        1,
        256,
        Math.max(LEAST_CONNECTIONS, Math.floor((2 * cores + 1) / sqlProcesses)),
        `(2 x cores + 1) / processes, at least ${LEAST_CONNECTIONS}`,
      ),
      acquireTimeoutMs: number(
        'FORKLINE_SQL_ACQUIRE_TIMEOUT_MS',
        'The most that a query waits for a free connection.',
        1,
        3_600_000,
        5000,
      ),
      roleIdleMs: number(
        'FORKLINE_SQL_ROLE_IDLE_MS',
        "Time after which an unused database connection of a role's own login is closed; those of a connection with one login stay open.",
        1,
        86_400_000,
        60_000,
      ),
      ...sqlLifeOptions(),
    }),
    dsl: dslOptions(cores),
    planner: plannerOptions(cores),
    results: resultsOptions(),
    cache: cacheOptions(),
    jobs: jobsOptions(),
    log: group({
      file: path(
        'FORKLINE_LOG_FILE',
        'The one log file of all processes, a regular file; `-`: standard output, for containers.',
        './logs/forkline.log',
        STANDARD_OUTPUT,
      ),
      level: choice(
        'FORKLINE_LOG_LEVEL',
        'Least level that is written.',
        ['debug', 'info', 'warn', 'error'],
        'info',
      ),
      maxBytes: size(
        'FORKLINE_LOG_MAX_BYTES',
        'The file is rotated when it would grow past this.',
        64 * KIB,
        64 * MIB,
      ),
      maxFiles: number('FORKLINE_LOG_MAX_FILES', 'Files kept, the current one included.', 1, 1000, 5),
      maxAgeDays: number(
        'FORKLINE_LOG_MAX_AGE_DAYS',
        'Days that a rotated file is kept; 0: as long as `log.maxFiles` allows.',
        0,
        36_500,
        30,
      ),
      rotateEvery: choice(
        'FORKLINE_LOG_ROTATE_EVERY',
        'Whether the first line of a new day (UTC) rotates the file too.',
        ['day', 'never'],
        'day',
      ),
      compress: choice('FORKLINE_LOG_COMPRESS', 'How rotated files are kept.', ['gzip', 'none'], 'gzip'),
      redactLiterals: choice(
        'FORKLINE_LOG_REDACT_LITERALS',
        'Whether literals of queries, and what errors quote, stay out of the log.',
        ['off', 'on'],
        'off',
      ),
    }),
    audit: auditOptions(),
    tracing: tracingOptions(),
    monitor: monitorOptions(),
  });
}

function limitOptions() {
  return group({
    queryBytes: size('FORKLINE_QUERY_BYTES', 'Longest query text.', 1, MIB),
    resultRows: number(
      'FORKLINE_RESULT_ROWS',
      'Most rows of an answer.',
      1,
      Number.MAX_SAFE_INTEGER,
      10_000_000,
    ),
    resultBytes: size('FORKLINE_RESULT_BYTES', 'Most bytes of an answer.', KIB, 4 * GIB),
    timeoutMs: number('FORKLINE_TIMEOUT_MS', 'Time a query has, for all its phases.', 1, 86_400_000, 30_000),
    maxTimeoutMs: number(
      'FORKLINE_MAX_TIMEOUT_MS',
      'The most time that a query may ask for.',
      1,
      86_400_000,
      300_000,
    ),
    queueLength: number(
      'FORKLINE_QUEUE_LENGTH',
      'Queries waiting; one more is refused with 503.',
      0,
      100_000,
      64,
    ),
    queueWaitMs: number(
      'FORKLINE_QUEUE_WAIT_MS',
      'The most that a query waits for its turn.',
      1,
      3_600_000,
      10_000,
    ),
    perClient: number('FORKLINE_PER_CLIENT', 'Queries in flight of one client address.', 1, 100_000, 64),
    ...budgetOptions(),
    bufferBytes: size(
      'FORKLINE_BUFFER_BYTES',
      'Answers up to this size wait until their status is certain.',
      0,
      256 * KIB,
    ),
    dslMemoryBytes: size(
      'FORKLINE_DSL_MEMORY_BYTES',
      'Memory of the stage engine in one DSL worker.',
      32 * MIB,
      512 * MIB,
    ),
    dslSpillBytes: size('FORKLINE_DSL_SPILL_BYTES', 'Disk that one DSL worker may spill to.', 0, 2 * GIB),
    dslRowBytes: size(
      'FORKLINE_DSL_ROW_BYTES',
      'The longest row: of an answer, and of what stages read.',
      65_536,
      32 * MIB,
    ),
    poisonDeaths: number(
      'FORKLINE_POISON_DEATHS',
      'Deaths of workers under a query, with no success in between, after which it is refused; 0: never.',
      0,
      1000,
      2,
    ),
    poisonMs: number(
      'FORKLINE_POISON_MS',
      'How long a query that kills its workers is refused.',
      1000,
      86_400_000,
      300_000,
    ),
    slowQueryMs: number(
      'FORKLINE_SLOW_QUERY_MS',
      'A query that runs for so long is logged while it runs, and again at its end.',
      1,
      86_400_000,
      5000,
    ),
    ...connectionLimits(),
  });
}

function tracingOptions() {
  return group({
    endpoint: url(
      'FORKLINE_TRACING_ENDPOINT',
      'Where spans are sent: an OTLP/HTTP collector that takes JSON, with its path. Left out: none are.',
      'http://127.0.0.1:4318/v1/traces',
    ),
    samplePercent: number(
      'FORKLINE_TRACING_SAMPLE_PERCENT',
      'How many of the traces that begin here are sent; those that a `traceparent` brings are as it says.',
      0,
      100,
      100,
    ),
  });
}

export type ConfigSchema = ReturnType<typeof createConfigSchema>;
