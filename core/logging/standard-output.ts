/**
 * The log on standard output (`log.file` is "-"): for containers, whose runtime keeps what is written there. Lines go out
 * as they are; there is no rotation, and nothing that could be searched later. The logger's own standard output is a file
 * of its run like any child's, so that the monitor hands its own down as a further descriptor.
 */
import { write } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { eachLine, type LineStamp, readStamp } from './line.ts';

/** `log.file` for standard output. */
export const STANDARD_OUTPUT = '-';
/** The file in which the logger finds the monitor's standard output. */
export const STANDARD_OUTPUT_FD = 4;
/** A pipe that is full, and that somebody who shares it has made non-blocking. */
const FULL_MS = 10;

const writeTo = promisify(write);

export class StandardOutput {
  readonly rotations = 0;
  readonly #fd: number;
  readonly #onLine: (line: Buffer, stamp: LineStamp | null) => void;

  constructor(fd: number, onLine: (line: Buffer, stamp: LineStamp | null) => void) {
    this.#fd = fd;
    this.#onLine = onLine;
  }

  /** Whole lines. Rejects when the reader is gone; a part of them may have been written then. */
  async append(lines: Buffer): Promise<void> {
    for (let at = 0; at < lines.length; ) at += await this.#writeSome(lines, at);
    eachLine(lines, (line) => this.#onLine(line, readStamp(line)));
  }

  /** Returns 0: standard output does not tell what earlier loggers wrote. */
  lastSeq(): number {
    return 0;
  }

  /** There is no file to open anew. */
  reopen(): void {}

  async #writeSome(lines: Buffer, at: number): Promise<number> {
    try {
      const { bytesWritten } = await writeTo(this.#fd, lines, at, lines.length - at, null);
      return bytesWritten;
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'EAGAIN') throw thrown;
      await delay(FULL_MS);
      return 0;
    }
  }
}
