/**
 * Determines which client sent a request, as the text under which limits count it. An IPv4 address is one client. For IPv6
 * the first 64 bits are one client, since whoever has one address of such a network usually has all of them.
 *
 * Without trusted proxies the client is the other end of the connection, and headers are ignored. With trusted proxies,
 * X-Forwarded-For is read from the right, where each proxy appends the address that it got the request from: the first
 * address that is not a trusted proxy's is the client. Entries that the client wrote itself stand to the left of that, and
 * are never read.
 */
import type { IncomingMessage } from 'node:http';
import { isIP, type Socket } from 'node:net';
import ipaddr from 'ipaddr.js';
import { anonymousAt, type Principal } from '../../core/protocol/principal.ts';
import { isLocal } from '../access/local-sockets.ts';

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Network = [Address, number];

/** The address of whoever comes over our unix socket. */
const LOCAL = 'local';
/** The address of a connection that is closed already. */
const UNKNOWN = 'unknown';
const IPV6_CLIENT_PARTS = 4;

export interface ClientAddresses {
  principalOf(request: IncomingMessage): Principal;
  /** Returns the client that a connection counts for; null for a trusted proxy, whose connections serve many clients. */
  connectionOwner(socket: Socket): string | null;
}

/** `trustedProxies` are addresses and networks such as 10.0.0.0/8, checked by the configuration. */
export function createClientAddresses(trustedProxies: readonly string[]): ClientAddresses {
  const networks = trustedProxies.map(parseNetwork);
  const isTrusted = (address: Address): boolean => networks.some((network) => isWithin(address, network));
  /** The principal of each connection that is not a trusted proxy's: it is the same for all requests on the connection. */
  const principals = new WeakMap<Socket, Principal>();
  const principalOfPeer = (socket: Socket): Principal => {
    const known = principals.get(socket);
    if (known !== undefined) return known;
    const principal = anonymousAt(clientKey(socket.remoteAddress));
    principals.set(socket, principal);
    return principal;
  };
  return {
    principalOf(request) {
      if (isLocal(request.socket)) return localPrincipal(request, isTrusted);
      if (networks.length === 0) return principalOfPeer(request.socket);
      const peer = parseAddress(request.socket.remoteAddress ?? '');
      if (peer === null || !isTrusted(peer)) return principalOfPeer(request.socket);
      return anonymousAt(keyOf(forwardedFor(request, peer, isTrusted)));
    },
    connectionOwner(socket) {
      const peer = parseAddress(socket.remoteAddress ?? '');
      return peer !== null && isTrusted(peer) ? null : clientKey(socket.remoteAddress);
    },
  };
}

/** Returns the principal of a request over our unix socket. Those who may open it are trusted as proxies: the rightmost address is the one that it saw. */
function localPrincipal(request: IncomingMessage, isTrusted: (address: Address) => boolean): Principal {
  const client = forwardedFor(request, null, isTrusted);
  return anonymousAt(client === null ? LOCAL : keyOf(client));
}

function parseNetwork(text: string): Network {
  if (text.includes('/')) return ipaddr.parseCIDR(text);
  const address = parseAddress(text);
  if (address === null) throw new Error(`no address: ${text}`);
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}

function isWithin(address: Address, [network, bits]: Network): boolean {
  if (address instanceof ipaddr.IPv4) return network instanceof ipaddr.IPv4 && address.match(network, bits);
  return network instanceof ipaddr.IPv6 && address.match(network, bits);
}

/**
 * Returns the rightmost address that is not a trusted proxy's. When there is none, or an entry is not an address, returns
 * the last address that was read before that.
 */
function forwardedFor<Peer extends Address | null>(
  request: IncomingMessage,
  peer: Peer,
  isTrusted: (address: Address) => boolean,
): Address | Peer {
  const header = request.headers['x-forwarded-for'];
  const hops = (Array.isArray(header) ? header.join(',') : (header ?? '')).split(',');
  let client: Address | Peer = peer;
  for (const hop of hops.reverse()) {
    const address = parseAddress(withoutPort(hop.trim()));
    if (address === null) return client;
    client = address;
    if (!isTrusted(address)) return client;
  }
  return client;
}

/** Removes the port that some proxies append: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
function withoutPort(hop: string): string {
  return /^\[([^\]]+)\](?::\d+)?$/.exec(hop)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(hop)?.[1] ?? hop;
}

function clientKey(remoteAddress: string | undefined): string {
  const address = parseAddress(remoteAddress ?? '');
  return address === null ? UNKNOWN : keyOf(address);
}

function keyOf(address: Address): string {
  if (!(address instanceof ipaddr.IPv6)) return address.toString();
  if (address.range() === 'loopback') return address.toString();
  const network = [...address.parts.slice(0, IPV6_CLIENT_PARTS), 0, 0, 0, 0];
  return `${new ipaddr.IPv6(network).toString()}/64`;
}

/**
 * Returns the address, or null for a text that is not one. IPv4 in IPv6 notation becomes the IPv4 address. `isIP` comes
 * first because the library would also accept `127.1`, `0x7f.1` and plain numbers.
 */
function parseAddress(text: string): Address | null {
  return isIP(text) === 0 ? null : ipaddr.process(text);
}
