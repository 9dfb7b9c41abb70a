/**
 * A web server on the loopback address by which the engine of this process reads files of stores. The engine gets addresses of
 * this server, each of which stands for one file that was found, and nothing else: no credentials, no address of a store, and
 * no way to another file. Addresses hold a secret of this process, so that no other one can read by them.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { QueryError } from '../../../core/protocol/errors.ts';
import { partitionOf } from '../hive.ts';
import { bytesOf, type StoredFile } from './bytes.ts';
import { encoded } from './s3-signature.ts';
import { STORE_ROOT } from './store-root.ts';

/** The files of one call. */
export interface GatewaySession {
  /** Returns the address of a file. */
  addressOf(file: StoredFile): string;
  /** The error of the first file that could not be read; the engine is told only that it could not. */
  readonly failure: QueryError | null;
  /** Returns a text with paths for the addresses in it, below a root that there is not. */
  withPaths(text: string): string;
  /** Ends all reading. */
  close(): void;
}

export class Gateway {
  readonly #server: Server;
  /** The beginning of all addresses, with a slash at the end. */
  readonly prefix: string;
  readonly #sessions = new Set<Session>();
  #count = 0;

  private constructor(server: Server, prefix: string) {
    this.#server = server;
    this.prefix = prefix;
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      this.#answer(request, response).catch(() => response.destroy());
    });
  }

  static async open(): Promise<Gateway> {
    // The engine keeps connections between two queries, and knows no second attempt.
    const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0 });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo; // it listens on TCP
    return new Gateway(server, `http://127.0.0.1:${port}/${randomBytes(24).toString('hex')}/`);
  }

  session(signal: AbortSignal): GatewaySession {
    const session = new Session({
      prefix: this.prefix,
      signal,
      nextNumber: () => ++this.#count,
      onClose: () => this.#sessions.delete(session),
    });
    this.#sessions.add(session);
    return session;
  }

  close(): void {
    for (const session of this.#sessions) session.close();
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const address = `http://${request.headers.host}${request.url}`;
    const number = address.startsWith(this.prefix)
      ? Number.parseInt(address.slice(this.prefix.length), 10)
      : -1;
    for (const session of this.#sessions) {
      const file = session.file(number);
      if (file !== undefined) return await session.answer(request, response, file);
    }
    response.writeHead(404).end();
  }
}

interface SessionOptions {
  readonly prefix: string;
  readonly signal: AbortSignal;
  nextNumber(): number;
  onClose(): void;
}

class Session implements GatewaySession {
  failure: QueryError | null = null;
  readonly #options: SessionOptions;
  readonly #files = new Map<number, StoredFile>();
  readonly #addresses = new Map<string, string>();
  readonly #closing = new AbortController();

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  addressOf(file: StoredFile): string {
    const { path, identity } = file;
    const known = this.#addresses.get(identity.stamp);
    if (known !== undefined) return known;
    const number = this.#options.nextNumber();
    this.#files.set(number, file);
    const address = `${this.#options.prefix}${number}/${tellingPath(path)}`;
    this.#addresses.set(identity.stamp, address);
    return address;
  }

  file(number: number): StoredFile | undefined {
    return this.#files.get(number);
  }

  withPaths(text: string): string {
    const { prefix } = this.#options;
    const shown = text.split(prefix).map((part, index) => {
      if (index === 0) return part;
      const [address = ''] = /^[^\s'"),\]]*/.exec(part) ?? [];
      const file = this.#files.get(Number.parseInt(address, 10));
      return `${STORE_ROOT}/${file?.path ?? ''}${part.slice(address.length)}`;
    });
    return shown.join('');
  }

  async answer(request: IncomingMessage, response: ServerResponse, file: StoredFile): Promise<void> {
    const { bytes } = file.identity;
    const range = rangeOf(request.headers.range, bytes);
    const { from, to } = range ?? { from: 0, to: bytes - 1 };
    response.writeHead(range === null || request.method === 'HEAD' ? 200 : 206, {
      'Accept-Ranges': 'bytes',
      'Content-Length': request.method === 'HEAD' ? bytes : to - from + 1,
      ...(range === null ? {} : { 'Content-Range': `bytes ${from}-${to}/${bytes}` }),
    });
    if (request.method === 'HEAD') {
      response.end();
      return;
    }
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const signal = AbortSignal.any([this.#options.signal, this.#closing.signal, gone.signal]);
    try {
      await pipeline(bytesOf(file, { from, to }, signal), response);
    } catch (thrown) {
      if (thrown instanceof QueryError) this.failure ??= thrown;
      throw thrown;
    }
  }

  close(): void {
    this.#closing.abort();
    this.#files.clear();
    this.#options.onClose();
  }
}

/** The path as the engine reads partitions and formats off it: names are encoded, with one encoding that it takes away. */
function tellingPath(path: string): string {
  const names = path.split('/');
  const last = names.pop()!;
  const directories = names.flatMap((name) => {
    const partition = partitionOf(name);
    if (partition === null) return [];
    return `${encoded(partition.key)}=${encoded(partition.value ?? '__HIVE_DEFAULT_PARTITION__')}`;
  });
  return [...directories, encoded(last)].join('/');
}

/** Returns null for the whole file. */
function rangeOf(header: string | undefined, bytes: number): { from: number; to: number } | null {
  const match = /^bytes=(\d+)-(\d*)$/.exec(header ?? '');
  if (match === null) return null;
  return { from: Number(match[1]), to: Math.min(match[2] === '' ? bytes - 1 : Number(match[2]), bytes - 1) };
}
