import { createSocket, type Socket } from 'node:dgram';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { HeadSender } from '../../../../logger/audit/head-sender.ts';
import { keepingLog } from '../../../support/keeping-log.ts';
import { until } from '../../../support/until.ts';

const HASH = 'ab'.repeat(32);
/** RFC 5424: priority, version, time, host, application, process, message id, no structured data, and the message. */
const RFC_5424 =
  /^<(\d+)>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z [\x21-\x7e]{1,255} forkline \d+ audit-head - n=(\d+) hash=([0-9a-f]{64})$/;

describe('the head of the audit', () => {
  let received: string[];
  let head: { n: number; hash: string };
  let kept: ReturnType<typeof keepingLog>;

  beforeEach(() => {
    received = [];
    head = { n: 0, hash: HASH };
    kept = keepingLog();
  });

  const sender = (to: string, everyMs = 60_000) =>
    new HeadSender({ to, everyMs, log: kept.log, head: () => head });

  for (const [family, address, written] of [
    ['udp4', '127.0.0.1', '127.0.0.1'],
    ['udp6', '::1', '[::1]'],
  ] as const) {
    it(`goes to syslog by ${family}, once for each new record`, async function () {
      const syslog: Socket = createSocket(family);
      try {
        await new Promise<void>((resolve, reject) => {
          syslog.once('error', reject).bind(0, address, resolve);
        });
      } catch (thrown) {
        syslog.close();
        console.log(`skipped: ${address} cannot be bound here (${(thrown as Error).message})`);
        this.skip();
      }
      syslog.on('message', (message) => received.push(message.toString()));
      const sending = sender(`syslog://${written}:${syslog.address().port}`);
      try {
        await sending.send(); // no record yet
        head = { n: 7, hash: HASH };
        await sending.send();
        await sending.send();
        head = { n: 9, hash: 'cd'.repeat(32) };
        await sending.stop();
        await until(() => received.length === 2, 5000);
        const parts = received.map((message) => RFC_5424.exec(message)?.slice(1));
        expect(parts).to.deep.equal([
          ['109', '7', HASH],
          ['109', '9', 'cd'.repeat(32)],
        ]);
        expect(kept.lines).to.deep.equal([]);
      } finally {
        syslog.close();
      }
    });
  }

  it('that could not be sent is told once, and sent as it is by then', async () => {
    const answers = [500, 500, 200];
    const server = createServer((request, response) => {
      request.setEncoding('utf8').on('data', (text: string) => received.push(text));
      request.on('end', () => {
        response.statusCode = answers.shift() ?? 200;
        response.end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const sending = sender(`http://127.0.0.1:${(server.address() as AddressInfo).port}/heads`);
    try {
      head = { n: 1, hash: HASH };
      await sending.send();
      await sending.send();
      head = { n: 5, hash: HASH };
      await sending.stop();
      expect(received.map((text) => (JSON.parse(text) as { n: number }).n)).to.deep.equal([1, 1, 5]);
      expect(kept.lines.map(({ level, event }) => [level, event])).to.deep.equal([
        ['error', 'audit-head-not-sent'],
        ['debug', 'audit-head-not-sent'],
        ['info', 'audit-head-sent'],
      ]);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
