/** Finds the programs of the system through which children are started, and which they start themselves. */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** The only folders in which children find their programs. */
export const CHILD_PATH = [
  dirname(process.execPath),
  '/usr/local/sbin',
  '/usr/local/bin',
  '/usr/sbin',
  '/usr/bin',
  '/sbin',
  '/bin',
].join(':');

/** Returns the absolute path of a program that children find; null when there is none. */
export async function findExecutable(name: string): Promise<string | null> {
  for (const folder of CHILD_PATH.split(':')) {
    const path = join(folder, name);
    if (await isExecutable(path)) return path;
  }
  return null;
}

function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
