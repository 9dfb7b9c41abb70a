/** The options about who may reach the server, and how long and how often a client may be connected. */
import { z } from 'zod';
import { isNetwork, isOrigin } from './network-names.ts';
import { choice, group, list, number } from './option.ts';

export function listenOptions() {
  return group({
    host: z.string().min(1).default('127.0.0.1').meta({
      variable: 'FORKLINE_HOST',
      about:
        'Address to listen on. There is no authentication: leave it local, or put a proxy in front. One that other machines reach needs `access.withoutAuthentication`.',
      example: '127.0.0.1',
    }),
    port: number('FORKLINE_PORT', 'Port to listen on; 0 takes any free one.', 0, 65535, 8080),
  });
}

export function accessOptions() {
  return group({
    withoutAuthentication: choice(
      'FORKLINE_WITHOUT_AUTHENTICATION',
      'From where clients may ask without authentication, which is all there is: `loopback` refuses to listen on any other address.',
      ['loopback', 'anywhere'],
      'loopback',
    ),
    hostNames: list(
      'FORKLINE_HOST_NAMES',
      'Names by which clients call this server, beside `localhost`, `listen.host` and addresses; a request with another `Host` is refused. `*`: any, for where a proxy checks it.',
      'host names without a port',
      ['forkline.example.com'],
      (name) => name === '*' || /^[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?$/i.test(name),
    ),
    trustedProxies: list(
      'FORKLINE_TRUSTED_PROXIES',
      'Proxies whose `X-Forwarded-For` says who the client is. Left out: the header counts for nothing.',
      'addresses or networks',
      ['10.0.0.0/8', '::1'],
      isNetwork,
    ),
  });
}

export function corsOptions() {
  return group({
    origins: list(
      'FORKLINE_CORS_ORIGINS',
      'Origins of the web pages that may ask from a browser, beside /docs. `*`: any page that somebody opens who reaches this server.',
      'origins without a path',
      ['https://app.example.com'],
      isOrigin,
    ),
  });
}

/** The limits of connections, which protect the server from clients that do not go on. */
export function connectionLimits() {
  return {
    headersTimeoutMs: number(
      'FORKLINE_HEADERS_TIMEOUT_MS',
      'Time that a client has to send the headers of a request; then 408.',
      1,
      600_000,
      20_000,
    ),
    requestTimeoutMs: number(
      'FORKLINE_REQUEST_TIMEOUT_MS',
      'Time that a client has to send a whole request; then 408. How long the answer takes does not count.',
      1,
      600_000,
      30_000,
    ),
    keepAliveMs: number(
      'FORKLINE_KEEP_ALIVE_MS',
      'How long a connection may idle between two requests.',
      1,
      600_000,
      65_000,
    ),
    connections: number(
      'FORKLINE_CONNECTIONS',
      'Connections of all clients; one more gets 503.',
      1,
      1_000_000,
      4096,
    ),
    connectionsPerClient: number(
      'FORKLINE_CONNECTIONS_PER_CLIENT',
      'Connections of one client address; one more gets 503. Those of `access.trustedProxies` do not count.',
      1,
      1_000_000,
      512,
    ),
  };
}
