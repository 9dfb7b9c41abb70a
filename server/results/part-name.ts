/** Names of files that are being written aside. They say which process writes them, so that those of a killed one are found. */
import { randomBytes } from 'node:crypto';
import { pidExists } from '../../core/process/proc.ts';

const PART = /\.(\d+)-[0-9a-f]+\.part$/;

/** Returns a new name for writing the file `path` aside. */
export function partOf(path: string): string {
  return `${path}.${process.pid}-${randomBytes(6).toString('hex')}.part`;
}

/** Tells whether nobody writes the file any more: the process that began it has ended. */
export function isAbandoned(name: string): boolean {
  const pid = PART.exec(name)?.[1];
  return pid !== undefined && Number(pid) !== process.pid && !pidExists(Number(pid));
}
