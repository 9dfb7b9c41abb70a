/**
 * Brings spilled lines into the log and deletes their files once they are in it. A connected stream's files are
 * merged while its client waits for its welcome, so that older lines come first; those of the others (processes
 * that died) by a scan. One file at a time, so that memory holds one batch.
 */
import { readdir, readFile, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { readStamp } from './line.ts';
import type { Log } from './log.ts';
import type { Merger } from './merger.ts';
import type { Pipeline } from './pipeline.ts';
import { parseSpillFileName, type SpillName } from './spill.ts';
import { createLineSplitter } from './wire.ts';

export interface SpillMerge {
  /** Merges what there is of one stream; resolves when all of it was accepted, before it is written. */
  mergeStream(stream: string): Promise<void>;
  /** Merges what there is of streams without a connected client. */
  mergeOrphans(): Promise<void>;
  /** Resolves when every merged file is written and deleted. */
  settled(): Promise<void>;
}

export interface SpillMergeDeps {
  readonly rawDir: string;
  readonly merger: Merger;
  readonly pipeline: Pipeline;
  readonly log: Log;
}

const TEMPORARY = '.tmp';
/** A batch is written in one synchronous turn: one that is still temporary after this long lost its writer. */
const ABANDONED_AFTER_MS = 10_000;

interface SpillFile extends SpillName {
  readonly path: string;
}

export function createSpillMerge({ rawDir, merger, pipeline, log }: SpillMergeDeps): SpillMerge {
  /** Accepted, not yet deleted. */
  const finishing = new Map<string, Promise<void>>();
  let chain: Promise<void> = Promise.resolve();

  /** Files are merged one at a time, whoever asks. */
  function inTurn(work: () => Promise<void>): Promise<void> {
    const done = chain.then(work);
    chain = done.catch(() => {}); // the caller of `done` gets the error; the next one starts afresh
    return done;
  }

  async function mergeFiles(wanted: (file: SpillFile) => boolean): Promise<void> {
    const files = (await listSpills(rawDir)).filter((file) => wanted(file) && !finishing.has(file.path));
    files.sort((a, b) => a.batch - b.batch);
    for (const file of files) await mergeFile(file);
  }

  async function mergeFile(file: SpillFile): Promise<void> {
    const bytes = await readFile(file.path);
    const state = await merger.open(file.stream, true);
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
    finishing.set(file.path, finish(file.path, merger.whenWritten(state, lastSeq)));
    if (pipeline.full) await pipeline.room();
  }

  async function finish(path: string, written: Promise<void>): Promise<void> {
    try {
      await written;
      await unlink(path);
    } catch (error) {
      log.warn('spill-not-deleted', { file: path, error }); // merged again later, and recognised by its seqs
    } finally {
      finishing.delete(path);
    }
  }

  return {
    mergeStream: (stream) => inTurn(() => mergeFiles((file) => file.stream === stream)),
    mergeOrphans: () =>
      inTurn(async () => {
        await adoptAbandoned(rawDir);
        await mergeFiles((file) => (merger.known(file.stream)?.onAck ?? null) === null);
      }),
    async settled() {
      await Promise.all(finishing.values());
    },
  };
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
      if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown; // its writer finished just now
    }
  }
}
