import { once } from 'node:events';
import { createServer, Socket } from 'node:net';
import { expect } from 'chai';
import {
  connectGuarded,
  isRefusedAddress,
  REFUSED_ADDRESS,
} from '../../../../connectors/kit/address-guard.ts';

describe('the guard of addresses', () => {
  it('refuses link-local addresses and those of metadata, in every notation', () => {
    const refused = [
      ...[
        '169.254.0.0',
        '169.254.169.254',
        '169.254.255.255',
        '100.100.100.200',
        '168.63.129.16',
        '192.0.0.192',
      ],
      ...['fe80::', 'fe80::1%eth0', 'febf:ffff::1', 'FE80::A', 'fd00:ec2::254', 'fd20:ce::254'],
      ...['::ffff:169.254.169.254', '::ffff:a9fe:a9fe', '0:0:0:0:0:ffff:a9fe:a9fe', '::169.254.169.254'],
      ...['64:ff9b::169.254.169.254', '64:ff9b::a9fe:1', '2002:a9fe:a9fe::1', '::ffff:0:169.254.1.1'],
    ];
    for (const address of refused) expect(isRefusedAddress(address), address).to.equal(true);
  });

  it('lets all others pass', () => {
    const passed = [
      ...['127.0.0.1', '10.0.0.1', '169.253.255.255', '169.255.0.0', '100.100.100.201', '8.8.8.8'],
      ...[
        '::1',
        '::',
        'fec0::1',
        'fd00::1',
        '2001:db8::1',
        '::ffff:10.0.0.1',
        '64:ff9b::8.8.8.8',
        '2002:808:808::1',
      ],
      ...['db.example.com', ''],
    ];
    for (const address of passed) expect(isRefusedAddress(address), address).to.equal(false);
  });

  const outcome = async (port: number, host: string): Promise<string> => {
    const socket = new Socket();
    connectGuarded(socket, port, host);
    try {
      await once(socket, 'connect');
      return 'connected';
    } catch (thrown) {
      return String((thrown as NodeJS.ErrnoException).code);
    } finally {
      socket.destroy();
    }
  };

  it('connects to names and addresses that are not refused, and to nothing else, as numbers or by names', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    expect(await outcome(port, '127.0.0.1')).to.equal('connected');
    expect(await outcome(port, 'localhost')).to.equal('connected');
    // Some of these look like names, and are numbers to whoever looks names up.
    for (const host of [
      '169.254.169.254',
      'fe80::1',
      '2852039166',
      '0xa9fea9fe',
      '169.254.43518',
      '0251.0376.1.1',
    ])
      expect(await outcome(port, host), host).to.equal(REFUSED_ADDRESS);
    server.close();
  });
});
