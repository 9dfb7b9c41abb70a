/**
 * The HTTP side of the commands. node:http rather than fetch: no timeouts of its own (a query may take an hour),
 * and the answer is a Node stream. When this process ends, the connection closes and the server cancels the query.
 */

import type { IncomingMessage } from 'node:http';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import { stringify } from 'lossless-json';

export const DEFAULT_URL = 'http://127.0.0.1:8080';

/** The server said no; the problem document as it came. */
export class ServerError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail ?? problem.title ?? `the server answered with status ${problem.status}`);
    this.problem = problem;
  }
}

/** Nobody answers, or not as a Forkline does. */
export class ConnectionError extends Error {}

/** The fields of an RFC 9457 problem document that are shown; see docs/errors.md. */
export interface Problem {
  readonly title?: string;
  readonly status: number;
  readonly detail?: string;
  readonly code?: string;
  readonly queryId?: string;
  readonly retryable?: boolean;
  readonly stage?: { readonly index: number; readonly name: string };
  readonly position?: { readonly line: number; readonly column: number; readonly excerpt?: string };
  readonly sqlstate?: string;
  readonly hint?: string;
  readonly model?: { readonly name: string; readonly excerpt?: string };
}

export interface Sent {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Client {
  /** The API key or token that it asks with; null: none. */
  readonly key: string | null;
  /** Resolves with a 2xx answer, its body unread. Rejects with ServerError or ConnectionError. */
  post(path: string, body: object, headers?: Readonly<Record<string, string>>): Promise<IncomingMessage>;
  /** Resolves with a 2xx answer, its body unread. */
  get(path: string): Promise<IncomingMessage>;
  /** Sends a body of any type. Resolves with the answer, whatever its status; rejects with ConnectionError. */
  postRaw(path: string, body: string, contentType: string): Promise<IncomingMessage>;
  /** The JSON of a 2xx answer. */
  getJson<T>(path: string): Promise<T>;
  /** Rejects as the others do. */
  delete(path: string): Promise<void>;
  /** Sends any request; the JSON of a 2xx answer, `{}` of one without a body. */
  send<T>(
    method: string,
    path: string,
    more: Sent,
  ): Promise<{ readonly json: T; readonly etag: string | null }>;
}

/**
 * `base`: an http(s) URL, or `unix:PATH` for a unix socket. `key`: an API key or token (FORKLINE_KEY), never an argument, which every user of the machine could read in the list of
 * processes. Throws ConnectionError when `base` is no http(s) URL, and when no header can have the key.
 */
export function createClient(base: string, key: string | null): Client {
  const target = parseBase(base);
  if (key !== null && !/^[\x21-\x7e]+$/.test(key))
    throw new ConnectionError('FORKLINE_KEY has spaces or other characters that no key has');
  const send = (method: string, path: string, body: string | null, headers = {}) =>
    sendTo(target, key, method, path, body, headers);
  return {
    key,
    post: (path, body, headers) => send('POST', path, stringify(body)!, headers),
    get: (path) => send('GET', path, null),
    postRaw: (path, body, contentType) =>
      answerOf(target, key, 'POST', path, body, { 'content-type': contentType }),
    delete: async (path) => {
      await text(await send('DELETE', path, null));
    },
    send: async <T>(method: string, path: string, { body, headers }: Sent) => {
      const response = await sendTo(
        target,
        key,
        method,
        path,
        body === undefined ? null : stringify(body)!,
        headers,
      );
      const answer = await text(response);
      const json = (answer === '' ? {} : JSON.parse(answer)) as T; // a Forkline answers so
      return { json, etag: response.headers.etag ?? null };
    },
    getJson: async <T>(path: string) => (await readJson(await send('GET', path, null))) as T,
  };
}

/** A server's URL, and the socket on which it is asked when that is no network address. */
interface Target {
  readonly url: URL;
  readonly socketPath?: string;
}

const UNIX = 'unix:';

function parseBase(base: string): Target {
  if (base.startsWith(UNIX) && base.length > UNIX.length)
    return {
      url: new URL('http://localhost'),
      socketPath: base.slice(UNIX.length).replace(/^\/\/(?=\/)/, ''),
    };
  const url = URL.canParse(base) ? new URL(base) : null;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return { url };
  throw new ConnectionError(`${base} is no http URL; for example ${DEFAULT_URL}, or unix:/path/of/a.sock`);
}

async function sendTo(
  target: Target,
  key: string | null,
  method: string,
  path: string,
  body: string | null,
  more: Readonly<Record<string, string>> = {},
): Promise<IncomingMessage> {
  const response = await answerOf(target, key, method, path, body, more);
  const status = response.statusCode ?? 0;
  if (status >= 200 && status < 300) return response;
  throw new ServerError({ ...(await readProblem(response)), status });
}

/** Resolves with the answer, whatever its status. */
function answerOf(
  { url: base, socketPath }: Target,
  key: string | null,
  method: string,
  path: string,
  body: string | null,
  more: Readonly<Record<string, string>>,
): Promise<IncomingMessage> {
  const url = new URL(base.pathname.replace(/\/$/, '') + path, base);
  return new Promise<IncomingMessage>((resolve, reject) => {
    const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, {
      method,
      ...(socketPath !== undefined && { socketPath }),
      headers: {
        ...(body !== null && { 'content-type': 'application/json' }),
        ...more,
        ...(key !== null && { authorization: `Bearer ${key}` }),
        ...more,
      },
    });
    request.once('response', resolve);
    request.once('error', (error) =>
      reject(unreachable(socketPath === undefined ? base.origin : socketPath, error)),
    );
    request.end(body ?? undefined);
  });
}

function unreachable(place: string, error: NodeJS.ErrnoException): ConnectionError {
  const reason = error.code === 'ECONNREFUSED' ? 'nothing listens there' : error.message;
  return new ConnectionError(
    `no Forkline answers at ${place}: ${reason}. ` +
      'Start one with "forkline start", or name another one with --url or FORKLINE_URL.',
  );
}

async function readProblem(response: IncomingMessage): Promise<object> {
  const body = await text(response);
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed === 'object' && parsed !== null) return parsed;
  } catch {
    // An answer of another program (a proxy's page, perhaps) is shown unchanged.
  }
  return { detail: body.slice(0, 500) };
}

async function readJson(response: IncomingMessage): Promise<unknown> {
  const body = await text(response);
  try {
    return JSON.parse(body);
  } catch {
    throw new ConnectionError(`what answers there is no Forkline: ${body.slice(0, 100)}`);
  }
}
