/**
 * Writes the index of one plain log file, as its lines are written or, for what it finds without one, from the file.
 * The file is the truth and the index follows it: records are written after their lines, nothing waits for the disk,
 * and what a crash left out is read from the file again by the next `open`. A disk that refuses an index leaves the
 * rest of the file without one: searches then read all of it.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { eachLine, type LineStamp, readStamp } from '../../core/logging/line.ts';
import { BLOCK_BYTES, BlockBuilder } from './block-builder.ts';
import { type BlockRecord, encodeRecord } from './block-record.ts';
import { matchesFile, readIndex } from './reader.ts';
import { StreamLedger } from './stream-ledger.ts';

/** Records kept for a disk that refuses; about 256 MiB of lines. */
const MAX_UNSAVED = 1024;
const NEWLINE = 0x0a;
const MAX_READ_BYTES = 16 * 1024 * 1024;

export class IndexWriter {
  readonly #handle: FileHandle;
  readonly #ledger: StreamLedger;
  readonly #builder: BlockBuilder;
  #indexBytes: number;
  #unsaved: Buffer[] = [];
  #abandoned = false;
  #saving: Promise<void> = Promise.resolve();

  private constructor(handle: FileHandle, indexBytes: number, coveredBytes: number, ledger: StreamLedger) {
    this.#handle = handle;
    this.#indexBytes = indexBytes;
    this.#builder = new BlockBuilder(coveredBytes);
    this.#ledger = ledger;
  }

  /**
   * Takes over what is right of the index at `path` and completes it from the log. `before` gives the last seqs
   * before the file; it is asked only when there is no index to go on with.
   */
  static async open(
    path: string,
    log: FileHandle,
    logBytes: number,
    before: () => Promise<StreamLedger>,
  ): Promise<IndexWriter> {
    const found = await adopt(path, log, logBytes);
    const handle = await open(path, 'a', 0o640);
    try {
      await handle.truncate(found?.indexBytes ?? 0);
      const ledger = found?.ledger ?? (await before());
      const writer = new IndexWriter(handle, found?.indexBytes ?? 0, found?.coveredBytes ?? 0, ledger);
      if (found === null) writer.#save(headerOf(ledger));
      await writer.#catchUp(log, logBytes);
      return writer;
    } catch (thrown) {
      await handle.close();
      throw thrown;
    }
  }

  /** The last seqs up to here. */
  lastSeq(stream: string): number {
    return this.#builder.streams.get(stream) ?? this.#ledger.lastSeq(stream);
  }

  /** The next line of the log. */
  add(line: Buffer, stamp: LineStamp | null): void {
    this.#builder.add(line, stamp);
    if (this.#builder.bytes >= BLOCK_BYTES) this.#takeBlock();
  }

  /** Ends the block, however small; resolves with the ledger once all is saved, or given up. */
  async finish(): Promise<StreamLedger> {
    if (this.#builder.bytes > 0) this.#takeBlock();
    await this.#saving;
    return this.#ledger;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  #takeBlock(): void {
    const record = this.#builder.take();
    this.#ledger.add(record.streams);
    this.#save(record);
  }

  #save(record: BlockRecord): void {
    if (this.#abandoned) return;
    this.#unsaved.push(encodeRecord(record));
    this.#abandoned = this.#unsaved.length > MAX_UNSAVED;
    if (this.#abandoned) this.#unsaved = [];
    this.#saving = this.#saving.then(() => this.#saveAll());
  }

  async #saveAll(): Promise<void> {
    const records = this.#unsaved;
    if (records.length === 0) return;
    this.#unsaved = [];
    const bytes = Buffer.concat(records);
    try {
      await this.#handle.appendFile(bytes);
      this.#indexBytes += bytes.length;
    } catch {
      // Tried again with the next record; the log's own writes tell of a disk that is full.
      this.#unsaved = [...records, ...this.#unsaved];
      await this.#handle.truncate(this.#indexBytes).catch(() => {
        this.#abandoned = true; // half a record in the middle would hide all that follow
        this.#unsaved = [];
      });
    }
  }

  async #catchUp(log: FileHandle, logBytes: number): Promise<void> {
    let wanted = BLOCK_BYTES;
    for (let at = this.#builder.end; at < logBytes; at = this.#builder.end) {
      const bytes = Buffer.allocUnsafe(Math.min(wanted, logBytes - at));
      const { bytesRead } = await log.read(bytes, 0, bytes.length, at);
      const lastLineEnd = bytes.lastIndexOf(NEWLINE, bytesRead - 1) + 1;
      // Half a line at the end is part of a rotated file as well.
      const end = at + bytesRead === logBytes ? bytesRead : lastLineEnd;
      if (bytesRead < bytes.length || (end === 0 && wanted > MAX_READ_BYTES)) return; // truncated, or no lines at all
      wanted = end === 0 ? wanted * 4 : BLOCK_BYTES;
      eachLine(bytes.subarray(0, end), (line) => this.add(line, readStamp(line)));
      await this.#saving;
    }
  }
}

interface Adopted {
  readonly ledger: StreamLedger;
  readonly coveredBytes: number;
  readonly indexBytes: number;
}

/** null when there is no index, or it is about another file. */
async function adopt(path: string, log: FileHandle, logBytes: number): Promise<Adopted | null> {
  const ledger = new StreamLedger();
  let last: BlockRecord | null = null;
  let indexBytes = 0;
  for await (const { record, end } of readIndex(path)) {
    if (record.offset + record.bytes > logBytes) return null;
    ledger.add(record.streams);
    last = record;
    indexBytes = end;
  }
  if (last === null || !(await matchesFile(last, log, logBytes))) return null;
  return { ledger, coveredBytes: last.offset + last.bytes, indexBytes };
}

/** Stands for no bytes: the streams before the file. */
function headerOf(ledger: StreamLedger): BlockRecord {
  return { ...new BlockBuilder(0).take(), streams: ledger.snapshot() };
}
