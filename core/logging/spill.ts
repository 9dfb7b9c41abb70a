/**
 * Spill files: lines that could not reach the logger over its socket, one batch a file. A batch is written under a
 * temporary name and then renamed, so that the logger only ever sees whole batches and may delete what it has
 * merged without asking anybody. The number orders a stream's batches.
 */
import { closeSync, openSync, readdirSync, renameSync, statSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';

export interface SpillName {
  readonly process: string;
  readonly stream: string;
  readonly batch: number;
}

const SPILL = /^spill-(.+)-([0-9a-z]{8})-(\d{8})\.log$/;

export function spillFileName({ process, stream, batch }: SpillName): string {
  return `spill-${process}-${stream}-${String(batch).padStart(8, '0')}.log`;
}

export function parseSpillFileName(file: string): SpillName | null {
  const match = SPILL.exec(file);
  if (match === null) return null;
  return { process: match[1]!, stream: match[2]!, batch: Number(match[3]) };
}

/** The folder of the files that go round the log socket, in a run directory. */
export function rawDirOf(runDir: string): string {
  return join(runDir, 'raw');
}

/** Bytes of a stream's batches that the logger has not merged yet; throws when the directory cannot be read. */
export function spilledBytes(rawDir: string, stream: string): number {
  let bytes = 0;
  for (const file of readdirSync(rawDir)) {
    if (parseSpillFileName(file)?.stream !== stream) continue;
    bytes += statSync(join(rawDir, file), { throwIfNoEntry: false })?.size ?? 0; // else merged just now
  }
  return bytes;
}

/** Writes one batch, synchronously; throws (and leaves nothing behind) when the disk refuses. */
export function writeSpill(rawDir: string, name: SpillName, lines: readonly string[]): void {
  const path = join(rawDir, spillFileName(name));
  const temporary = `${path}.tmp`;
  const bytes = Buffer.from(lines.join(''));
  const fd = openSync(temporary, 'w', 0o600);
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
    closeSync(fd);
    renameSync(temporary, path);
  } catch (thrown) {
    discard(fd, temporary);
    throw thrown;
  }
}

function discard(fd: number, temporary: string): void {
  for (const undo of [() => closeSync(fd), () => unlinkSync(temporary)]) {
    try {
      undo();
    } catch {
      // Already closed or already gone; the error that matters is the caller's.
    }
  }
}
