/** Files in S3 and in stores that speak as it does. Directories are what keys have before a slash. */
import type { IncomingMessage } from 'node:http';
import type { S3Config } from '../../../core/protocol/connection.ts';
import { QueryError } from '../../../core/protocol/errors.ts';
import type { Identity } from '../file-tree.ts';
import { refuseOddName } from './names.ts';
import { changed, checkRange, conditionFor, identityFrom, removed } from './ranges.ts';
import { type ListedObject, type ListingPage, parseError, parseListing } from './s3-listing.ts';
import { encodedPath, queryText, signed } from './s3-signature.ts';
import type { ByteRange, Store, StoreEntry, StoreStatus } from './store.ts';
import { hostOf, StoreHttp, statusFault, textOf, unavailable } from './store-http.ts';

/** The most pages of one directory, of 1,000 keys each. */
const MAX_PAGES = 500;

export class S3Store implements Store {
  readonly readsOneState = true;
  readonly #config: S3Config;
  readonly #http: StoreHttp;
  /** The origin with the bucket in it, where the bucket is a part of the name. */
  readonly #origin: string;

  constructor(config: S3Config) {
    this.#config = config;
    this.#http = new StoreHttp(config);
    this.#origin = config.pathStyle ? config.origin : config.origin.replace('://', `://${config.bucket}.`);
  }

