/** The time of a start with 10,000 kept answers beside one without any. */
import { copyFile, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startForkline } from '../contender/start-forkline.ts';
import type { ScenarioRecord } from '../record.ts';
import { type Bench, inTurns } from '../scenario.ts';
import { ask } from '../verify.ts';

const ENTRIES = 10_000;
const NAME_DIGITS = 48;
const ENTRY = /^[0-9a-f]{48}$/;
const COPIES_AT_ONCE = 50;
const CONFIG = { cache: { mode: 'on', minMs: 0, maxAgeMs: 3_600_000 } } as const;
/** The starts of one kind differ by some per cent. */
const MOST_LATER = 1.1;
const START = 'start to ready';

export async function measureStarts(bench: Bench, record: ScenarioRecord): Promise<void> {
  const { databaseUrl, children, path } = bench;
  const dir = await mkdtemp(join(tmpdir(), 'forkline-loadtest-entries-'));
  try {
    bench.progress(`making ${ENTRIES} entries`);
    await makeEntries(bench, dir);
    const full = async (dataDir: string): Promise<void> => {
      await mkdir(join(dataDir, 'results'), { recursive: true, mode: 0o700 });
      await copyAll(dir, join(dataDir, 'results'), await readdir(dir));
    };
    const kinds = [{ who: `Forkline, ${ENTRIES} entries`, prepare: full }, { who: 'Forkline, none' }];
    await inTurns(
      bench,
      kinds,
      ({ who }) => `start, ${who}`,
      async ({ who, prepare }) => {
        const forkline = await startForkline({
          ...{ databaseUrl, children, path, config: CONFIG },
          ...(prepare && { prepare }),
        });
        await forkline.stop();
        record.add(who, START, 's', forkline.startMs / 1000);
      },
    );
    const [withThem, without] = kinds.map(({ who }) => record.median(who, START)) as [number, number];
    record.check({
      what: `start with ${ENTRIES} kept answers against none`,
      value: withThem / without,
      unit: 'x',
      bound: 'at-most',
      limit: MOST_LATER,
      measured: `${withThem.toFixed(2)} against ${without.toFixed(2)} s`,
    });
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Makes one entry, and copies of it: the name is the key of the answer, and stands nowhere in the file. */
async function makeEntries({ databaseUrl, children, path, signal }: Bench, dir: string): Promise<void> {
  const forkline = await startForkline({ databaseUrl, children, path, config: CONFIG });
  try {
    await ask(forkline.url, JSON.stringify({ query: 'set cache = 1h; select 1 as one' }), signal);
    const results = join(forkline.dataDir, 'results');
    const name = await firstEntry(results, signal);
    const names = Array.from({ length: ENTRIES }, (_, n) => n.toString(16).padStart(NAME_DIGITS, '0'));
    await copyAll(results, dir, names, name);
  } finally {
    await forkline.stop();
  }
}

async function firstEntry(dir: string, signal: AbortSignal): Promise<string> {
  for (;;) {
    signal.throwIfAborted();
    const name = (await readdir(dir)).find((each) => ENTRY.test(each));
    if (name !== undefined) return name;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Copies each of `names`, or `from` for each of them. */
async function copyAll(
  source: string,
  target: string,
  names: readonly string[],
  from?: string,
): Promise<void> {
  for (let at = 0; at < names.length; at += COPIES_AT_ONCE)
    await Promise.all(
      names
        .slice(at, at + COPIES_AT_ONCE)
        .map((name) => copyFile(join(source, from ?? name), join(target, name))),
    );
}
