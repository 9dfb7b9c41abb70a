/**
 * The least that any client must do to take rows from PostgreSQL: `pg` connects and authenticates, then its socket is
 * taken over, one simple query at a time is sent, and of the answer only message lengths are looked at. CopyData is
 * handed on where somebody wants it. This is the limit that servers are measured against, and the one-process baseline
 * with DuckDB takes its rows by it.
 */
import type { Duplex } from 'node:stream';
import pg from 'pg';

const HEADER_BYTES = 5;
const COPY_DATA = 'd'.charCodeAt(0);
const ERROR_RESPONSE = 'E'.charCodeAt(0);
const READY_FOR_QUERY = 'Z'.charCodeAt(0);
/** Longest error that is kept; other messages are skipped. */
const MOST_ERROR_BYTES = 64 * 1024;

export interface Wire {
  /** Runs one statement to its end. Resolves with the bytes received; rejects with the database's message. */
  run(sql: string, onCopyData?: (bytes: Buffer) => void): Promise<number>;
  end(): void;
}

interface Exchange {
  bytes: number;
  error: string | null;
  readonly onCopyData: ((bytes: Buffer) => void) | null;
  resolve(bytes: number): void;
  reject(error: Error): void;
}

export async function openWire(url: string): Promise<Wire> {
  const client = new pg.Client({ connectionString: url, application_name: 'forkline loadtest' });
  await client.connect();
  await client.query("SET timezone = 'UTC'");
  // A member that pg's types leave out, checked by what follows: without a stream there is no listener to take away.
  const { stream } = (client as unknown as { connection: { stream: Duplex } }).connection;
  stream.removeAllListeners('data');
  return new TakenWire(stream);
}

class TakenWire implements Wire {
  readonly #stream: Duplex;
  #exchange: Exchange | null = null;
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #headerBytes = 0;
  #type = 0;
  /** Bytes that are left of the message under way. */
  #payloadLeft = 0;
  #text = '';

  constructor(stream: Duplex) {
    this.#stream = stream;
    stream.on('data', (chunk: Buffer) => this.#read(chunk));
    stream.on('error', () => {}); // 'close' follows
    stream.on('close', () => this.#exchange?.reject(new Error('the database closed the connection')));
  }

  run(sql: string, onCopyData?: (bytes: Buffer) => void): Promise<number> {
    if (this.#exchange !== null) throw new Error('one statement at a time');
    return new Promise((resolve, reject) => {
      this.#exchange = { bytes: 0, error: null, onCopyData: onCopyData ?? null, resolve, reject };
      const text = Buffer.from(`${sql}\0`);
      const head = Buffer.from('Q\0\0\0\0');
      head.writeInt32BE(text.length + 4, 1);
      this.#stream.write(Buffer.concat([head, text]));
    });
  }

  end(): void {
    this.#stream.destroy();
  }

  #read(chunk: Buffer): void {
    if (this.#exchange !== null) this.#exchange.bytes += chunk.length;
    for (let at = 0; at < chunk.length; )
      at = this.#payloadLeft > 0 ? this.#payload(chunk, at) : this.#head(chunk, at);
  }

  #head(chunk: Buffer, at: number): number {
    const taken = chunk.copy(this.#header, this.#headerBytes, at, at + HEADER_BYTES - this.#headerBytes);
    this.#headerBytes += taken;
    if (this.#headerBytes === HEADER_BYTES) {
      this.#headerBytes = 0;
      this.#type = this.#header[0]!;
      this.#payloadLeft = this.#header.readInt32BE(1) - 4;
      this.#text = '';
      if (this.#payloadLeft === 0) this.#messageEnd();
    }
    return at + taken;
  }

  #payload(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + this.#payloadLeft);
    if (this.#type === COPY_DATA) this.#exchange?.onCopyData?.(chunk.subarray(at, end));
    else if (this.#type === ERROR_RESPONSE && this.#text.length < MOST_ERROR_BYTES)
      this.#text += chunk.toString('utf8', at, end);
    this.#payloadLeft -= end - at;
    if (this.#payloadLeft === 0) this.#messageEnd();
    return end;
  }

  #messageEnd(): void {
    const exchange = this.#exchange;
    if (exchange === null) return;
    if (this.#type === ERROR_RESPONSE)
      exchange.error = /(?:^|\0)M([^\0]*)/.exec(this.#text)?.[1] ?? 'an error';
    if (this.#type !== READY_FOR_QUERY) return;
    this.#exchange = null;
    if (exchange.error === null) exchange.resolve(exchange.bytes);
    else exchange.reject(new Error(exchange.error));
  }
}
