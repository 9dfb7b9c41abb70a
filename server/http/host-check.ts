/**
 * Which names a client may call this server by. A page whose own name was made to resolve to this machine (DNS
 * rebinding) is of the same origin as the server for its browser; the one thing that betrays it is the name in `Host`.
 * Addresses pass: rebinding needs a name, and probes come by address.
 */
import { isIP } from 'node:net';

/** RFC 6761 reserves `localhost` and all names below it for the machine itself. */
const LOOPBACK_NAME = /^(?:.+\.)?localhost$/;
const ANY_NAME = '*';
/** Spellings that passed, so that the usual request costs one look-up. A client makes up no more of them than this. */
const MOST_REMEMBERED = 64;
/** A name or IPv4 address, or an IPv6 address in brackets; then perhaps a port. */
const AUTHORITY = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::(\d{1,5}))?$/i;

export class HostCheck {
  readonly #names: ReadonlySet<string>;
  readonly #passed = new Set<string>();

  /** `hostNames` are beside loopback names; `*` lets any name pass. */
  constructor(hostNames: readonly string[]) {
    this.#names = new Set(hostNames.map(plainName));
  }

  /** Whether a `Host` header, or the authority of a request target, names this server. */
  passes(authority: string): boolean {
    if (this.#passed.has(authority)) return true;
    if (!this.#isOurs(authority)) return false;
    if (this.#passed.size < MOST_REMEMBERED) this.#passed.add(authority);
    return true;
  }

  #isOurs(authority: string): boolean {
    const match = AUTHORITY.exec(authority);
    if (match === null) return false;
    const [, ipv6, host] = match;
    if (ipv6 !== undefined) return isIP(ipv6) === 6;
    const name = plainName(host!);
    return isIP(name) === 4 || LOOPBACK_NAME.test(name) || this.#names.has(name) || this.#names.has(ANY_NAME);
  }
}

/** Lower case, without the dot that ends an absolute name. */
function plainName(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}
