/**
 * The server stops reading from a worker while its client has enough. When that fell on the very end of an answer, or the
 * client left then, nobody read on: the next query in that slot got nothing until its deadline. Found by the load test.
 */
import { request } from 'node:http';
import { expect } from 'chai';
import { startForkline } from '../support/forkline.ts';

const ANSWER = "select g as id, repeat('x', 90) as text from generate_series(1, 6000) as g";
const ROUNDS = 60;

describe('regression: a slot after a client that was slow or left', function () {
  this.timeout(120_000);

  it('serves the next query at once', async () => {
    await using forkline = await startForkline({ sql: { processes: 1, connectionsPerProcess: 2 } });
    for (let round = 0; round < ROUNDS; round++) {
      await Promise.all([leaveInTheMiddle(forkline.url, round), leaveInTheMiddle(forkline.url, round + 7)]);
      for (const slot of [1, 2]) {
        const { status } = await forkline.query(`select ${slot} as slot`, {
          body: { limits: { timeoutMs: 5000 } },
        });
        expect(status, `round ${round}`).to.equal(200);
      }
    }
  });
});

/** Leaves when so much of the answer has come, another part of it in each round; the last parts are waited for. */
function leaveInTheMiddle(url: string, round: number): Promise<void> {
  const bytes = ((round % 50) / 50) * 700_000;
  return new Promise((resolve) => {
    const asked = request(`${url}/v1/query`, { method: 'POST', agent: false }, (response) => {
      let read = 0;
      response.on('data', (piece: Buffer) => {
        read += piece.length;
        if (read >= bytes) asked.destroy();
      });
    });
    asked.on('error', () => {}); // the client's own leaving
    asked.on('close', resolve);
    asked.end(ANSWER);
  });
}
