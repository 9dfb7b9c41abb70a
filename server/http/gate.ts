/**
 * The gate in front of every route, including the fast path of queries: it refuses requests from web pages that are not
 * allowed to send them, and determines the principal. A web page can send requests without its user's knowledge, so three
 * headers are checked:
 *
 * - `Host` (and the host in an absolute request target) must be a name of this server, or an address (host-check.ts);
 * - `Origin` must be this server's own, or one of `cors.origins`;
 * - `Sec-Fetch-Site`, which browsers set and pages cannot change, must not name another site, except for a click on a link
 *   to a document such as /docs, which runs nothing by itself.
 *
 * A request without `Origin` and `Sec-Fetch-Site` does not come from a browser, and passes. An allowed origin gets its CORS
 * headers here, and the answer to its preflight. With configured authentication the request must also carry a key or a token
 * (server/access/authenticator.ts); only the two health probes and the pages at /docs and / need none.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { QueryError } from '../../core/protocol/errors.ts';
import type { Principal } from '../../core/protocol/principal.ts';
import { NO_RIGHTS } from '../../core/protocol/rights.ts';
import type { GateConfig } from '../../core/protocol/server-config.ts';
import type { Authenticator } from '../access/authenticator.ts';
import { createClientAddresses } from './client-address.ts';
import { HostCheck } from './host-check.ts';

/** The paths that a link on another site may open: documents that run no query. */
const PAGES = new Set(['/', '/docs', '/openapi.json']);
/** The paths that need no key: the health probes, the public key of encrypted queries and the pages with their files, which show nothing of anybody's data. */
const OPEN_TO_ALL =
  /^\/(?:livez|readyz|\.well-known\/jwks\.json|docs|docs\.css|docs\.js|console\/[\w.-]+)?(?:\?|$)/;
