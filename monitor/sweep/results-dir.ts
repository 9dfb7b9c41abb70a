/** The directory of kept results, `<dataDir>/results`. The monitor makes it and removes what a killed run left half written. */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { resultsDir } from '../../core/process/results-dir.ts';

/** Makes the directory ready. Called once a monitor has claimed the data directory, so that no other Forkline writes there. */
export async function prepareResultsDir(dataDir: string, isUsed: boolean): Promise<void> {
  const dir = resultsDir(dataDir);
  if (isUsed) await mkdir(dir, { recursive: true, mode: 0o700 });
  const names = await readdir(dir).catch(() => []); // nothing was ever kept
  const left = names.filter((name) => name.endsWith('.part'));
  await Promise.all(left.map((name) => rm(join(dir, name), { force: true })));
}
