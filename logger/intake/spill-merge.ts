/**
 * Brings spilled lines into the log and deletes their files once they are in it. A connected stream's files are
 * merged while its client waits for its welcome, so that older lines come first; those of the others (processes
 * that died) by a scan. One file at a time, so that memory holds one batch.
 */
import { readdir, readFile, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { readStamp } from '../../core/logging/line.ts';
import type { Log } from '../../core/logging/log.ts';
import { parseSpillFileName, type SpillName } from '../../core/logging/spill.ts';
import { createLineSplitter } from '../../core/logging/wire.ts';
import type { Merger } from './merger.ts';

export interface SpillMergeDeps {
  readonly rawDir: string;
  readonly merger: Merger;
  readonly log: Log;
}

const TEMPORARY = '.tmp';
/** A batch is written in one synchronous turn: one that is still temporary after this long lost its writer. */
const ABANDONED_AFTER_MS = 10_000;

interface SpillFile extends SpillName {
  readonly path: string;
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
    const { rawDir, merger } = this.#deps;
    return this.#inTurn(async () => {
      await adoptAbandoned(rawDir);
      await this.#mergeFiles((file) => (merger.known(file.stream)?.onAck ?? null) === null);
    });
  }

  /** Resolves when every merged file is written and deleted. */
  async settled(): Promise<void> {
    await Promise.all(this.#finishing.values());
  }

  /** Files are merged one at a time, whoever asks. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#chain.then(work);
    this.#chain = done.catch(() => {}); // the caller of `done` gets the error; the next one starts afresh
    return done;
  }

  async #mergeFiles(wanted: (file: SpillFile) => boolean): Promise<void> {
    const listed = await listSpills(this.#deps.rawDir);
    const files = listed.filter((file) => wanted(file) && !this.#finishing.has(file.path));
    files.sort((a, b) => a.batch - b.batch);
    for (const file of files) await this.#mergeFile(file);
  }

  async #mergeFile(file: SpillFile): Promise<void> {
    const { merger, log } = this.#deps;
    const bytes = await readFile(file.path);
    const role = readStamp(bytes)?.role ?? '';
    if (!merger.takes(role)) {
      this.#leave(file.path);
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

  /** Audit records of an earlier run stay where they are as long as no audit file is configured. */
  #leave(path: string): void {
    if (this.#left.has(path)) return;
    this.#left.add(path);
    this.#deps.log.warn('audit-records-left', { file: path });
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

async function listSpills(rawDir: string): Promise<SpillFile[]> {
  const files: SpillFile[] = [];
  for (const name of await readdir(rawDir)) {
    const spill = parseSpillFileName(name);
    if (spill !== null) files.push({ ...spill, path: join(rawDir, name) });
  }
  return files;
}

/** Gives a batch whose writer was killed in mid-write its name; a half line at its end was never acknowledged. */
async function adoptAbandoned(rawDir: string): Promise<void> {
  for (const name of await readdir(rawDir)) {
    const finalName = name.slice(0, -TEMPORARY.length);
    if (!name.endsWith(TEMPORARY) || parseSpillFileName(finalName) === null) continue;
    try {
      const { mtimeMs } = await stat(join(rawDir, name));
      if (Date.now() - mtimeMs > ABANDONED_AFTER_MS)
        await rename(join(rawDir, name), join(rawDir, finalName));
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown; // the writer finished just now
    }
  }
}
