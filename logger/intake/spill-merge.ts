/**
 * Brings spilled lines into the log and deletes their files once they are in it. A connected stream's files are
 * merged while its client waits for its welcome, so that older lines come first; those of the others (processes
 * that died) by a scan. One file at a time, so that memory holds one batch.
 */
import { constants } from 'node:fs';
import { lstat, open, readdir, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { readStamp } from '../../core/logging/line.ts';
import type { Log } from '../../core/logging/log.ts';
import { parseSpillFileName, type SpillName } from '../../core/logging/spill.ts';
import { createLineSplitter } from '../../core/logging/wire.ts';
import type { Merger } from './merger.ts';

export interface SpillMergeDeps {
  readonly rawDir: string;
  /** Has a directory for each worker, and in that of a sandboxed one `raw`, which only that worker writes to. */
  readonly workersDir: string;
  readonly merger: Merger;
  readonly log: Log;
}

const TEMPORARY = '.tmp';
/** A batch is written in one synchronous turn: one that is still temporary after this long lost its writer. */
const ABANDONED_AFTER_MS = 10_000;

interface SpillFile extends SpillName {
  readonly path: string;
  /** Whether a sandboxed process wrote it, which may not write audit records. */
  readonly isSandboxed: boolean;
}

export class SpillMerge {
  readonly #deps: SpillMergeDeps;
  /** Accepted, not yet deleted. */
  readonly #finishing = new Map<string, Promise<void>>();
  readonly #left = new Set<string>();
  #chain: Promise<void> = Promise.resolve();

  constructor(deps: SpillMergeDeps) {
    this.#deps = deps;
  }

  /** Merges what there is of one stream; resolves when all of it was accepted, before it is written. */
  mergeStream(stream: string): Promise<void> {
    return this.#inTurn(() => this.#mergeFiles((file) => file.stream === stream));
  }

  /** Merges what there is of streams without a connected client. */
  mergeOrphans(): Promise<void> {
    const { merger } = this.#deps;
    return this.#inTurn(async () => {
      for (const { path } of await this.#directories()) await adoptAbandoned(path);
      await this.#mergeFiles((file) => (merger.known(file.stream)?.onAck ?? null) === null);
    });
  }

  /** Resolves when every merged file is written and deleted. */
  async settled(): Promise<void> {
    await Promise.all(this.#finishing.values());
  }

  /** The directory of all processes, and those of sandboxed workers. */
  async #directories(): Promise<Directory[]> {
    const { rawDir, workersDir } = this.#deps;
    const workers = await readdir(workersDir).catch(ignoreGone);
    const own = workers.map((name) => join(workersDir, name, 'raw'));
    return [{ path: rawDir, isSandboxed: false }, ...own.map((path) => ({ path, isSandboxed: true }))];
  }

  /** Files are merged one at a time, whoever asks. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#chain.then(work);
    this.#chain = done.catch(() => {}); // the caller of `done` gets the error; the next one starts afresh
    return done;
  }

  async #mergeFiles(wanted: (file: SpillFile) => boolean): Promise<void> {
    const directories = await this.#directories();
    const listed = (await Promise.all(directories.map(listSpills))).flat();
    const files = listed.filter((file) => wanted(file) && !this.#finishing.has(file.path));
    files.sort((a, b) => a.batch - b.batch);
    for (const file of files) await this.#mergeFile(file);
  }

  async #mergeFile(file: SpillFile): Promise<void> {
    const { merger, log } = this.#deps;
    const bytes = await readRegular(file.path);
    if (bytes === null) {
      this.#leave(file.path, 'spill-not-a-file');
      return;
    }
    const role = readStamp(bytes)?.role ?? '';
    if (!merger.takes(role) || (file.isSandboxed && merger.isAudited(file.stream, role))) {
      this.#leave(file.path, 'audit-records-left');
      return;
    }
    const state = merger.open(file.stream, role);
    let lastSeq = 0;
    let unreadable = 0;
    createLineSplitter(Number.POSITIVE_INFINITY, (line) => {
      const stamp = readStamp(line);
      if (stamp === null) unreadable += 1;
      else {
        lastSeq = stamp.seq;
        merger.accept(state, line, stamp.seq);
      }
    })(bytes);
    if (unreadable > 0) log.warn('spill-lines-unreadable', { file: file.path, lines: unreadable });
    this.#finishing.set(file.path, this.#finish(file.path, merger.whenWritten(state, lastSeq)));
    if (merger.full) await merger.room();
  }

  /**
   * Leaves a file where it is: audit records of an earlier run while no audit file is configured, and what a sandboxed
   * process may not write.
   */
  #leave(path: string, event: string): void {
    if (this.#left.has(path)) return;
    this.#left.add(path);
    this.#deps.log.warn(event, { file: path });
  }

  async #finish(path: string, written: Promise<void>): Promise<void> {
    try {
      await written;
      await unlink(path);
    } catch (error) {
      // Merged again later, and recognised by its seqs.
      this.#deps.log.warn('spill-not-deleted', { file: path, error });
    } finally {
      this.#finishing.delete(path);
    }
  }
}

interface Directory {
  readonly path: string;
  readonly isSandboxed: boolean;
}

async function listSpills({ path, isSandboxed }: Directory): Promise<SpillFile[]> {
  const files: SpillFile[] = [];
  for (const name of await readdir(path).catch(ignoreGone)) {
    const spill = parseSpillFileName(name);
    if (spill !== null) files.push({ ...spill, path: join(path, name), isSandboxed });
  }
  return files;
}

/** Reads a file; returns null for anything else: what a sandboxed process puts there must neither lead elsewhere nor block. */
async function readRegular(path: string): Promise<Buffer | null> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const handle = await open(path, flags).catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code !== 'ELOOP' && thrown.code !== 'ENXIO') throw thrown; // a link, a socket
    return null;
  });
  if (handle === null) return null;
  try {
    return (await handle.stat()).isFile() ? await handle.readFile() : null;
  } finally {
    await handle.close();
  }
}

function ignoreGone(thrown: NodeJS.ErrnoException): string[] {
  if (thrown.code !== 'ENOENT') throw thrown; // the worker has ended meanwhile
  return [];
}

/** Gives a batch whose writer was killed in mid-write its name; a half line at its end was never acknowledged. */
async function adoptAbandoned(rawDir: string): Promise<void> {
  for (const name of await readdir(rawDir).catch(ignoreGone)) {
    const finalName = name.slice(0, -TEMPORARY.length);
    if (!name.endsWith(TEMPORARY) || parseSpillFileName(finalName) === null) continue;
    try {
      const { mtimeMs } = await lstat(join(rawDir, name));
      if (Date.now() - mtimeMs > ABANDONED_AFTER_MS)
        await rename(join(rawDir, name), join(rawDir, finalName));
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown; // the writer finished just now
    }
  }
}
