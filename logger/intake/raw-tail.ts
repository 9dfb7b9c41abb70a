/**
 * Tails raw stdout and stderr: `<rawDir>/<workerId>.log`, appended to by the process itself (a native crash, a
 * library that prints). Each line becomes a `raw-output` line whose seq is the offset of its end in the raw file.
 * How far a file was read stands in `<workerId>.offset`, written after the lines; whatever a killed logger wrote
 * past it is found in the log by those seqs, so that nothing comes twice or not at all. A last line without its
 * line end is written when the file has rested for a second, or its process is gone; then the files are removed.
 */
import { open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createLineFormatter, newStreamId } from '../../core/logging/line.ts';
import { parseSpillFileName } from '../../core/logging/spill.ts';
import type { Merger, StreamState } from './merger.ts';
import type { Pipeline } from './pipeline.ts';
import { cutRawOutput, type RawPiece } from './raw-pieces.ts';

/** Knowledge about processes from their connections. */
export interface ProcessTable {
  pidOf(workerId: string): number | null;
  /** Says whether a worker was connected and its process has ended. */
  isGone(workerId: string): boolean;
  forget(workerId: string): void;
}

export interface RawTailDeps {
  readonly rawDir: string;
  readonly merger: Merger;
  readonly pipeline: Pipeline;
  readonly processes: ProcessTable;
  /** Unix ms. */
  now(): number;
}

const SUFFIX = '.log';
const RAW_ROLE = 'raw';
/** The mark that the monitor gives the files of an earlier run, whose processes are no more (see monitor/sweep/sweep.ts). */
const RESCUED = /^(?:old-)+/;
const READ_BYTES = 256 * 1024;
const REST_MS = 1000;
/** A process that never connected: past any boot timeout, its file is done with. */
const NEVER_CONNECTED_MS = 300_000;

interface Source {
  readonly stream: string;
  readonly state: StreamState;
}

interface RawFile {
  readonly workerId: string;
  readonly path: string;
  readonly firstSeenAt: number;
  /** null until there is something to read. */
  source: Source | null;
  /** The offset at which the first line that is not yet in the log begins. */
  offset: number;
  size: number;
  changedAt: number;
}

export class RawTail {
  readonly #deps: RawTailDeps;
  readonly #files = new Map<string, RawFile>();

  constructor(deps: RawTailDeps) {
    this.#deps = deps;
  }

  /** One look at all files. `final`: unfinished lines too, nobody looks again. */
  async poll(final: boolean): Promise<void> {
    for (const name of await readdir(this.#deps.rawDir)) {
      if (!name.endsWith(SUFFIX) || parseSpillFileName(name) !== null) continue;
      const workerId = name.slice(0, -SUFFIX.length);
      try {
        await this.#pollFile(this.#files.get(workerId) ?? this.#addFile(workerId), final);
      } catch (thrown) {
        if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown;
        this.#files.delete(workerId); // somebody swept it away
      }
    }
  }

  #addFile(workerId: string): RawFile {
    const nowMs = this.#deps.now();
    const path = join(this.#deps.rawDir, workerId + SUFFIX);
    const file = { workerId, path, firstSeenAt: nowMs, source: null, offset: 0, size: 0, changedAt: nowMs };
    this.#files.set(workerId, file);
    return file;
  }

  async #pollFile(file: RawFile, final: boolean): Promise<void> {
    const { now } = this.#deps;
    // Asked before the size is read, so that what the process wrote last is seen.
    const gone = this.#isGone(file);
    const { size } = await stat(file.path);
    const grown = size !== file.size;
    if (grown) {
      file.size = size;
      file.changedAt = now();
    }
    const rested = final || gone || now() - file.changedAt >= REST_MS;
    if (file.offset < size && (grown || rested)) await this.#readOn(file, rested);
    if (gone && file.offset === file.size) await this.#remove(file);
  }

  /** Nobody writes to it any more. */
  #isGone({ workerId, firstSeenAt }: RawFile): boolean {
    const { processes, now } = this.#deps;
    if (RESCUED.test(workerId) || processes.isGone(workerId)) return true;
    return processes.pidOf(workerId) === null && now() - firstSeenAt > NEVER_CONNECTED_MS;
  }

  async #readOn(file: RawFile, unfinishedToo: boolean): Promise<void> {
    const { pipeline, merger } = this.#deps;
    file.source ??= await this.#openSource(file);
    const { source } = file;
    const from = file.offset;
    for (;;) {
      const bytes = await readAt(file.path, file.offset, Math.min(READ_BYTES, file.size - file.offset));
      const atEnd = file.offset + bytes.length >= file.size;
      const { pieces, consumed } = cutRawOutput(bytes, unfinishedToo && atEnd);
      this.#writePieces(file, source, pieces);
      file.offset += consumed;
      if (pipeline.full) await pipeline.room();
      if (atEnd || consumed === 0) break;
    }
    if (file.offset === from) return;
    await merger.whenWritten(source.state, source.state.received);
    await writeOffset(file.path, source.stream, file.offset);
  }

  #writePieces({ workerId, offset }: RawFile, { stream, state }: Source, pieces: RawPiece[]): void {
    const { merger, processes, now } = this.#deps;
    const role = workerId.replace(RESCUED, '').replace(/-\d+$/, '');
    const format = createLineFormatter(
      { process: workerId, role, pid: processes.pidOf(workerId), stream },
      now,
    );
    for (const { end, ...fields } of pieces) {
      const seq = offset + end;
      merger.accept(state, Buffer.from(`${format('warn', 'raw-output', fields, seq)}\n`), seq);
    }
  }

  async #openSource(file: RawFile): Promise<Source> {
    const saved = await readOffset(file.path);
    const stream = saved?.stream ?? newStreamId();
    // The stream's name must outlive this process before the first line has it.
    if (saved === null) await writeOffset(file.path, stream, 0);
    const state = this.#deps.merger.open(stream, RAW_ROLE);
    file.offset = Math.max(saved?.offset ?? 0, state.received);
    state.received = state.written = file.offset;
    return { stream, state };
  }

  async #remove(file: RawFile): Promise<void> {
    await rm(file.path, { force: true });
    await rm(offsetPath(file.path), { force: true });
    this.#files.delete(file.workerId);
    this.#deps.processes.forget(file.workerId);
  }
}

function offsetPath(rawPath: string): string {
  return `${rawPath.slice(0, -SUFFIX.length)}.offset`;
}

interface SavedOffset {
  readonly stream: string;
  readonly offset: number;
}

async function readOffset(rawPath: string): Promise<SavedOffset | null> {
  try {
    return JSON.parse(await readFile(offsetPath(rawPath), 'utf8')) as SavedOffset;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw thrown;
  }
}

async function writeOffset(rawPath: string, stream: string, offset: number): Promise<void> {
  const saved: SavedOffset = { stream, offset };
  const temporary = `${offsetPath(rawPath)}.tmp`;
  await writeFile(temporary, JSON.stringify(saved), { mode: 0o600 });
  await rename(temporary, offsetPath(rawPath));
}

async function readAt(path: string, offset: number, length: number): Promise<Buffer> {
  const handle = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(length), 0, length, offset);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
