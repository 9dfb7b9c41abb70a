/**
 * The directories below a root, read as they are needed and remembered with the time of their last change: a directory that
 * has not changed since is not read again, and one that changed in the last moments is not trusted, since a clock may tick
 * too slowly to tell two changes apart. Links that lead out of the root are refused.
 */
import { createReadStream, type Dirent, readdirSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { QueryError } from '../../core/protocol/errors.ts';
import type { Entry, FileTree, Identity } from './file-tree.ts';

interface Remembered {
  readonly stamp: string;
  readonly entries: readonly Entry[];
}

/** A directory's time of change must be older than this before what was read of it is kept. */
const SETTLED_MS = 2000;
const MAX_REMEMBERED = 500_000;

export class LocalTree implements FileTree {
  /** The root with its links resolved. */
  readonly root: string;
  readonly #directories = new Map<string, Remembered>();
  #remembered = 0;

  /** Throws `database-unavailable` when the root is no directory. */
  constructor(root: string) {
    this.root = realRoot(root);
  }

  /** Returns what is in a directory, by its path below the root; null when there is none. Entries have the order of their names. */
  entries(path: string): readonly Entry[] | null {
    const stamp = stampOf(join(this.root, path));
    if (stamp === null) return null;
    const known = this.#directories.get(path);
    if (known !== undefined && known.stamp === stamp.text) return known.entries;
    const entries = this.#read(path);
    if (known !== undefined) this.#forget(path, known);
    if (Date.now() - stamp.changedMs > SETTLED_MS) this.#remember(path, { stamp: stamp.text, entries });
    return entries;
  }

  /** Returns what a path below the root is; null when nothing is there. Throws for links that lead out. */
  kindOf(path: string): Entry['kind'] | 'other' | null {
    const full = join(this.root, path);
    try {
      const real = realpathSync(full);
      this.#refuseOutside(real, path);
      const stat = statSync(real);
      if (stat.isDirectory()) return 'directory';
      return stat.isFile() ? 'file' : 'other';
    } catch (thrown) {
      if (!isMissing(thrown)) throw thrown;
      this.#refuseLinkOut(path);
      return null;
    }
  }

  identify(path: string): Identity {
    try {
      const { dev, ino, size, mtimeNs, ctimeNs } = statSync(this.engineFile(path), { bigint: true });
      return { bytes: Number(size), stamp: `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}` };
    } catch (thrown) {
      throw new QueryError('file-changed', `${path} was removed, or cannot be read any more`, AGAIN, thrown);
    }
  }

  refuseChanged(path: string, before: Identity): void {
    if (this.identify(path).stamp !== before.stamp)
      throw new QueryError('file-changed', `${path} was changed or replaced while it was read`, AGAIN);
  }

  engineFile(path: string): string {
    return join(this.root, path);
  }

  open(path: string): Readable {
    return createReadStream(this.engineFile(path));
  }

  #read(path: string): readonly Entry[] {
    const full = join(this.root, path);
    const found = readdirSync(full, { withFileTypes: true });
    const entries = found.flatMap((entry): Entry[] => {
      const kind = this.#kindOfEntry(entry, path);
      return kind === null ? [] : [{ name: entry.name, kind }];
    });
    return entries.sort((a, b) => compareNames(a.name, b.name));
  }

  /** Pipes, sockets and devices are no data: opening one may wait for ever. */
  #kindOfEntry(entry: Dirent, path: string): Entry['kind'] | null {
    if (entry.isFile()) return 'file';
    if (entry.isDirectory()) return 'directory';
    if (!entry.isSymbolicLink()) return null;
    const kind = this.kindOf(path === '' ? entry.name : `${path}/${entry.name}`);
    if (kind === 'directory') this.#refuseLoop(path, entry.name);
    return kind === 'other' ? null : kind;
  }

  #refuseOutside(real: string, path: string): void {
    if (real === this.root || real.startsWith(`${this.root}${sep}`)) return;
    throw new QueryError('read-only', `${path} is a link that leads out of the root of the connection`, {
      hint: 'put the files themselves below the root, or give the directory that it leads to a connection of its own',
    });
  }

  /** Refuses a link to what is not there and would be outside: in a sandbox there is nothing outside of the roots. */
  #refuseLinkOut(path: string): void {
    const parts = path.split('/');
    for (let count = 1; count <= parts.length; count++) {
      const part = join(this.root, ...parts.slice(0, count));
      const target = linkTarget(part);
      if (target !== null) this.#refuseOutside(target, path);
    }
  }

  /** A link to a directory above itself would be followed without end. */
  #refuseLoop(path: string, name: string): void {
    const here = realpathSync(join(this.root, path));
    const target = realpathSync(join(here, name));
    if (relative(target, here).startsWith('..')) return;
    throw new QueryError(
      'bad-file',
      `${path === '' ? name : `${path}/${name}`} is a link to a directory above it`,
      {
        hint: 'remove the link',
      },
    );
  }

  #remember(path: string, directory: Remembered): void {
    if (directory.entries.length > MAX_REMEMBERED) return;
    this.#directories.set(path, directory);
    this.#remembered += directory.entries.length;
    for (const [oldest, remembered] of this.#directories) {
      if (this.#remembered <= MAX_REMEMBERED) return;
      this.#forget(oldest, remembered);
    }
  }

  #forget(path: string, { entries }: Remembered): void {
    this.#directories.delete(path);
    this.#remembered -= entries.length;
  }
}

/** Returns where a link leads, taken literally; null for what is no link, or is not there. */
function linkTarget(path: string): string | null {
  try {
    return resolve(dirname(path), readlinkSync(path));
  } catch {
    return null;
  }
}

const AGAIN = { hint: 'send the query again' };

function realRoot(root: string): string {
  try {
    const real = realpathSync(root);
    if (statSync(real).isDirectory()) return real;
  } catch (thrown) {
    throw unavailable(root, `cannot be opened (${(thrown as NodeJS.ErrnoException).code})`);
  }
  throw unavailable(root, 'is no directory');
}

function unavailable(root: string, why: string): QueryError {
  return new QueryError('database-unavailable', `the root of the connection ${why}`, {
    hint: `the configuration has ${root}; \`forkline doctor\` checks it`,
  });
}

function stampOf(full: string): { readonly text: string; readonly changedMs: number } | null {
  try {
    const { ino, dev, mtimeNs, ctimeNs, ctimeMs } = statSync(full, { bigint: true });
    return { text: `${dev}:${ino}:${mtimeNs}:${ctimeNs}`, changedMs: Number(ctimeMs) };
  } catch (thrown) {
    if (isMissing(thrown)) return null;
    throw thrown;
  }
}

function isMissing(thrown: unknown): boolean {
  const { code } = thrown as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

function compareNames(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
