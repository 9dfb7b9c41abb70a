import type { IncomingMessage } from 'node:http';
import { expect } from 'chai';
import { createClientAddresses } from '../../../../server/http/client-address.ts';

/** Returns the address of a request from `peer` with that X-Forwarded-For. */
function clientOf(peer: string | undefined, forwardedFor: string | null, trusted: readonly string[]): string {
  const request = {
    socket: { remoteAddress: peer },
    headers: forwardedFor === null ? {} : { 'x-forwarded-for': forwardedFor },
  } as unknown as IncomingMessage;
  return createClientAddresses(trusted).principalOf(request).id;
}

describe('which client a request is from', () => {
  const PROXIES = ['10.0.0.0/8', '2001:db8:ffff::/48', '192.0.2.7'];

  for (const [what, peer, header, client] of [
    ['an address is itself', '203.0.113.5', null, '203.0.113.5'],
    ['IPv4 in IPv6 notation is IPv4', '::ffff:203.0.113.5', null, '203.0.113.5'],
    ['of IPv6 the network counts', '2001:db8:1:2:3:4:5:6', null, '2001:db8:1:2::/64'],
    ['the loopback is no network', '::1', null, '::1'],
    ['a link-local zone does not matter', 'fe80::1%eth0', null, 'fe80::/64'],
    ['a socket that is closed', undefined, null, 'unknown'],
    ["a client's own header counts for nothing", '203.0.113.5', '198.51.100.1', '203.0.113.5'],
    ["a proxy's does", '10.1.1.1', '198.51.100.1', '198.51.100.1'],
    ["a proxy's in IPv6 notation does", '::ffff:10.1.1.1', '198.51.100.1', '198.51.100.1'],
    ['from the right', '10.1.1.1', '1.1.1.1, 198.51.100.1', '198.51.100.1'],
    ['through several proxies', '10.1.1.1', '1.1.1.1, 198.51.100.1, 192.0.2.7, 10.2.2.2', '198.51.100.1'],
    ['IPv6 through IPv6', '2001:db8:ffff::1', '2001:db8:1:2::9', '2001:db8:1:2::/64'],
    ['with a port', '10.1.1.1', '198.51.100.1:4711', '198.51.100.1'],
    ['IPv6 with a port', '10.1.1.1', '[2001:db8:1:2::9]:4711', '2001:db8:1:2::/64'],
    ['what is no address ends the search', '10.1.1.1', '198.51.100.1, unknown, 10.2.2.2', '10.2.2.2'],
    ['nothing but garbage', '10.1.1.1', 'a, b', '10.1.1.1'],
    ['an empty header', '10.1.1.1', '', '10.1.1.1'],
    ['no header', '10.1.1.1', null, '10.1.1.1'],
    ['nobody but proxies', '10.1.1.1', '10.3.3.3, 10.2.2.2', '10.3.3.3'],
    ['another spelling of an address is none', '10.1.1.1', '0x7f.1', '10.1.1.1'],
  ] as const)
    it(`${what}: ${peer}, ${header} is ${client}`, () => {
      expect(clientOf(peer, header, PROXIES)).to.equal(client);
    });

  it('without trusted proxies the header is not read', () => {
    expect(clientOf('10.1.1.1', '198.51.100.1', [])).to.equal('10.1.1.1');
  });

  it('two clients behind one proxy are two on one connection', () => {
    const { principalOf } = createClientAddresses(PROXIES);
    const socket = { remoteAddress: '10.1.1.1' };
    const ask = (client: string) =>
      principalOf({ socket, headers: { 'x-forwarded-for': client } } as unknown as IncomingMessage).id;
    expect([ask('198.51.100.1'), ask('198.51.100.2')]).to.deep.equal(['198.51.100.1', '198.51.100.2']);
  });
});
