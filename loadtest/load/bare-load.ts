/**
 * Closed loop over bare sockets: each connection sends the same request as soon as it has its answer. A client of HTTP would
 * take more of the processor for 1 MB than a server takes that sends it from memory, and would be all that is measured. So this one reads the head of an
 * answer and counts its body, whose beginning it compares byte by byte.
 */
import { connect, type Socket } from 'node:net';
import type { BareLoadResult, BareLoadSpec } from './messages.ts';

/** Large, so that one read takes all that the kernel holds. */
const READ_BYTES = 1024 * 1024;
const HEAD_END = Buffer.from('\r\n\r\n');
const UNCHANGED = 304;
const MEBI = 1024 * 1024;

/** The measurements so far. */
interface Counted {
  isMeasured: boolean;
  isOver: boolean;
  latencies: number[];
  bytes: number;
  all: number;
}

export async function makeBareLoad(
  spec: BareLoadSpec,
  onTick: (answers: number) => void,
): Promise<BareLoadResult> {
  const counted: Counted = { isMeasured: false, isOver: false, latencies: [], bytes: 0, all: 0 };
  const ticker = setInterval(() => onTick(counted.all), 1000);
  const running = Array.from({ length: spec.connections }, () => keepAsking(spec, counted));
  try {
    await Promise.race([wait(spec.warmUpMs), ...running]);
    counted.isMeasured = true;
    const startedAt = performance.now();
    await Promise.race([wait(spec.durationMs), ...running]);
    const seconds = (performance.now() - startedAt) / 1000;
    const { latencies, bytes } = counted;
    counted.isOver = true;
    const result = { seconds, latencies: latencies.slice(), megabytes: bytes / MEBI };
    await Promise.all(running);
    return result;
  } finally {
    clearInterval(ticker);
  }
}

/** Resolves when the load is over. Rejects at the first answer that is wrong. */
function keepAsking(spec: BareLoadSpec, counted: Counted): Promise<void> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(spec.url);
    let sentAt = 0;
    const ask = (): void => {
      sentAt = performance.now();
      socket.write(spec.request);
    };
    const answer = new AnswerReader(spec, (bytes) => {
      counted.all++;
      if (counted.isOver) {
        socket.destroy();
        resolve();
        return;
      }
      if (counted.isMeasured) {
        counted.latencies.push(performance.now() - sentAt);
        counted.bytes += bytes;
      }
      ask();
    });
    const onread = {
      buffer: SHARED,
      callback: (length: number, buffer: Uint8Array): boolean => {
        try {
          answer.take(buffer.subarray(0, length));
        } catch (error) {
          socket.destroy();
          reject(error as Error);
        }
        return true;
      },
    };
    const socket: Socket = connect({ host: hostname, port: Number(port), onread });
    socket.once('connect', ask);
    socket.once('error', reject);
    socket.once('close', () => reject(new Error(`${spec.url} closed a connection`)));
  });
}

/** One for all connections: each read is taken before the next one begins. */
const SHARED = Buffer.allocUnsafe(READ_BYTES);

/** Reads answers one after the other. */
class AnswerReader {
  readonly #spec: BareLoadSpec;
  readonly #prefix: Buffer;
  readonly #onAnswer: (bytes: number) => void;
  /** The head so far; null while a body comes. */
  #head: Buffer | null = Buffer.alloc(0);
  #left = 0;
  #position = 0;

  constructor(spec: BareLoadSpec, onAnswer: (bytes: number) => void) {
    this.#spec = spec;
    this.#prefix = Buffer.from(spec.prefix);
    this.#onAnswer = onAnswer;
  }

  /** Throws when the answer is not the one that is expected. */
  take(bytes: Uint8Array): void {
    let rest = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (this.#head !== null) {
      const head: Buffer = Buffer.concat([this.#head, rest]);
      const end = head.indexOf(HEAD_END);
      this.#head = head;
      if (end === -1) return;
      this.#head = null;
      this.#position = 0;
      this.#left = bodyBytes(head.toString('latin1', 0, end + 2), this.#spec);
      rest = head.subarray(end + HEAD_END.length);
    }
    const { length } = rest;
    if (length > this.#left) throw new Error(`${this.#spec.url} sent more than it said`);
    const compared = this.#prefix.subarray(this.#position, this.#position + length);
    if (compared.compare(rest, 0, compared.length) !== 0)
      throw new Error(`${this.#spec.url} answered wrongly, at ${this.#position}`);
    this.#position += length;
    this.#left -= length;
    if (this.#left > 0) return;
    this.#head = Buffer.alloc(0);
    this.#onAnswer(this.#position);
  }
}

/** Returns the length of the body that follows the head. Throws when the status is another one, or no length is told. */
function bodyBytes(head: string, { url, status, prefix }: BareLoadSpec): number {
  if (!head.startsWith(`HTTP/1.1 ${status} `)) throw new Error(`${url} answered ${head.split('\r\n', 1)[0]}`);
  if (status === UNCHANGED) return 0;
  const length = Number(/^content-length: *(\d+)\r$/im.exec(head)?.[1] ?? Number.NaN);
  if (!(length >= prefix.length)) throw new Error(`${url} sent ${length} bytes, fewer than are right`);
  return length;
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
