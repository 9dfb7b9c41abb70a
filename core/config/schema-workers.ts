/** The options of the SQL and DSL workers: how many there are, and when they are replaced. */
import { z } from 'zod';
import { MAX_POOL_SIZE } from '../protocol/pool-sizes.ts';
import { choice, GIB, group, MIB, number, size, sizeText, whole } from './option.ts';

/** Each worker has limits of its own, up to 10 % off these, so that they do not all go together. */
export function sqlLifeOptions() {
  return {
    maxQueriesPerWorker: number(
      'FORKLINE_SQL_MAX_QUERIES',
      'Queries (+-10 %) after which a SQL worker is replaced.',
      1,
      1_000_000_000,
      100_000,
    ),
    maxAgeMs: number(
      'FORKLINE_SQL_MAX_AGE_MS',
      'Age (+-10 %) after which a SQL worker is replaced.',
      1000,
      604_800_000,
      3_600_000,
    ),
    maxRssBytes: size(
      'FORKLINE_SQL_MAX_RSS_BYTES',
      'Resident memory (+-10 %) above which a SQL worker is replaced.',
      64 * MIB,
      512 * MIB,
    ),
  };
}

export function dslOptions(cores: number) {
  return group({
    spares: number('FORKLINE_DSL_SPARES', 'Ready and idle DSL workers kept.', 0, 64, 2),
    max: number(
      'FORKLINE_DSL_MAX',
      'DSL workers that run at once.',
      1,
      MAX_POOL_SIZE.dsl,
      Math.min(8, 2 * cores),
      '2 x cores, at most 8',
    ),
    reuse: choice(
      'FORKLINE_DSL_REUSE',
      'Whether a DSL worker may serve a second query.',
      ['auto', 'never'],
      'auto',
    ),
    maxQueriesPerWorker: number(
      'FORKLINE_DSL_MAX_QUERIES',
      'Queries after which a DSL worker is replaced.',
      1,
      1_000_000,
      200,
    ),
    maxAgeMs: number(
      'FORKLINE_DSL_MAX_AGE_MS',
      'Age after which an idle DSL worker is replaced.',
      1000,
      604_800_000,
      3_600_000,
    ),
    maxRssBytes: size(
      'FORKLINE_DSL_MAX_RSS_BYTES',
      'Resident memory above which an idle DSL worker is replaced.',
      64 * MIB,
      512 * MIB,
    ),
    threads: number(
      'FORKLINE_DSL_THREADS',
      'Threads of the stage engine in one DSL worker.',
      1,
      64,
      Math.max(1, Math.min(2, Math.floor(cores / 2))),
      'half the cores, 1 to 2',
    ),
    sandbox: choice(
      'FORKLINE_DSL_SANDBOX',
      'Whether DSL workers run in a sandbox (bubblewrap): `auto`: where it works; `require`: nothing starts without it.',
      ['auto', 'require', 'off'],
      'auto',
    ),
    extensionDirectory: z.string().min(1).optional().meta({
      variable: 'FORKLINE_DSL_EXTENSION_DIRECTORY',
      about:
        'Where `forkline extensions install` puts extensions of the stage engine, and DSL workers find them.',
      example: './extensions',
      unit: 'path',
      defaultText: '`extensions` in `dataDir`',
    }),
    dataLimitBytes: whole(256 * MIB, Number.MAX_SAFE_INTEGER)
      .optional()
      .meta({
        variable: 'FORKLINE_DSL_DATA_LIMIT_BYTES',
        about:
          'Hard limit of a whole DSL worker (`prlimit --data`), for what the stage engine does not account for.',
        example: sizeText(2 * GIB),
        unit: 'bytes',
        defaultText: '2 x `limits.dslMemoryBytes` + 1 GiB',
      }),
  });
}
