/** The options of `access` taken together: who may reach the server, and whether they must say who they are. */
import { isIPv4 } from 'node:net';
import type { z } from 'zod';
import { type ConfiguredConnection, hasRoles } from '../protocol/connection.ts';
import type { Policy } from '../protocol/rights.ts';
import type { JwtConfig, ProxyConfig } from '../protocol/server-config.ts';
import type { PolicyConnections } from './members.ts';
import { readPolicy } from './policy.ts';
import { loginProblems } from './role-logins.ts';
import type { ConfigSchema } from './schema.ts';

type ParsedConfig = z.output<ConfigSchema>;
type ParsedAccess = ParsedConfig['access'];

export interface AccessConfig {
  readonly withoutAuthentication: 'loopback' | 'anywhere';
  /** Names of this server beside `listen.host` and those of the loopback. */
  readonly hostNames: readonly string[];
  readonly trustedProxies: readonly string[];
  /** Absolute; null: there are no API keys. */
  readonly keysFile: string | null;
  /** null: no tokens are taken. */
  readonly jwt: JwtConfig | null;
  readonly proxy: ProxyConfig;
  /** null: whoever may ask may do everything. */
  readonly policy: Policy | null;
}

const DEFAULT_ALGORITHMS = ['RS256', 'ES256'];
const JWT_NAMES = ['issuer', 'audience', 'jwksUrl'] as const;

export function completeAccess(
  { keysFile, jwt, proxy, policyFile: _, ...others }: ParsedAccess,
  policy: Policy | null,
): AccessConfig {
  const { issuer, audience, jwksUrl, algorithms, ...rest } = jwt;
  const isConfigured = issuer !== undefined && audience !== undefined && jwksUrl !== undefined;
  return {
    ...others,
    policy,
    proxy: {
      userHeader: proxy.userHeader?.toLowerCase() ?? null,
      rolesHeader: proxy.rolesHeader?.toLowerCase() ?? null,
      certificates: proxy.certificates,
    },
    keysFile: keysFile ?? null,
    jwt: isConfigured
      ? {
          ...{ issuer, audience, jwksUrl, ...rest },
          algorithms: algorithms.length > 0 ? algorithms : DEFAULT_ALGORITHMS,
        }
      : null,
  };
}

export interface FoundPolicy {
  readonly policy: Policy | null;
  readonly errors: readonly string[];
}

export const NO_POLICY: FoundPolicy = { policy: null, errors: [] };

/** The policy of the file that is named. Without configured connections there is the embedded one, `main`. */
export function policyIn(
  parsed: Pick<ParsedConfig, 'access' | 'tls' | 'store'>,
  connections: Readonly<Record<string, ConfiguredConnection>>,
): FoundPolicy {
  const { policyFile } = parsed.access;
  if (policyFile === undefined) {
    const [name] = Object.entries(connections).find(([, connection]) => hasRoles(connection)) ?? [];
    if (name === undefined) return NO_POLICY;
    return {
      policy: null,
      errors: [
        `connections.${name}.roles: logins by role need a policy that says which roles there are: configure access.policyFile`,
      ],
    };
  }
  if (!isAuthenticated(parsed))
    return {
      policy: null,
      errors: [
        'access.policyFile: roles need somebody to have them: configure access.keysFile, access.jwt, tls.clientCaFile or access.proxy as well',
      ],
    };
  const known: PolicyConnections =
    Object.keys(connections).length === 0 ? { main: null } : policyConnections(connections);
  const read = readPolicy(policyFile, parsed.store.url === undefined ? known : null);
  if ('errors' in read) return { policy: null, errors: read.errors };
  return { policy: read.policy, errors: loginProblems(policyFile, read.policy, connections) };
}

function policyConnections(connections: Readonly<Record<string, ConfiguredConnection>>): PolicyConnections {
  return Object.fromEntries(
    Object.entries(connections).map(([name, connection]) => [
      name,
      connection.kind === 'files' ? Object.keys(connection.tables) : null,
    ]),
  );
}

/** Returns the errors of values that are allowed alone and contradict each other. */
export function accessProblems(parsed: ParsedConfig): string[] {
  return [...jwtProblems(parsed.access.jwt), ...proxyProblems(parsed), ...openAccess(parsed)];
}

function jwtProblems(jwt: ParsedAccess['jwt']): string[] {
  const missing = JWT_NAMES.filter((name) => jwt[name] === undefined);
  const isUntouched = missing.length === JWT_NAMES.length;
  if (missing.length > 0 && !isUntouched)
    return missing.map((name) => `access.jwt.${name}: tokens need it as well: ${JWT_NAMES.join(', ')}`);
  if (isUntouched && jwt.algorithms.length > 0)
    return [`access.jwt.algorithms: says nothing without ${JWT_NAMES.join(', ')}`];
  return jwt.jwksUrl !== undefined && isReadable(jwt.jwksUrl)
    ? [
        `access.jwt.jwksUrl: ${JSON.stringify(jwt.jwksUrl)} is not https: whoever is on the way could put keys of their own there. ` +
          'Only a loopback address may be http',
      ]
    : [];
}

function isAuthenticated({ access, tls }: Pick<ParsedConfig, 'access' | 'tls'>): boolean {
  const { keysFile, jwt, proxy } = access;
  return [keysFile, jwt.issuer, proxy.userHeader, tls.clientCaFile].some((option) => option !== undefined);
}

function proxyProblems({ access: { proxy }, tls, listen }: ParsedConfig): string[] {
  const { userHeader, rolesHeader, certificates } = proxy;
  if (userHeader === undefined)
    return rolesHeader !== undefined || certificates.length > 0
      ? ['access.proxy.userHeader: a proxy that is believed must say who asks: name the header']
      : [];
  if (certificates.length > 0 && tls.clientCaFile === undefined)
    return ['access.proxy.certificates: name in tls.clientCaFile who signs them'];
  return certificates.length === 0 && listen.socket === undefined
    ? [
        'access.proxy.userHeader: nobody could be believed: let the proxy use listen.socket, or name its certificate in access.proxy.certificates. ' +
          'An address proves nothing',
      ]
    : [];
}

/** Whether what is fetched there may be changed on the way. */
function isReadable(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol !== 'https:' && !isLoopback(hostname.replace(/^\[|\]$/g, ''));
}

/**
 * Returns an error when other machines can reach the port without authentication and without the option that allows it:
 * whoever reaches the port reads all that the database's role may.
 */
function openAccess(parsed: ParsedConfig): string[] {
  const { host } = parsed.listen;
  const { withoutAuthentication } = parsed.access;
  if (isAuthenticated(parsed)) return [];
  if (withoutAuthentication === 'anywhere' || isLoopback(host)) return [];
  return [
    `listen.host: ${JSON.stringify(host)} is reached from other machines, and there is no authentication: whoever reaches it ` +
      'may ask anything. Configure keys (access.keysFile) or tokens (access.jwt), listen on 127.0.0.1 and put a proxy in front ' +
      'that authenticates, or say that this is meant: ' +
      'FORKLINE_WITHOUT_AUTHENTICATION=anywhere ("access": {"withoutAuthentication": "anywhere"})',
  ];
}

/** A name other than localhost may resolve to anything. */
function isLoopback(host: string): boolean {
  return host.toLowerCase() === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}
