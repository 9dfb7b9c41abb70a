/**
 * `npm run test:oracle -- [--runs n] [--seed n] [--differences n]`: as many random pipelines as one likes, in a database of
 * its own. Prints what was placed; with a difference, the shrunk query and both sides of it, and exits with 1.
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Plan } from '../../core/protocol/plan.ts';
import { openCluster } from '../../demo/cluster.ts';
import { createTypes } from './data.ts';
import { Engines } from './engines.ts';
import { type Difference, runOracle, type Tally } from './oracle.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '2000' },
    seed: { type: 'string', default: String(Math.trunc(Math.random() * 2 ** 31)) },
    differences: { type: 'string', default: '1' },
  },
});
const [runs, seed, maxDifferences] = [values.runs, values.seed, values.differences].map(Number);
process.exitCode = await main(runs!, seed!, maxDifferences!);

async function main(wanted: number, seedOfAll: number, most: number): Promise<number> {
  const dataDir = await mkdtemp(join(tmpdir(), 'forkline-oracle-db-'));
  await chmod(dataDir, 0o711); // under root the server runs as another user
  const cluster = await openCluster({
    dataDir,
    maxConnections: 10,
    settings: { fsync: 'off' },
    onProgress: () => {},
    onTrouble: (line) => console.error(line),
  });
  const engines = await Engines.open(cluster.adminUrl);
  await createTypes(engines.client);
  let differences = 0;
  let shown = 0;
  try {
    console.log(`seed ${seedOfAll}, ${wanted} pipelines`);
    const tally = await runOracle(engines, {
      runs: wanted,
      seed: seedOfAll,
      maxDifferences: most,
      onDifference(difference, data) {
        differences++;
        print(difference, data);
      },
      onProgress({ pipelines }) {
        if (pipelines - shown < 1000) return;
        shown = pipelines;
        console.log(`${pipelines} pipelines`);
      },
    });
    summarize(tally);
    console.log(`${tally.pipelines} pipelines, ${differences} differences, seed ${seedOfAll}`);
    return differences === 0 ? 0 : 1;
  } finally {
    await engines.close();
    await cluster.stop();
    await rm(cluster.home.dir, { recursive: true, force: true });
    await rm(dataDir, { recursive: true, force: true });
  }
}

function print({ query, what, placed, local, outcomes }: Difference, data: string): void {
  console.log(`\nDIFFERENCE: ${what}\n\nquery:\n${query}\n\nrows:\n${data}\n`);
  for (const [name, plan] of [
    ['worker', local],
    ['database', placed],
  ] as const) {
    console.log(`-- ${name}\n${plan === null ? '' : sqlOf(plan)}`);
    const outcome = outcomes?.[name === 'worker' ? 0 : 1];
    if (outcome === undefined) continue;
    console.log(
      outcome.kind === 'rows'
        ? outcome.rows.map((row) => JSON.stringify(row)).join('\n')
        : `${outcome.kind}: ${outcome.message}`,
    );
    console.log();
  }
}

function sqlOf({ sources, worker }: Plan): string {
  const parts = sources.map(({ sql }) => sql);
  return [...parts, ...(worker === null ? [] : [`-- then\n${worker.sql}`])].join('\n');
}

function summarize(tally: Tally): void {
  const names = [...new Set([...tally.placed.keys(), ...tally.left.keys()])].sort();
  for (const name of names)
    console.log(
      `${name.padEnd(12)} in the database ${tally.placed.get(name) ?? 0}, in the worker ${tally.left.get(name) ?? 0}`,
    );
  const reasons = [...tally.reasons].sort((a, b) => b[1] - a[1]).slice(0, 25);
  for (const [why, count] of reasons) console.log(`${String(count).padStart(6)} x ${why}`);
  console.log(
    `wholly in the database ${tally.wholly}, wholly in the worker ${tally.local}, failed ${tally.failed}, failed in one place for a value that nobody needed ${tally.excused}`,
  );
}
