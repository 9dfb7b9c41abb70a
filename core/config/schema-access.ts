/** The options about who may reach the server, and how long and how often a client may be connected. */
import { z } from 'zod';
import { isNetwork, isOrigin } from './network-names.ts';
import { choice, group, list, number, optionalPath, text, url } from './option.ts';

export function listenOptions() {
  return group({
    host: z.string().min(1).default('127.0.0.1').meta({
      variable: 'FORKLINE_HOST',
      about:
        'Address to listen on. One that other machines reach needs authentication (`access.keysFile`, `access.jwt`) or `access.withoutAuthentication`.',
      example: '127.0.0.1',
    }),
    port: number('FORKLINE_PORT', 'Port to listen on; 0 takes any free one.', 0, 65535, 8080),
    socket: optionalPath(
      'FORKLINE_SOCKET',
      'A unix socket to listen on as well, for a proxy on this machine. Commands have one of their own in the run directory.',
      './forkline.sock',
    ),
    socketMode: choice(
      'FORKLINE_SOCKET_MODE',
      'Who may open `listen.socket`: `600` the user of Forkline, `660` its group too.',
      ['600', '660'],
      '600',
    ),
  });
}

export function tlsOptions() {
  return group({
    certFile: optionalPath(
      'FORKLINE_TLS_CERT_FILE',
      'The certificate of the server with its chain, PEM. With it only TLS is spoken on `listen.port`; a reload (HUP) reads it again.',
      './server.crt',
    ),
    keyFile: optionalPath('FORKLINE_TLS_KEY_FILE', 'The key of the certificate, PEM.', './server.key'),
    clientCaFile: optionalPath(
      'FORKLINE_TLS_CLIENT_CA_FILE',
      "Who signs certificates of clients, PEM. A client's certificate then says who it is, as a key does.",
      './clients-ca.crt',
    ),
    clientCertificates: choice(
      'FORKLINE_TLS_CLIENT_CERTIFICATES',
      'Whether a client without such a certificate may connect, and show a key or token.',
      ['optional', 'required'],
      'optional',
    ),
    minVersion: choice('FORKLINE_TLS_MIN_VERSION', 'The oldest TLS that is spoken.', ['1.2', '1.3'], '1.2'),
  });
}

/** A proxy that has found out who asks, and says so in headers. */
function proxyOptions() {
  return group({
    userHeader: headerName(
      'FORKLINE_PROXY_USER_HEADER',
      'The header by which a proxy says who asks. It counts only over `listen.socket` and from `access.proxy.certificates`.',
      'X-Forwarded-User',
    ),
    rolesHeader: headerName(
      'FORKLINE_PROXY_ROLES_HEADER',
      'The header with the roles of whoever asks, separated by commas.',
      'X-Forwarded-Roles',
    ),
    certificates: list(
      'FORKLINE_PROXY_CERTIFICATES',
      'Names in certificates of proxies (`tls.clientCaFile`), as `DNS:...` or `URI:...`, that may say so over the network.',
      'names such as DNS:proxy.internal',
      ['DNS:proxy.internal'],
      (name) => /^(?:DNS|URI|email):[\x21-\x7e]+$/.test(name),
    ),
  });
}

function headerName(variable: string, about: string, example: string) {
  const notes = { variable, about, example, defaultText: 'none' };
  return z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9-]*$/)
    .optional()
    .meta({ ...notes });
}

export function accessOptions() {
  return group({
    withoutAuthentication: choice(
      'FORKLINE_WITHOUT_AUTHENTICATION',
      'From where clients may ask while no authentication is configured: `loopback` refuses to listen on any other address.',
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
    keysFile: optionalPath(
      'FORKLINE_KEYS_FILE',
      'The file of API keys, which `forkline keys` writes. With it, or with `access.jwt`, every request must say who asks, except `/livez` and `/readyz`.',
      './forkline.keys.json',
    ),
    jwt: jwtOptions(),
    proxy: proxyOptions(),
    policyFile: optionalPath(
      'FORKLINE_POLICY_FILE',
      'The file that says which role may do what. Left out: whoever may ask may do everything.',
      './forkline.policy.json',
    ),
  });
}

/** Signed with a key pair: a secret that the identity provider shares could also be used to make tokens. */
const ALGORITHMS = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
];

function jwtOptions() {
  return group({
    issuer: url(
      'FORKLINE_JWT_ISSUER',
      'The identity provider whose tokens are taken: exactly what `iss` says.',
      'https://login.example.com/',
    ),
    audience: text('FORKLINE_JWT_AUDIENCE', 'What `aud` of a token must contain.', 'forkline'),
    jwksUrl: url(
      'FORKLINE_JWT_JWKS_URL',
      'Where the keys are that tokens are verified with; https, except on this machine.',
      'https://login.example.com/jwks',
    ),
    algorithms: list(
      'FORKLINE_JWT_ALGORITHMS',
      'Algorithms that a token may be signed with. Left out: RS256 and ES256.',
      `algorithms (${ALGORITHMS.join(', ')})`,
      ['RS256'],
      (name) => ALGORITHMS.includes(name),
    ),
    clockSkewSeconds: number(
      'FORKLINE_JWT_CLOCK_SKEW_SECONDS',
      'By how much the clocks of the identity provider and of this machine may differ.',
      0,
      300,
      30,
    ),
    rolesClaim: z.string().min(1).default('roles').meta({
      variable: 'FORKLINE_JWT_ROLES_CLAIM',
      about: 'The claim of a token that lists the roles of whom it stands for.',
      example: 'roles',
    }),
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
