/** Files in HDFS, by WebHDFS of a NameNode or of HttpFS. */
import type { IncomingMessage } from 'node:http';
import type { WebhdfsConfig } from '../../../core/protocol/connection.ts';
import { QueryError } from '../../../core/protocol/errors.ts';
import type { Identity } from '../file-tree.ts';
import { refuseOddName } from './names.ts';
import { identityFrom, removed } from './ranges.ts';
import { encodedPath, queryText } from './s3-signature.ts';
import type { ByteRange, Store, StoreEntry, StoreStatus } from './store.ts';
import { hostOf, StoreHttp, statusFault, textOf, unavailable } from './store-http.ts';
import { REDIRECTS, redirected } from './web.ts';

interface FileStatus {
  readonly type: string;
  readonly pathSuffix: string;
  readonly length: number;
  readonly modificationTime: number;
  readonly fileId?: number;
}

const API = '/webhdfs/v1';

export class WebhdfsStore implements Store {
  /** A read tells nothing of the file's state. */
  readonly readsOneState = false;
  readonly #config: WebhdfsConfig;
  readonly #http: StoreHttp;

  constructor(config: WebhdfsConfig) {
    this.#config = config;
    this.#http = new StoreHttp(config);
  }

  async list(directory: string, signal: AbortSignal): Promise<readonly StoreEntry[] | null> {
    const answer = await this.#ask<{ FileStatuses: { FileStatus: FileStatus[] } }>(
      'LISTSTATUS',
      directory,
      signal,
    );
    if (answer === null) return null;
    return answer.FileStatuses.FileStatus.flatMap((status): StoreEntry[] => {
      const { pathSuffix: name } = status;
      if (name === '') throw unavailable(hostOf(this.#config.origin), `${directory} is no directory`);
      refuseOddName(directory, name);
      if (status.type === 'DIRECTORY') return [{ name, kind: 'directory' }];
      if (status.type !== 'FILE') return []; // a symbolic link, which HDFS may follow anywhere
      return [{ name, kind: 'file', identity: this.#identity(joined(directory, name), status) }];
    });
  }

  async status(path: string, signal: AbortSignal): Promise<StoreStatus | null> {
    const answer = await this.#ask<{ FileStatus: FileStatus }>('GETFILESTATUS', path, signal);
    if (answer === null) return null;
    const { FileStatus: status } = answer;
    if (status.type === 'FILE') return { kind: 'file', identity: this.#identity(path, status) };
    return { kind: status.type === 'DIRECTORY' ? 'directory' : 'other' };
  }

  async read(
    path: string,
    _identity: Identity,
    { from, to }: ByteRange,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const { origin } = this.#config;
    const query = { op: 'OPEN', offset: String(from), length: String(to - from + 1) };
    let response = await this.#send(path, query, signal);
    if (REDIRECTS.has(response.statusCode ?? 0)) {
      response.resume();
      const url = this.#dataNodeOf(response.headers.location);
      const target = url.pathname + url.search;
      response = await this.#http.send({ method: 'GET', origin: url.origin, target, headers: {}, signal });
    }
    if (response.statusCode === 200) return response;
    response.resume();
    throw response.statusCode === 404 ? removed(path) : statusFault(origin, response);
  }

  close(): void {
    this.#http.close();
  }

  /** Returns the address of the DataNode. Throws `read-only` for a host that the connection does not name. */
  #dataNodeOf(location: string | undefined): URL {
    const { origin, dataNodes } = this.#config;
    const own = new URL(origin);
    if (location === undefined || !URL.canParse(location))
      throw unavailable(own.host, 'it redirects to no address');
    const url = new URL(location);
    const isKnown =
      url.hostname === own.hostname || dataNodes.some((pattern) => isHost(url.hostname, pattern));
    const isSafe = url.protocol === own.protocol && url.pathname.startsWith(`${API}/`);
    if (!isKnown || !isSafe) throw redirected(own.host, url.host);
    return url;
  }

  async #ask<Answer>(op: string, path: string, signal: AbortSignal): Promise<Answer | null> {
    const { origin } = this.#config;
    const response = await this.#send(path, { op }, signal);
    const text = await textOf(response, origin);
    if (response.statusCode === 404 && text.includes('FileNotFoundException')) return null;
    if (response.statusCode !== 200) throw hdfsFault(text) ?? statusFault(origin, response);
    try {
      return JSON.parse(text) as Answer;
    } catch {
      throw unavailable(hostOf(origin), 'it answers with something else than WebHDFS does');
    }
  }

  #send(
    path: string,
    query: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const { origin, prefix, user, token } = this.#config;
    const base = new URL(origin).pathname.replace(/\/$/, '');
    const whole = `${base}${API}/${encodedPath([prefix, path].filter((part) => part !== '').join('/'))}`;
    const who = token !== undefined ? { delegation: token } : user !== undefined ? { 'user.name': user } : {};
    const target = `${whole}?${queryText({ ...query, ...who })}`;
    return this.#http.send({ method: 'GET', origin, target, headers: {}, signal });
  }

  #identity(path: string, { length, modificationTime, fileId }: FileStatus): Identity {
    const place = `${this.#config.origin}/${this.#config.prefix}/${path}`;
    return identityFrom(place, length, { etag: '', modified: `${modificationTime}:${fileId ?? ''}` });
  }
}

function joined(directory: string, name: string): string {
  return directory === '' ? name : `${directory}/${name}`;
}

/** `*.` and a domain stands for all hosts in it. */
function isHost(hostname: string, pattern: string): boolean {
  return pattern.startsWith('*.') ? hostname.endsWith(pattern.slice(1)) : hostname === pattern;
}

/** The error that HDFS names; null for those whose status tells all. */
function hdfsFault(text: string): QueryError | null {
  if (/AccessControlException|SecurityException|InvalidToken|token.{0,40}expired/i.test(text))
    return new QueryError('permission-denied', 'HDFS refuses it: the user or the token may not read this', {
      hint: "check the connection's user or token, and its rights in HDFS",
    });
  return /StandbyException/.test(text)
    ? new QueryError('database-unavailable', 'the NameNode is a standby', {
        hint: 'give the connection the root of the active one, or of HttpFS',
      })
    : null;
}
