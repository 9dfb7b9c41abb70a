/**
 * Notes which encrypted queries were taken, so that each is taken once: by all servers that use the directory, also after
 * a restart or a kill. A query is a file that is created exclusively, which the file system decides; files of the same
 * minute of expiry are in one folder, which is removed as a whole. What cannot be noted is refused.
 *
 *   <directory>/since          written when the directory was made: earlier queries might have been noted in a lost one
 *   <directory>/29384123/<hash>  the minute (since 1970) in which it may be forgotten, and the hash of its id
 *
 * A query tells its second only, so one of the very second in which the directory was made is taken: to lose a directory and
 * start again takes a server longer.
 *
 * Files are not forced to the disk, so that a crash of the machine may lose some: queries from before its last start are
 * refused.
 */
import { createHash } from 'node:crypto';
import { close, open } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { uptime } from 'node:os';
import { join } from 'node:path';
import type { Log } from '../../core/logging/log.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import { refused, SKEW_SECONDS } from './envelope.ts';

const SWEEP_EVERY_MS = 60_000;
const SINCE = 'since';
const FOLDER = /^\d{1,12}$/;
const PRIVATE = 0o700;

export interface ReplayBookDeps {
  readonly directory: string;
  readonly log: Log;
  readonly now: () => number;
  /** Returns the time since the machine started. */
  readonly uptimeMs?: () => number;
}

export interface OnceOnly {
  readonly uniqueId: string;
  /** Seconds since 1970, as in the query. */
  readonly issuedAt: number;
  readonly expiresAt: number;
}

export class ReplayBook {
  readonly #deps: ReplayBookDeps;
  readonly #timer: NodeJS.Timeout;
  readonly #folders = new Set<string>();
  /** Queries from before this time are refused; null until the directory is there. */
  #since: number | null = null;

  constructor(deps: ReplayBookDeps) {
    this.#deps = deps;
    this.#timer = setInterval(() => void this.sweep(), SWEEP_EVERY_MS);
    this.#timer.unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** Makes the directory if it can. Never rejects: a failure is told in the log, and tried again with the next query. */
  async open(): Promise<void> {
    try {
      await this.#opened();
      await this.sweep();
    } catch (thrown) {
      this.#failed(thrown);
    }
  }

  /** Notes a query. Rejects with query-replayed, bad-encryption (of an earlier time), encryption-unavailable. */
  async take({ uniqueId, issuedAt, expiresAt }: OnceOnly): Promise<void> {
    let isNew: boolean;
    let since: number;
    try {
      since = await this.#opened();
      isNew = await this.#create(uniqueId, expiresAt);
    } catch (thrown) {
      this.#failed(thrown);
      throw new QueryError(
        'encryption-unavailable',
        'this server cannot note which encrypted queries it has taken, and so it takes none',
        {
          hint: 'Whoever runs it finds the reason in the log (replay-book-failed).',
          retryAfterSeconds: 5,
        },
      );
    }
    if (issuedAt < Math.floor(since / 1000))
      throw refused(
        'it is from before this server began to note which queries it has taken',
        'Encrypt it again.',
      );
    if (!isNew)
      throw new QueryError('query-replayed', 'this encrypted query was taken before', {
        hint: 'Each encrypted query is taken once, also when it failed: encrypt it again with another jti.',
      });
  }

  /** Removes what has expired. Never rejects. */
  async sweep(): Promise<void> {
    const { directory, now } = this.#deps;
    const oldest = minuteOf(now() / 1000);
    try {
      for (const name of await readdir(directory)) {
        if (!FOLDER.test(name) || Number(name) >= oldest) continue;
        this.#folders.delete(name);
        await rm(join(directory, name), { recursive: true, force: true });
      }
    } catch (thrown) {
      this.#failed(thrown);
    }
  }

  /** Returns false when the file was there already. */
  async #create(uniqueId: string, expiresAt: number): Promise<boolean> {
    const folder = String(minuteOf(expiresAt + SKEW_SECONDS) + 1);
    const path = join(this.#deps.directory, folder);
    if (!this.#folders.has(folder)) {
      await mkdir(path, { recursive: true, mode: PRIVATE });
      this.#folders.add(folder);
    }
    const name = createHash('sha256').update(uniqueId).digest('base64url');
    return await createdEmpty(join(path, name));
  }

  async #opened(): Promise<number> {
    if (this.#since !== null) return this.#since;
    const { directory, now, uptimeMs = () => uptime() * 1000 } = this.#deps;
    await mkdir(directory, { recursive: true, mode: PRIVATE });
    const path = join(directory, SINCE);
    await created(path, String(now()));
    const written = Number(await readFile(path, 'utf8'));
    // Another server may have made the file just now and not written it yet.
    const since = Number.isFinite(written) && written > 0 ? written : now();
    this.#since = Math.max(since, now() - uptimeMs());
    return this.#since;
  }

  #failed(thrown: unknown): void {
    this.#folders.clear(); // one of them may be gone
    this.#since = null;
    const { directory, log } = this.#deps;
    log.error('replay-book-failed', { directory, reason: (thrown as Error).message });
  }
}

function minuteOf(seconds: number): number {
  return Math.floor(seconds / 60);
}

/** Does what `created` does, without a content and at a third of its cost: this runs for each query. */
function createdEmpty(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    open(path, 'wx', 0o600, (error, descriptor) => {
      if (error === null) close(descriptor, () => resolve(true));
      else if (error.code === 'EEXIST') resolve(false);
      else reject(error);
    });
  });
}

async function created(path: string, content: string): Promise<boolean> {
  try {
    await writeFile(path, content, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw thrown;
  }
}
