/**
 * The audit's files: lines get their seal (core/audit/chain.ts) as they are written, and an acknowledged line is on the disk. They
 * are rotated by day and never by size, and go only by age, if the configuration says so. A write that failed is sealed anew when it is
 * repeated, so that numbers have no gap.
 */
import { open } from 'node:fs/promises';
import { type ChainHead, EMPTY_CHAIN, readSeal, sealLine } from '../../core/audit/chain.ts';
import { eachLine } from '../../core/logging/line.ts';
import type { Log } from '../../core/logging/log.ts';
import type { AuditFileConfig } from '../../core/protocol/audit-config.ts';
import { Archive, ledgerOfRotated } from '../store/archive.ts';
import { type LogFile, openLogFile } from '../store/log-file.ts';
import { listRotated } from '../store/names.ts';

export class AuditStore {
  readonly #file: LogFile;
  readonly #archive: Archive;
  #head: ChainHead;
  /** Lines that stand in the file and may not be on the disk yet: whoever repeats them means only that. */
  #unsynced: Buffer | null = null;

  private constructor(file: LogFile, archive: Archive, head: ChainHead) {
    this.#file = file;
    this.#archive = archive;
    this.#head = head;
  }

  /** Rejects when the last line has no seal: going on would hide that somebody else wrote there. */
  static async open(config: AuditFileConfig, log: Log, now: () => number): Promise<AuditStore> {
    const { file: path, keepDays, rotateEvery } = config;
    const file = await openLogFile({
      path,
      maxBytes: Number.POSITIVE_INFINITY,
      daily: rotateEvery === 'day',
      now,
      ledgerBefore: () => ledgerOfRotated(path),
      onRotated: () => archive.look(),
      onRotationFailed: (error) => log.error('audit-rotation-failed', { file: path, error }),
      onLine: () => {},
    });
    const archive = new Archive({
      path,
      maxFiles: Number.POSITIVE_INFINITY,
      maxAgeDays: keepDays,
      compress: false,
      log,
      now,
      isCurrent: (rotated) => file.isCurrent(rotated),
    });
    const store = new AuditStore(file, archive, await lastHead(path));
    archive.look();
    return store;
  }

  /** The last line that is on the disk. */
  get head(): ChainHead {
    return this.#head;
  }

  lastSeq(stream: string): number {
    return this.#file.lastSeq(stream);
  }

  /** Whole lines. Calls must not overlap. Rejects when not all of them are on the disk. */
  async append(lines: Buffer): Promise<void> {
    if (lines !== this.#unsynced) await this.#write(lines);
    this.#unsynced = lines;
    await this.#file.sync();
    this.#unsynced = null;
  }

  async #write(lines: Buffer): Promise<void> {
    let head = this.#head;
    const sealed: string[] = [];
    eachLine(lines, (line) => {
      const next = sealLine(line.toString('utf8', 0, line.length - 1), head);
      head = next.head;
      sealed.push(next.line, '\n');
    });
    await this.#file.append(Buffer.from(sealed.join('')));
    this.#head = head;
  }

  async stop(): Promise<void> {
    await this.#archive.stop();
    await this.#file.close();
  }
}

/** The head of the newest file that has a line. */
async function lastHead(path: string): Promise<ChainHead> {
  const rotated = await listRotated(path);
  for (const file of [path, ...rotated.map((each) => each.path)]) {
    const last = lastLine(await readEnd(file));
    if (last === null) continue;
    const seal = readSeal(last);
    if (seal === null)
      throw new Error(`${file}: its last line has no seal; "forkline audit verify" says more`);
    return { n: seal.n, hash: seal.hash };
  }
  return EMPTY_CHAIN;
}

/** More than the longest line. */
const END_BYTES = 4 * 1024 * 1024;

async function readEnd(path: string): Promise<string> {
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    const end = Buffer.alloc(Math.min(size, END_BYTES));
    await handle.read(end, 0, end.length, size - end.length);
    return end.toString('utf8');
  } finally {
    await handle.close();
  }
}

function lastLine(text: string): string | null {
  const ended = text.trimEnd();
  return ended === '' ? null : ended.slice(ended.lastIndexOf('\n') + 1);
}