/** The path to which clients of the older engine bring their credential, in the body. */
export const LEGACY_LOGIN = '/angora/auth';
const ANY_ORIGIN = '*';
const ABSOLUTE_TARGET = /^https?:\/\/([^/?#]*)(.*)$/i;
const PREFLIGHT_HEADERS = {
  'Access-Control-Allow-Methods': 'GET, HEAD, POST, DELETE',
  'Access-Control-Allow-Headers': 'Accept, Authorization, Content-Type, Query-Id, traceparent, tracestate',
  'Access-Control-Max-Age': '600',
};
const EXPOSED_HEADERS =
  'Query-Id, Server-Timing, Forkline-Row-Count, Forkline-Complete, Content-Disposition, Retry-After, Allow, WWW-Authenticate, Forkline-Answer-Key, traceresponse';

export class Gate {
  readonly #hosts: HostCheck;
  readonly #origins: ReadonlySet<string>;
  readonly #clients: ReturnType<typeof createClientAddresses>;
  readonly #authenticator: Authenticator | null;

  /** `authenticator`: null where nobody has to say who they are. */
  constructor({ hostNames, corsOrigins, trustedProxies }: GateConfig, authenticator: Authenticator | null) {
    this.#authenticator = authenticator;
    this.#hosts = new HostCheck(hostNames);
    this.#origins = new Set(corsOrigins);
    this.#clients = createClientAddresses(trustedProxies);
  }

  /**
   * Returns who sent the request; null when it was a preflight, which is answered here; a promise only for a token that must
   * be verified first. Replaces an absolute request target by its path, so that routes see one form only. Throws, and rejects
   * with, unknown-host, foreign-origin, bad-request, unauthenticated, identity-unavailable.
   */
  admit(request: IncomingMessage, response: ServerResponse): Principal | Promise<Principal> | null {
    const { headers } = request;
    refuseRepeated(request);
    this.#checkTarget(request);
    // Only HTTP/1.0 may omit Host, and no browser does.
    if (headers.host !== undefined && !this.#hosts.passes(headers.host)) throw unknownHost(headers.host);
    if (headers.origin !== undefined || headers['sec-fetch-site'] !== undefined) {
      const allowedOrigin = this.#checkPage(request);
      if (allowedOrigin !== null && this.#answerCors(request, response, allowedOrigin)) return null;
    }
    const peer = this.#clients.principalOf(request);
    if (this.#authenticator === null) return peer;
    if (request.method === 'POST' && request.url === LEGACY_LOGIN) return { ...peer, ...NOTHING_ALLOWED };
    if (isReading(request) && OPEN_TO_ALL.test(request.url ?? '')) return { ...peer, ...NOTHING_ALLOWED };
    return this.#authenticator.identify(request, peer.address);
  }

  /** Whether who asks must say who they are. */
  get asksWho(): boolean {
    return this.#authenticator !== null;
  }

  /** Checks a credential that came in the body of a request. Throws, and rejects with, unauthenticated and its like. */
  async check(credential: string, request: IncomingMessage): Promise<void> {
    await this.#authenticator?.identifyBy(credential, this.addressOf(request));
  }

  /** Returns the client's address. */
  addressOf(request: IncomingMessage): string {
    return this.#clients.principalOf(request).address;
  }

  /** Returns the client that a connection counts for; null for a trusted proxy's connection. */
  get connectionOwner(): ReturnType<typeof createClientAddresses>['connectionOwner'] {
    return this.#clients.connectionOwner;
  }

  #checkTarget(request: IncomingMessage): void {
    const { url = '' } = request;
    if (url.charCodeAt(0) === SLASH || url === '*') return;
    const match = ABSOLUTE_TARGET.exec(url);
    if (match === null)
      throw new QueryError('bad-request', 'the request target is neither a path nor an http:// address', {
        hint: 'POST the query to /v1/query; /openapi.json describes every request.',
      });
    const [, authority, rest] = match;
    if (!this.#hosts.passes(authority!)) throw unknownHost(authority!);
    request.url = rest!.startsWith('/') ? rest! : `/${rest}`;
  }

  /** Returns the page's origin when `cors.origins` allows it; null when no page asks, or a page of this server. Throws foreign-origin. */
  #checkPage(request: IncomingMessage): string | null {
    const { origin, host = '', 'sec-fetch-site': site } = request.headers;
    if (origin !== undefined && !isOrigin(origin, host)) {
      if (this.#origins.has(origin) || this.#origins.has(ANY_ORIGIN)) return origin;
      throw foreignOrigin(`the page at ${shown(origin)} is of another origin than this server`);
    }
    if (site === undefined || site === 'same-origin' || site === 'none') return null;
    if (isClickToPage(request)) return null;
    throw foreignOrigin('a page of another site sent this, without telling its origin');
  }

  /** Sets the CORS headers. Returns true when the request was a preflight, which is then answered. */
  #answerCors({ method, headers }: IncomingMessage, response: ServerResponse, origin: string): boolean {
    response.setHeader('Access-Control-Allow-Origin', origin);
    response.setHeader('Vary', 'Accept, Origin');
    if (method !== 'OPTIONS' || headers['access-control-request-method'] === undefined) {
      response.setHeader('Access-Control-Expose-Headers', EXPOSED_HEADERS);
      return false;
    }
    for (const [name, value] of Object.entries(PREFLIGHT_HEADERS)) response.setHeader(name, value);
    if (headers['access-control-request-private-network'] === 'true')
      response.setHeader('Access-Control-Allow-Private-Network', 'true');
    response.statusCode = 204;
    response.end();
    return true;
  }
}

/** The rights of those who are not asked for a credential: none. */
const NOTHING_ALLOWED = { rights: NO_RIGHTS, scope: 'nobody' };

function isReading({ method }: IncomingMessage): boolean {
  return method === 'GET' || method === 'HEAD';
}

const SLASH = 0x2f;

/** Throws bad-request for a repeated Host or Content-Type: Node would take the first and silently drop the others. */
function refuseRepeated({ rawHeaders }: IncomingMessage): void {
  let hosts = 0;
  let contentTypes = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!;
    // Comparing the length first is faster, and this runs for each header of each request.
    if (name.length === 4 && name.toLowerCase() === 'host') hosts++;
    else if (name.length === 12 && name.toLowerCase() === 'content-type') contentTypes++;
  }
  if (hosts <= 1 && contentTypes <= 1) return;
  const name = hosts > 1 ? 'Host' : 'Content-Type';
  throw new QueryError('bad-request', `the header ${name} is given twice`, { hint: 'Send it once.' });
}

/** Tells whether an origin (`http://localhost:8080`) belongs to the host (`localhost:8080`). The scheme may be https, behind a proxy with TLS. */
function isOrigin(origin: string, host: string): boolean {
  const match = /^(https?):\/\/(.+)$/.exec(origin);
  if (match === null) return false;
  const defaultPort = match[1] === 'https' ? ':443' : ':80';
  const plain = (authority: string): string => {
    const lower = authority.toLowerCase();
    return lower.endsWith(defaultPort) ? lower.slice(0, -defaultPort.length) : lower;
  };
  return plain(match[2]!) === plain(host);
}

/** Tells whether a link or the address line led to one of the pages; a frame, a form or a script does not count. */
function isClickToPage({ method, url = '', headers }: IncomingMessage): boolean {
  return (
    (method === 'GET' || method === 'HEAD') &&
    headers['sec-fetch-mode'] === 'navigate' &&
    headers['sec-fetch-dest'] === 'document' &&
    PAGES.has(url)
  );
}

const SHOWN_CHARACTERS = 100;

function shown(text: string): string {
  return JSON.stringify(text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}...` : text);
}

function unknownHost(host: string): QueryError {
  return new QueryError('unknown-host', `this server is not known by the name ${shown(host)}`, {
    hint: 'Use its address or localhost, or add the name to access.hostNames (FORKLINE_HOST_NAMES).',
  });
}

function foreignOrigin(problem: string): QueryError {
  return new QueryError('foreign-origin', problem, {
    hint: "Add the page's origin, such as https://app.example.com, to cors.origins (FORKLINE_CORS_ORIGINS).",
  });
}
