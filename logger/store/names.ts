/**
 * The names of the log's files. The current one is `<file>`; a rotated one is `<file>.<day>.<serial>`, with `.gz` once
 * it is compressed, and never renamed otherwise: serials grow by one with each rotation, whatever the clock does, and
 * are the order of the lines. Beside each lies its index (logger/index/block-record.ts), `<name>.index`.
 */
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

export interface RotatedFile {
  readonly path: string;
  readonly serial: number;
  /** UTC day of its newest lines: `2026-01-31`. */
  readonly day: string;
  readonly compressed: boolean;
}

export const COMPRESSED = '.gz';
const INDEX = '.index';
/** Ending of the name of an unfinished file; a crash may leave one. */
export const UNFINISHED = '.tmp';
const ROTATED = /^\.(\d{4}-\d\d-\d\d)\.(\d{1,15})(\.gz)?$/;

export function rotatedPath(path: string, day: string, serial: number): string {
  return `${path}.${day}.${serial}`;
}

export function indexPath(path: string): string {
  return path + INDEX;
}

/** Newest first; one that is there plain and compressed comes twice, plain first. */
export async function listRotated(path: string): Promise<RotatedFile[]> {
  const base = basename(path);
  const files: RotatedFile[] = [];
  for (const name of await readdir(dirname(path))) {
    if (!name.startsWith(base)) continue;
    const match = ROTATED.exec(name.slice(base.length));
    if (match === null) continue;
    const [, day, serial, gz] = match;
    files.push({
      path: join(dirname(path), name),
      serial: Number(serial),
      day: day!,
      compressed: gz !== undefined,
    });
  }
  return files.sort((a, b) => b.serial - a.serial || Number(a.compressed) - Number(b.compressed));
}

const LEFTOVER = /^(\.\d{4}-\d\d-\d\d\.\d{1,15}(?:\.gz)?)(?:\.index)?(\.tmp)?$/;

/** Lists what a crash or somebody's deletion left: unfinished files, and indexes of rotated files that are gone. */
export async function listLeftovers(path: string): Promise<string[]> {
  const base = basename(path);
  const names = (await readdir(dirname(path))).filter((name) => name.startsWith(base));
  const there = new Set(names);
  const left = names.filter((name) => {
    const match = LEFTOVER.exec(name.slice(base.length));
    if (match === null) return false;
    return match[2] !== undefined || (name.endsWith(INDEX) && !there.has(base + match[1]));
  });
  return left.map((name) => join(dirname(path), name));
}

/** `2026-01-31` of a time in Unix ms. */
export function utcDay(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10);
}
