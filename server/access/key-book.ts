/**
 * The API keys that count now. Their file is looked at four times a second, so that a new key opens and a revoked one does
 * not within a second, in each process that has a book. A file that cannot be read any more changes nothing, and is told
 * in the log; one that is gone has no keys.
 */
import { type BigIntStats, statSync } from 'node:fs';
import { isKeyOf } from '../../core/access/api-key.ts';
import { KeyFileError, readKeyFile, type StoredKey } from '../../core/access/key-file.ts';
import type { Log } from '../../core/logging/log.ts';

const LOOK_EVERY_MS = 250;

export interface KeyBookDeps {
  readonly path: string;
  readonly log: Log;
  readonly now: () => number;
}

/** Keys by id and name. */
export interface KeysChange {
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

interface Entry {
  readonly stored: StoredKey;
  readonly hash: Buffer;
  readonly expiresAt: number;
}

export class KeyBook {
  readonly #deps: KeyBookDeps;
  #entries: ReadonlyMap<string, Entry> = new Map();
  #seen = '';
  #timer: NodeJS.Timeout | null = null;

  constructor(deps: KeyBookDeps) {
    this.#deps = deps;
    this.look();
  }

  /** The entry of a key that counts now; null for every other one, whatever is wrong with it. */
  find(id: string, key: string): StoredKey | null {
    const entry = this.#entries.get(id);
    if (entry === undefined || !isKeyOf(key, entry.hash) || this.#deps.now() >= entry.expiresAt) return null;
    return entry.stored;
  }

  /** Whether a key of this name counts now. */
  hasName(name: string): boolean {
    for (const { stored, expiresAt } of this.#entries.values())
      if (stored.name === name && this.#deps.now() < expiresAt) return true;
    return false;
  }

  /** Calls `onChange` after each change of the file, with the keys that came and went. */
  watch(onChange: (change: KeysChange) => void): void {
    this.#timer = setInterval(() => {
      const before = this.#entries;
      if (this.look()) onChange(changeOf(before, this.#entries));
    }, LOOK_EVERY_MS);
    this.#timer.unref();
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  /** Reads the file if it is another one than before; returns whether the keys may have changed. */
  look(): boolean {
    const { path, log } = this.#deps;
    const seen = stampOf(path);
    if (seen === this.#seen) return false;
    this.#seen = seen;
    try {
      const keys = readKeyFile(path);
      if (keys === null) log.warn('keys-file-missing', { path });
      this.#entries = entriesOf(keys ?? []);
      log.info('keys-read', { count: this.#entries.size });
      return true;
    } catch (thrown) {
      if (!(thrown instanceof KeyFileError)) throw thrown;
      log.error('keys-file-unusable', { message: thrown.message, kept: this.#entries.size });
      return false;
    }
  }
}

function changeOf(before: ReadonlyMap<string, Entry>, after: ReadonlyMap<string, Entry>): KeysChange {
  const without = (entries: ReadonlyMap<string, Entry>, others: ReadonlyMap<string, Entry>) =>
    [...entries].filter(([id]) => !others.has(id)).map(([id, { stored }]) => `${id} ${stored.name}`);
  return { added: without(after, before), removed: without(before, after) };
}

/** A text that changes with the file; empty never. */
function stampOf(path: string): string {
  let stats: BigIntStats;
  try {
    stats = statSync(path, { bigint: true });
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code ?? 'gone';
  }
  return `${stats.ino} ${stats.size} ${stats.mtimeNs} ${stats.ctimeNs}`;
}

function entriesOf(keys: readonly StoredKey[]): ReadonlyMap<string, Entry> {
  const entries = keys
    .filter(({ revokedAt }) => revokedAt === null)
    .map((stored): [string, Entry] => [
      stored.id,
      {
        stored,
        hash: Buffer.from(stored.hash, 'hex'),
        expiresAt: stored.expiresAt === null ? Number.POSITIVE_INFINITY : Date.parse(stored.expiresAt),
      },
    ]);
  return new Map(entries);
}
