/** Mixed load while processes are killed, stopped and replaced: afterwards nothing is lost, leaked or wrong. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { type AuditReport, AuditVerifier } from '../../core/audit/verify.ts';
import { testDatabase } from '../support/database.ts';
import { type Forkline, SEVERAL_PROCESSES, startForkline } from '../support/forkline.ts';
import { filesOfGoneWorkers, type SoakResult, settled, soak } from '../support/soak.ts';
import { growth, type WatchResult, watchSoak } from '../support/soak-watch.ts';
import { until } from '../support/until.ts';

const SLOTS = 4;

/** `npm run soak -- 10m` sets these; in CI it is a short one with a seed of its own, which a failure prints. */
const DURATION_MS = Number(process.env.FORKLINE_SOAK_MS ?? 0);
const SEED = Number(process.env.FORKLINE_SOAK_SEED ?? Date.now() % 1_000_000);
const MAX_GROWTH = 1.3;
/**
 * The memory of the monitor: its children get an environment of their own. V8 lets the space for new objects grow to 48 MB in steps
 * and collects it rarely, which hides a leak and looks like one.
 */
const SMALL_NURSERY = { NODE_OPTIONS: '--max-semi-space-size=1' };

function report(result: SoakResult, { samples }: WatchResult, logLines: number): void {
  const kinds: Record<string, number> = {};
  for (const fault of result.faults) {
    const kind = fault.replace(/-\d+$/, '');
    kinds[kind] = (kinds[kind] ?? 0) + 1;
  }
  const last = samples.at(-1);
  console.log(
    JSON.stringify(
      {
        seed: SEED,
        seconds: last?.seconds ?? 0,
        queries: result.seen,
        faults: kinds,
        most: {
          processes: Math.max(...samples.map(({ processes }) => processes)),
          backends: Math.max(...samples.map(({ backends }) => backends)),
        },
        monitor: {
          rssBytes: [samples[0]?.monitorRssBytes, last?.monitorRssBytes],
          fds: [samples[0]?.monitorFds, last?.monitorFds],
        },
        logLines,
      },
      null,
      2,
    ),
  );
}

/** Answers are kept for a moment, within bounds that are reached. */
const KEEPING = {
  cache: { mode: 'on', minMs: 0, maxAgeMs: 30_000 },
  results: { maxEntries: 3, maxBytes: 1024 ** 2, memoryBytes: 256 * 1024 },
};

/** Expects that the store of results has what it says, within its bounds, and that nothing half written is left. */
async function expectWithinBounds({ dataDir }: Forkline): Promise<void> {
  const dir = join(dataDir, 'results');
  const sizes = async (): Promise<number[]> => {
    const names = (await readdir(dir)).filter((name) => name !== 'changes.json' && name !== 'jobs');
    return await Promise.all(names.map(async (name) => (await stat(join(dir, name))).size));
  };
  const { maxEntries, maxBytes } = KEEPING.results;
  await until(
    async () => {
      const all = await sizes();
      return all.length <= maxEntries && all.reduce((sum, size) => sum + size, 0) <= maxBytes;
    },
    20_000,
    'kept results are within their bounds',
  );
}

/** The problems of the audit, which was written while processes were killed. */
async function auditOf({ configFile }: Forkline): Promise<AuditReport['problems']> {
  const verifier = new AuditVerifier({ mayBeginLate: false, expected: null });
  const text = await readFile(join(dirname(configFile), 'audit.jsonl'), 'utf8');
  const lines = text.slice(0, text.lastIndexOf('\n')).split('\n');
  for (const [index, line] of lines.entries()) verifier.add(line, `line ${index + 1}`);
  expect(lines.length).to.be.above(60);
  return verifier.finish().problems;
}

describe('a soak with random faults', function () {
  this.timeout(180_000 + 2 * DURATION_MS);

  it(`ends with every query answered or refused by a typed error, and everything back (seed ${SEED})`, async () => {
    const database = await testDatabase();
    await using forkline = await startForkline(
      {
        ...SEVERAL_PROCESSES,
        monitor: { heartbeatTimeoutMs: 1500 },
        audit: { file: './audit.jsonl' },
        ...KEEPING,
      },
      { env: SMALL_NURSERY },
    );
    const watch = watchSoak(forkline, database);
    const length = DURATION_MS > 0 ? { durationMs: DURATION_MS } : { queries: 200 };
    const result = await soak(forkline, database, { ...length, seed: SEED });
    const { unexpected, seen, faults } = result;
    const watched = await watch.stop();
    expect(watched.violations).to.deep.equal([]);
    expect(unexpected, `after ${faults}`).to.deep.equal([]);
    expect(seen.ok, JSON.stringify(seen)).to.be.above(30);
    expect(seen.kept, JSON.stringify(seen)).to.be.above(0);
    await settled(forkline, database, SLOTS);
    await expectWithinBounds(forkline);
    expect(await filesOfGoneWorkers(forkline)).to.deep.equal([]);
    const lines = (await forkline.logLines()).map((line) => JSON.parse(line) as { event: string });
    expect(lines.filter(({ event }) => event === 'internal-error')).to.deep.equal([]);
    expect(lines.filter(({ event }) => event === 'uncaught-exception')).to.deep.equal([]);
    expect(await auditOf(forkline)).to.deep.equal([]);
    if (DURATION_MS === 0) return;
    report(result, watched, lines.length);
    expect(
      growth(watched.samples, (sample) => sample.monitorRssBytes),
      'RSS of the monitor',
    ).to.be.below(MAX_GROWTH);
    expect(
      growth(watched.samples, (sample) => sample.monitorFds),
      'its open files',
    ).to.be.below(MAX_GROWTH);
  });
});
