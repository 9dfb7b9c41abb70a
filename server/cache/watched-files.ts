/** Files that hold what an answer was made from: as long as they stay as they are, it is right. */
import { stat } from 'node:fs/promises';
import type { WatchedFile } from '../results/entry.ts';

/** A file system notes the time of a change this much too early at most: it takes that of the last tick of the kernel's clock. */
const TICK_MS = 20n;
const NS_PER_MS = 1_000_000n;

/** Returns the files as they are, when nothing has changed them since `startedAt`; null otherwise. A file that is not there may come. */
export async function filesSince(
  paths: readonly string[],
  startedAt: number,
): Promise<readonly WatchedFile[] | null> {
  const latestNs = (BigInt(startedAt) - TICK_MS) * NS_PER_MS;
  const all = [...new Set(paths)];
  const found = await Promise.all(all.map(lookAt));
  if (found.some((each) => each !== null && each.changedNs >= latestNs)) return null;
  return all.map((path, index) => ({ path, stamp: found[index]?.stamp ?? null }));
}

export async function areUnchanged(files: readonly WatchedFile[]): Promise<boolean> {
  const found = await Promise.all(files.map(({ path }) => lookAt(path)));
  return files.every(({ stamp }, index) => (found[index]?.stamp ?? null) === stamp);
}

interface Look {
  readonly stamp: string;
  readonly changedNs: bigint;
}

/** Returns null for a file that is not there, or cannot be looked at. */
async function lookAt(path: string): Promise<Look | null> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return {
      stamp: `${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`,
      changedNs: mtimeNs > ctimeNs ? mtimeNs : ctimeNs,
    };
  } catch {
    return null;
  }
}