  async list(directory: string, signal: AbortSignal): Promise<readonly StoreEntry[] | null> {
    const key = this.#keyOf(directory);
    const prefix = key === '' ? '' : `${key}/`;
    const found: StoreEntry[] = [];
    let next: string | null = null;
    for (let page = 0; page === 0 || next !== null; page++) {
      if (page === MAX_PAGES) throw tooMany(directory);
      const listing: ListingPage = await this.#page({ prefix, next, atMost: 1000 }, signal);
      found.push(...this.#entriesOf(directory, prefix, listing));
      next = listing.next;
    }
    return found.length === 0 ? null : found;
  }

  /** By listings too, since an answer to HEAD cannot tell why it was refused. The key itself is the first that begins with it. */
  async status(path: string, signal: AbortSignal): Promise<StoreStatus | null> {
    const key = this.#keyOf(path);
    const { objects } = await this.#page({ prefix: key, next: null, atMost: 1 }, signal);
    const [first] = objects;
    if (first?.key === key) return { kind: 'file', identity: this.#identity(key, first) };
    const below = await this.#page({ prefix: `${key}/`, next: null, atMost: 1 }, signal);
    return below.objects.length + below.prefixes.length === 0 ? null : { kind: 'directory' };
  }

  async read(
    path: string,
    identity: Identity,
    range: ByteRange,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const headers = { Range: `bytes=${range.from}-${range.to}`, ...conditionFor(identity) };
    const response = await this.#send(`/${encodedPath(this.#keyOf(path))}`, {}, headers, signal);
    const { statusCode = 0 } = response;
    if (statusCode === 412 || statusCode === 416) {
      response.resume();
      throw changed(path);
    }
    if (statusCode >= 300) {
      const fault = await this.#faultOf(response);
      throw statusCode === 404 && fault === null
        ? removed(path)
        : (fault ?? statusFault(this.#origin, response));
    }
    checkRange(path, identity, range, response);
    return response;
  }

  close(): void {
    this.#http.close();
  }

  #keyOf(path: string): string {
    return [this.#config.prefix, path].filter((part) => part !== '').join('/');
  }

  #identity(key: string, object: ListedObject): Identity {
    return identityFrom(`${this.#origin}/${this.#config.bucket}/${key}`, object.bytes, object);
  }

  #entriesOf(directory: string, prefix: string, { objects, prefixes }: ListingPage): readonly StoreEntry[] {
    const files = objects.flatMap((object): StoreEntry[] => {
      const name = object.key.slice(prefix.length);
      if (name === '') return []; // the marker of the directory itself
      refuseOddName(directory, name);
      return [{ name, kind: 'file', identity: this.#identity(object.key, object) }];
    });
    const directories = prefixes.map((each): StoreEntry => {
      const name = each.slice(prefix.length, -1);
      refuseOddName(directory, name);
      return { name, kind: 'directory' };
    });
    return [...files, ...directories];
  }

  async #page(
    {
      prefix,
      next,
      atMost,
    }: { readonly prefix: string; readonly next: string | null; readonly atMost: number },
    signal: AbortSignal,
  ): Promise<ListingPage> {
    const query = {
      ...{ 'list-type': '2', delimiter: '/', 'encoding-type': 'url', 'max-keys': String(atMost), prefix },
      ...(next === null ? {} : { 'continuation-token': next }),
    };
    const response = await this.#send('/', query, {}, signal);
    if (response.statusCode !== 200)
      throw (await this.#faultOf(response)) ?? statusFault(this.#origin, response);
    const page = parseListing(await textOf(response, this.#origin));
    if (page === null)
      throw unavailable(hostOf(this.#origin), 'it answers with something else than a listing');
    return page;
  }

  #send(
    path: string,
    query: Readonly<Record<string, string>>,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const { bucket, key, pathStyle, region } = this.#config;
    const base = new URL(this.#origin).pathname.replace(/\/$/, '');
    const whole = `${base}${pathStyle ? `/${encodedPath(bucket)}` : ''}${pathStyle && path === '/' ? '' : path}`;
    const request = { method: 'GET', host: hostOf(this.#origin), path: whole, query, headers };
    const own = key === null ? headers : signed(request, region, key, new Date());
    const text = queryText(query);
    const target = text === '' ? whole : `${whole}?${text}`;
    return this.#http.send({ method: 'GET', origin: this.#origin, target, headers: own, signal });
  }

  /** Returns the error that the store's own code means; null where its status alone decides. */
  async #faultOf(response: IncomingMessage): Promise<QueryError | null> {
    const { code, region } = parseError(await textOf(response, this.#origin));
    const { bucket } = this.#config;
    const host = hostOf(this.#origin);
    if (code === 'NoSuchBucket')
      return new QueryError('database-unavailable', `there is no bucket ${bucket} at ${host}`, {
        hint: "mend the connection's root",
      });
    if (OTHER_REGION.has(code))
      return new QueryError('database-unavailable', `the bucket ${bucket} is in another region`, {
        hint: `give the connection its region: "s3": {"region": ${JSON.stringify(region ?? '...')}}`,
      });
    const refusal = REFUSALS[code];
    if (refusal === undefined) return null;
    return new QueryError('permission-denied', `the store at ${host} refuses it: ${refusal}`, {
      hint: "give the connection a key that is valid and may list and read the bucket's prefix (docs/connections/files.md)",
    });
  }
}

const OTHER_REGION: ReadonlySet<string> = new Set([
  'PermanentRedirect',
  'TemporaryRedirect',
  'AuthorizationHeaderMalformed',
  'IllegalLocationConstraintException',
]);

const REFUSALS: Readonly<Record<string, string | undefined>> = {
  AccessDenied: 'its key may not read this',
  ExpiredToken: 'its key has expired',
  ExpiredTokenException: 'its key has expired',
  TokenRefreshRequired: 'its key has expired',
  InvalidToken: 'its session token is not valid',
  InvalidAccessKeyId: 'it does not know the key',
  XAdminUserNotFound: 'it does not know the key', // versitygw
  SignatureDoesNotMatch: 'the secret of the key is wrong',
  RequestTimeTooSkewed: 'the clock of this server is wrong',
};

function tooMany(directory: string): QueryError {
  return new QueryError('result-too-large', `${directory} has more than ${MAX_PAGES * 1000} files`, {
    hint: 'name a directory further down, or write fewer and larger files',
  });
}
