/** Measures how much disk space the stage engines use now: the files in the spill directory of each DSL worker. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

export interface SpillUsage {
  readonly totalBytes: number;
  /** The bytes of the worker that uses most. */
  readonly largestBytes: number;
}

/** Returns the usage. `workersDir` has a directory for each worker, with `spill` in some. Files that vanish meanwhile count as nothing. */
export async function readSpillUsage(workersDir: string): Promise<SpillUsage> {
  const workers = await namesIn(workersDir);
  const bytes = await Promise.all(workers.map((name) => bytesIn(join(workersDir, name, 'spill'))));
  const totalBytes = bytes.reduce((sum, each) => sum + each, 0);
  return { totalBytes, largestBytes: Math.max(0, ...bytes) };
}

async function bytesIn(directory: string): Promise<number> {
  const sizes = await Promise.all((await namesIn(directory)).map((name) => sizeOf(join(directory, name))));
  return sizes.reduce((sum, each) => sum + each, 0);
}

/** Returns the names in a directory; none when it vanished, as it does when its worker ends. */
async function namesIn(directory: string): Promise<string[]> {
  return readdir(directory).catch(() => []);
}

/** Returns the allocated bytes of a file, not its length: the engine's files have holes. */
async function sizeOf(path: string): Promise<number> {
  const found = await stat(path).catch(() => null); // removed meanwhile
  return found === null ? 0 : found.blocks * 512;
}
