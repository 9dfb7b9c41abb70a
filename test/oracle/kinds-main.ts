/**
 * `npm run test:oracle:kinds -- [--runs n] [--seed n] [--differences n] [--kinds spark,mariadb]`: random pipelines on PostgreSQL, MariaDB, SQLite, Parquet and
 * (where FORKLINE_SPARK names one) Spark against the stage engine, on servers of its own. Prints what was placed; with a
 * difference, the shrunk query, and exits with 1.
 */
import { parseArgs } from 'node:util';
import { runKinds } from './kinds.ts';
import type { KindName } from './kinds-data.ts';
import { openKinds, USUAL_KINDS } from './kinds-servers.ts';

const usual = process.env.FORKLINE_SPARK === undefined ? USUAL_KINDS : [...USUAL_KINDS, 'spark' as const];
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000' },
    seed: { type: 'string', default: String(Math.trunc(Math.random() * 2 ** 31)) },
    differences: { type: 'string', default: '1' },
    kinds: { type: 'string', default: usual.join(',') },
  },
});
const [runs, seed, maxDifferences] = [values.runs, values.seed, values.differences].map(Number);

const servers = await openKinds(
  {
    skip() {
      throw new Error(
        'a server is missing: MariaDB (apt-get install --no-install-recommends mariadb-server), or Spark (FORKLINE_SPARK), as said above',
      );
    },
  },
  values.kinds.split(',') as KindName[],
);
try {
  console.log(`seed ${seed}, ${runs} pipelines on ${servers.kinds.map(({ name }) => name).join(', ')}`);
  let differences = 0;
  let shown = 0;
  const tally = await runKinds(servers.postgres, servers.kinds, {
    ...{ runs: runs!, seed: seed!, maxDifferences: maxDifferences! },
    onDifference({ kind, pushdown, query, what, plan, table }) {
      differences++;
      console.log(
        `\nDIFFERENCE on ${kind}, pushdown ${pushdown}: ${what}\n\n${query}\n\n${table.join(';\n')}\n`,
      );
      console.log(
        [...(plan?.sources ?? []).map(({ sql }) => sql), plan?.worker?.sql ?? ''].join('\n-- then\n'),
      );
    },
    onProgress({ pipelines }) {
      if (pipelines - shown < 100) return;
      shown = pipelines;
      console.log(`${pipelines} pipelines`);
    },
  });
  for (const [kind, ran] of tally.ran)
    console.log(
      `${kind}: ${ran} pipelines, a stage placed in ${tally.placed.get(kind) ?? 0}, all of them in ${tally.wholly.get(kind) ?? 0}`,
    );
  for (const [stage, times] of [...tally.stages].sort()) console.log(`  ${stage}: ${times}`);
  console.log(
    `${tally.pipelines} pipelines, ${differences} differences, seed ${seed}; ${tally.failed} failed, ${tally.excused} failed in one place for a value that nobody needed`,
  );
  process.exitCode = differences === 0 ? 0 : 1;
} finally {
  await servers.close();
}
