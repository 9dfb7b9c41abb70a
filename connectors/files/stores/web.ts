/** Files of a web server, each by its own address: web servers list no directories. */
import type { IncomingMessage } from 'node:http';
import type { WebConfig } from '../../../core/protocol/connection.ts';
import { QueryError } from '../../../core/protocol/errors.ts';
import type { Identity } from '../file-tree.ts';
import { checkRange, conditionFor, identityOf } from './ranges.ts';
import { encodedPath } from './s3-signature.ts';
import type { ByteRange, Store, StoreEntry, StoreStatus } from './store.ts';
import { hostOf, StoreHttp, statusFault, unavailable } from './store-http.ts';

const MAX_REDIRECTS = 3;

export class WebStore implements Store {
  readonly readsOneState = true;
  readonly #config: WebConfig;
  readonly #http: StoreHttp;

  constructor(config: WebConfig) {
    this.#config = config;
    this.#http = new StoreHttp(config);
  }

  list(directory: string): Promise<readonly StoreEntry[] | null> {
    const where = directory === '' ? 'the root' : directory;
    throw new QueryError('unsupported', `${where} cannot be listed: web servers list no directories`, {
      hint: 'name each file: "path": "2024/sales.parquet"',
    });
  }

  async status(path: string, signal: AbortSignal): Promise<StoreStatus | null> {
    const response = await this.#send('HEAD', path, {}, signal);
    response.resume();
    const { statusCode, headers } = response;
    if (statusCode === 404 || statusCode === 410) return null;
    if (statusCode !== 200) throw statusFault(this.#config.origin, response);
    const identity = identityOf(headers, `${this.#config.origin}${this.#targetOf(path)}`);
    if (identity !== null) return { kind: 'file', identity };
    throw new QueryError('unsupported', `${path}: the server does not tell the size of the file`, {
      hint: 'copy the file to where a server tells it, or below a local root',
    });
  }

  async read(
    path: string,
    identity: Identity,
    range: ByteRange,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const headers = { Range: `bytes=${range.from}-${range.to}`, ...conditionFor(identity) };
    const response = await this.#send('GET', path, headers, signal);
    const { statusCode = 0 } = response;
    if (statusCode >= 300 && !ABOUT_THE_FILE.has(statusCode)) {
      response.resume();
      throw statusFault(this.#config.origin, response);
    }
    try {
      checkRange(path, identity, range, response);
    } catch (thrown) {
      response.destroy();
      throw thrown;
    }
    return response;
  }

  close(): void {
    this.#http.close();
  }

  #targetOf(path: string): string {
    const { origin, prefix } = this.#config;
    const base = new URL(origin).pathname.replace(/\/$/, '');
    return `${base}/${[prefix, path]
      .filter((part) => part !== '')
      .map(encodedPath)
      .join('/')}`;
  }

  /** Follows redirects within the server, and nowhere else. */
  async #send(
    method: 'GET' | 'HEAD',
    path: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const { origin, authorization } = this.#config;
    const own = { ...headers, ...(authorization === undefined ? {} : { Authorization: authorization }) };
    let target = this.#targetOf(path);
    for (let redirects = 0; ; redirects++) {
      const response = await this.#http.send({ method, origin, target, headers: own, signal });
      if (!REDIRECTS.has(response.statusCode ?? 0)) return response;
      response.resume();
      if (redirects === MAX_REDIRECTS) throw unavailable(hostOf(origin), 'it redirects again and again');
      target = redirectWithin(origin, target, response.headers.location);
    }
  }
}

const ABOUT_THE_FILE: ReadonlySet<number> = new Set([404, 410, 412, 416]);
export const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Returns where a redirect leads. Throws `read-only` when that is another server. */
function redirectWithin(origin: string, target: string, location: string | undefined): string {
  const base = new URL(origin);
  const from = new URL(target, base).href;
  if (location === undefined || !URL.canParse(location, from))
    throw unavailable(base.host, 'it redirects to no address');
  const url = new URL(location, from);
  if (url.origin !== base.origin) throw redirected(base.host, url.host);
  return url.pathname + url.search;
}

export function redirected(from: string, to: string): QueryError {
  return new QueryError('read-only', `${from} redirects to ${to}, which this connection does not read from`, {
    hint: 'give the connection the root that the files are at',
  });
}
