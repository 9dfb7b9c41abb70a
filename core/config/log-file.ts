/**
 * The paths that `log.file` may have: a regular file, or a name for one. A device or a pipe cannot be rotated or searched, and
 * /dev/stdout is something else in each process: in the logger it is the file that its own output is read from.
 */
import { readlinkSync, realpathSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { STANDARD_OUTPUT } from '../logging/standard-output.ts';

/** Places whose entries are other things for other processes; /dev/shm holds files as any directory does. */
const NO_FILES_IN = /^\/(?:dev(?!\/shm\/)|proc|sys)\//;
const MAX_LINKS = 40;

/** Returns the problem of a path (absolute, or "-"), or null. */
export function logFileProblem(path: string): string | null {
  if (path === STANDARD_OUTPUT) return null;
  const kind = kindOf(path);
  if (kind === null) return null;
  return `${JSON.stringify(path)} is ${kind}; the log is a regular file, which is rotated. Name such a file, or "${STANDARD_OUTPUT}" for standard output`;
}

/** null: a regular file, or nothing yet. */
function kindOf(path: string): string | null {
  const [place] = linksOf(path).filter((each) => NO_FILES_IN.test(each));
  if (NO_FILES_IN.test(path)) return 'no file of a disk';
  if (place !== undefined) return `a link to ${place}`;
  try {
    return nameOf(statSync(path));
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException; // fs throws nothing else
    return code === 'ENOTDIR' ? 'below something that is no directory' : null; // the logger reports a path that cannot be read
  }
}

function nameOf(stats: Stats): string | null {
  if (stats.isFile()) return null;
  if (stats.isDirectory()) return 'a directory';
  if (stats.isFIFO()) return 'a named pipe';
  return stats.isSocket() ? 'a socket' : 'a device';
}

/** The path and what it leads to, link by link, each with the links of its directories resolved. */
function linksOf(path: string): string[] {
  const places: string[] = [];
  let next: string | null = path;
  while (next !== null && places.length < MAX_LINKS) {
    const place: string = join(realDirectory(dirname(next)), basename(next));
    places.push(place);
    next = targetOf(place);
  }
  return places;
}

function realDirectory(directory: string): string {
  try {
    return realpathSync(directory);
  } catch {
    return directory; // the file does not exist yet
  }
}

function targetOf(place: string): string | null {
  try {
    return resolve(dirname(place), readlinkSync(place));
  } catch {
    return null; // no link
  }
}
