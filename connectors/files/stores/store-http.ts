/**
 * One HTTP request to a store, without redirects and retries. Errors name the host and never a header, a query or a body:
 * credentials stand there.
 */
import { readFileSync } from 'node:fs';
import { type IncomingHttpHeaders, type IncomingMessage, Agent as PlainAgent, request } from 'node:http';
import { request as requestTls, Agent as TlsAgent } from 'node:https';
import type { StoreConfig } from '../../../core/protocol/connection.ts';
import { QueryError } from '../../../core/protocol/errors.ts';
import {
  guardedLookup,
  isRefusedAddress,
  REFUSED_ADDRESS,
  REFUSED_ADDRESS_TEXT,
} from '../../kit/address-guard.ts';
import { chunksOf } from './bytes.ts';
import { Transient } from './persist.ts';

export interface StoreRequest {
  readonly method: 'GET' | 'HEAD';
  /** `https://host:port` */
  readonly origin: string;
  /** The path and the query, encoded. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** The longest silence of the other side. */
const SILENCE_MS = 20_000;
const MAX_SOCKETS = 16;
/** The longest listing or error that is read whole. */
const MAX_TEXT_BYTES = 64 * 1024 * 1024;

export class StoreHttp {
  readonly #plain = new PlainAgent({ keepAlive: true, maxSockets: MAX_SOCKETS });
  readonly #tls: TlsAgent;
  readonly #guardsAddress: boolean;

  constructor({ caFile, guardsAddress = false }: StoreConfig) {
    this.#guardsAddress = guardsAddress;
    const ca = caFile === undefined ? undefined : readFileSync(caFile);
    this.#tls = new TlsAgent({ keepAlive: true, maxSockets: MAX_SOCKETS, ...(ca && { ca }) });
  }

  /** Resolves with the head of the answer, whatever its status. Throws Transient when there is none. */
  send({ method, origin, target, headers, signal }: StoreRequest): Promise<IncomingMessage> {
    const { protocol, hostname, port } = new URL(origin);
    const isTls = protocol === 'https:';
    const host = hostname.replace(/^\[|\]$/g, '');
    // A name is judged when it is looked up, an address is not looked up.
    if (this.#guardsAddress && isRefusedAddress(host))
      throw unavailable(hostOf(origin), REFUSED_ADDRESS_TEXT);
    return new Promise((resolve, reject) => {
      const sent = (isTls ? requestTls : request)({
        ...{
          method,
          host,
          port,
          path: target,
          signal,
          timeout: SILENCE_MS,
        },
        headers: { ...headers, 'Accept-Encoding': 'identity' },
        agent: isTls ? this.#tls : this.#plain,
        ...(this.#guardsAddress && { lookup: guardedLookup }),
      });
      sent.on('timeout', () => sent.destroy(new Error(`it was silent for ${SILENCE_MS / 1000} s`)));
      sent.on('error', (error) => reject(noAnswer(hostOf(origin), error)));
      sent.on('response', (response) => {
        sent.setTimeout(0);
        resolve(response);
      });
      sent.end();
    });
  }

  close(): void {
    this.#plain.destroy();
    this.#tls.destroy();
  }
}

export function hostOf(origin: string): string {
  return new URL(origin).host;
}

/** Faults that do not pass while somebody waits: the name, the address or the certificate is wrong. */
const LASTING: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its name is not known (DNS)',
  ECONNREFUSED: 'nobody listens there',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no way to it',
  [REFUSED_ADDRESS]: REFUSED_ADDRESS_TEXT,
};
const OF_CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS|ERR_SSL/;

function noAnswer(host: string, error: NodeJS.ErrnoException): Error {
  const { code = '' } = error;
  const told = Object.hasOwn(LASTING, code) ? LASTING[code]! : null;
  if (told !== null) return unavailable(host, told);
  if (code === 'EAI_AGAIN') return new Transient(unavailable(host, 'its name cannot be looked up (DNS)'));
  if (OF_CERTIFICATE.test(code)) return unavailable(host, `its certificate is not trusted (${code})`);
  return new Transient(unavailable(host, code === '' ? error.message : `the connection broke (${code})`));
}

export function unavailable(host: string, why: string): QueryError {
  return new QueryError('database-unavailable', `the store at ${host} cannot be read: ${why}`, {
    hint: "check the connection's root and options",
  });
}

/** Reads an answer to its end. Throws Transient when it breaks off. */
export async function textOf(response: IncomingMessage, origin: string): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of chunksOf(response)) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > MAX_TEXT_BYTES) throw unavailable(hostOf(origin), 'its answer is too long');
    }
  } catch (thrown) {
    throw thrown instanceof QueryError ? thrown : brokenOff(origin);
  }
  if (!response.complete) throw brokenOff(origin);
  return Buffer.concat(chunks).toString();
}

function brokenOff(origin: string): Transient {
  return new Transient(unavailable(hostOf(origin), 'its answer broke off'));
}

/** Statuses after which the same request may go well. */
const PASSING: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);
const TOO_MANY: ReadonlySet<number> = new Set([429, 503]);

/** Returns the error that a status is which has no other meaning; Transient when it may pass. */
export function statusFault(
  origin: string,
  response: Pick<IncomingMessage, 'statusCode' | 'headers'>,
): Error {
  const status = response.statusCode ?? 0;
  const host = hostOf(origin);
  if (status === 401 || status === 403)
    return new QueryError('permission-denied', `the store at ${host} refuses it (HTTP ${status})`, {
      hint: "check the connection's credentials and what they may read",
    });
  const error = TOO_MANY.has(status)
    ? new QueryError('database-overloaded', `the store at ${host} asks for fewer requests (HTTP ${status})`, {
        hint: 'send the query again in a moment',
        retryAfterSeconds: 5,
      })
    : unavailable(host, `it answers with HTTP ${status}`);
  return PASSING.has(status) ? new Transient(error, retryAfterMs(response.headers)) : error;
}

function retryAfterMs(headers: IncomingHttpHeaders): number | null {
  const seconds = Number(headers['retry-after'] ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : null;
}
