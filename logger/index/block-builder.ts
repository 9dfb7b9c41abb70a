/** Gathers what a block's record says from its lines, as they are written. Pure. */
import { crc32 } from 'node:zlib';
import { levelRank } from '../../core/logging/client.ts';
import type { LineStamp } from '../../core/logging/line.ts';
import { type BlockRecord, HEAD_BYTES, hashId } from './block-record.ts';

/** A block is complete when it has so many bytes; larger by a part of a line. */
export const BLOCK_BYTES = 256 * 1024;
const QUERY_ID = Buffer.from('"queryId":"');
const QUOTE = 0x22;
const STREAM_ID_LENGTH = 8;

export class BlockBuilder {
  #offset: number;
  #bytes = 0;
  #head = 0;
  #headBytes = 0;
  #oldest = '';
  #newest = '';
  #levels = 0;
  #streams = new Map<string, number>();
  #ids = new Set<number>();

  constructor(offset: number) {
    this.#offset = offset;
  }

  /** Bytes of the lines so far. */
  get bytes(): number {
    return this.#bytes;
  }

  get end(): number {
    return this.#offset + this.#bytes;
  }

  /** Last seqs of the streams in this block. */
  get streams(): ReadonlyMap<string, number> {
    return this.#streams;
  }

  /** The next line with its line end; null as its stamp when it is none of ours. */
  add(line: Buffer, stamp: LineStamp | null): void {
    if (this.#headBytes < HEAD_BYTES) {
      const part = line.subarray(0, HEAD_BYTES - this.#headBytes);
      this.#head = crc32(part, this.#head);
      this.#headBytes += part.length;
    }
    this.#bytes += line.length;
    if (stamp === null) return;
    const { time, level, stream, seq } = stamp;
    if (this.#oldest === '' || time < this.#oldest) this.#oldest = time;
    if (time > this.#newest) this.#newest = time;
    this.#levels |= 1 << levelRank(level);
    if (stream.length === STREAM_ID_LENGTH) this.#streams.set(stream, seq);
    this.#addIds(line);
  }

  /** The record of the lines so far; the next block begins behind them. */
  take(): BlockRecord {
    const record: BlockRecord = {
      offset: this.#offset,
      bytes: this.#bytes,
      head: this.#head,
      oldestMs: this.#oldest === '' ? 0 : Date.parse(this.#oldest),
      newestMs: this.#newest === '' ? 0 : Date.parse(this.#newest),
      storedAt: this.#offset,
      storedBytes: this.#bytes,
      levels: this.#levels,
      streams: this.#streams,
      ids: Uint32Array.from(this.#ids),
    };
    this.#offset += this.#bytes;
    this.#bytes = this.#head = this.#headBytes = this.#levels = 0;
    this.#oldest = this.#newest = '';
    this.#streams = new Map();
    this.#ids = new Set();
    return record;
  }

  /** All of the line's ids, nested ones too: a search looks at the line itself. Ids have nothing that JSON escapes. */
  #addIds(line: Buffer): void {
    for (let at = line.indexOf(QUERY_ID); at !== -1; at = line.indexOf(QUERY_ID, at + QUERY_ID.length)) {
      const start = at + QUERY_ID.length;
      const end = line.indexOf(QUOTE, start);
      if (end !== -1) this.#ids.add(hashId(line, start, end));
    }
  }
}
