/**
 * Checks the name by which a client calls this server. An attacker can make the name of a web page resolve to this machine
 * (DNS rebinding); the browser then takes page and server for the same origin, and only the name in `Host` shows the attack.
 * IP addresses pass: rebinding needs a name, and health probes use addresses.
 */
import { isIP } from 'node:net';

/** RFC 6761 reserves `localhost` and all names below it for the machine itself. */
const LOOPBACK_NAME = /^(?:.+\.)?localhost$/;
const ANY_NAME = '*';
/** The most spellings that are remembered as passed, so that the usual request costs one look-up and a client cannot fill the memory. */
const MOST_REMEMBERED = 64;
/** Matches a name or IPv4 address, or an IPv6 address in brackets; then optionally a port. */
const AUTHORITY = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::(\d{1,5}))?$/i;

export class HostCheck {
  readonly #names: ReadonlySet<string>;
  readonly #passed = new Set<string>();

  /** `hostNames` are allowed in addition to loopback names; `*` allows any name. */
  constructor(hostNames: readonly string[]) {
    this.#names = new Set(hostNames.map(plainName));
  }

  /** Tells whether a `Host` header, or the authority of a request target, names this server. */
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

/** Returns the name in lower case, without the dot that ends an absolute name. */
function plainName(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}
