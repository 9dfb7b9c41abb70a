/**
 * Finds out who is at the other end of a connection, where the connection itself proves it: by a certificate that a CA of ours has signed, or
 * because only certain users may open our unix socket. A proxy that is proved in one of these ways may say in a header who asks; from
 * anywhere else such a header is not read. An address proves nothing.
 */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Permitted } from '../../core/access/roles.ts';
import type { Principal } from '../../core/protocol/principal.ts';
import type { Policy } from '../../core/protocol/rights.ts';
import type { ProxyConfig } from '../../core/protocol/server-config.ts';
import { unauthenticated } from './credential.ts';
import { isLocal } from './local-sockets.ts';

export interface PeerDeps {
  readonly policy: Policy | null;
  readonly proxy: ProxyConfig;
  readonly permittedBy: (roles: readonly string[]) => Permitted;
  /** The rights of those who may open our unix socket, when the policy says nothing about it. */
  readonly everything: Permitted;
}

/** Subject alternative names that can be somebody's name: those before others are preferred. */
const NAME_KINDS = ['URI', 'email', 'DNS'];
const USER = /^[\x21-\x2b\x2d-\x7e]{1,200}$/;
const MAX_ROLES = 100;

export class Peers {
  readonly #deps: PeerDeps;
  /** The names in the certificate of a connection: it cannot change. */
  readonly #names = new WeakMap<Socket, readonly string[]>();

  constructor(deps: PeerDeps) {
    this.#deps = deps;
  }

  /** Returns null when the connection proves nothing. Throws unauthenticated for a certificate or a header without a usable name. */
  identify(request: IncomingMessage, address: string): Principal | null {
    const { socket } = request;
    const names = this.#namesOf(socket);
    const { userHeader, certificates } = this.#deps.proxy;
    const local = isLocal(socket);
    if (userHeader !== null) {
      const isProxy = names.some((name) => certificates.includes(name));
      const said = request.headers[userHeader];
      if (isProxy || (local && said !== undefined)) return this.#toldByProxy(request, said, address);
    }
    if (local) return this.#local(address);
    return names.length === 0 ? null : this.#holderOf(names, address);
  }

  #toldByProxy(request: IncomingMessage, said: string | string[] | undefined, address: string): Principal {
    const { proxy, permittedBy } = this.#deps;
    if (typeof said !== 'string' || !USER.test(said))
      throw unauthenticated('the proxy does not say who asks, or not in one name');
    const held = proxy.rolesHeader === null ? '' : String(request.headers[proxy.rolesHeader] ?? '');
    const roles = held
      .split(',')
      .map((role) => role.trim())
      .filter((role) => role !== '')
      .slice(0, MAX_ROLES);
    return { id: `proxy:${said}`, method: 'proxy', address, ...permittedBy(roles) };
  }

  #local(address: string): Principal {
    const { policy, permittedBy, everything } = this.#deps;
    const roles = policy === null ? null : policy.socketRoles;
    return { id: 'socket', method: 'socket', address, ...(roles === null ? everything : permittedBy(roles)) };
  }

  #holderOf(names: readonly string[], address: string): Principal {
    const { policy, permittedBy } = this.#deps;
    const known = policy?.certificates ?? {};
    const name = names.find((each) => Object.hasOwn(known, each)) ?? names[0]!;
    const roles = Object.hasOwn(known, name) ? known[name]! : [];
    return { id: `cert:${name}`, method: 'certificate', address, ...permittedBy(roles) };
  }

  /** Empty without a certificate that one of ours has signed. */
  #namesOf(socket: Socket): readonly string[] {
    if (!(socket instanceof TLSSocket) || !socket.authorized) return [];
    let names = this.#names.get(socket);
    if (names === undefined) {
      const certificate = socket.getPeerX509Certificate();
      names = certificate === undefined ? [] : namesIn(certificate.subjectAltName ?? '');
      if (certificate !== undefined && names.length === 0)
        throw unauthenticated('the certificate has no name of the kinds URI, email or DNS');
      this.#names.set(socket, names);
    }
    return names;
  }
}

/** `DNS:a.example, URI:spiffe://b`. Names with unusual characters stand in quotes there, and are left out. */
function namesIn(subjectAltName: string): readonly string[] {
  const names = subjectAltName
    .split(', ')
    .filter((name) => /^(?:DNS|URI|email):[\x21\x23-\x2b\x2d-\x7e]{1,250}$/.test(name));
  return names.sort((one, other) => rank(one) - rank(other));
}

function rank(name: string): number {
  return NAME_KINDS.indexOf(name.slice(0, name.indexOf(':')));
}
