/**
 * One client took every database connection, or every DSL worker, until its deadlines: nobody else was answered meanwhile.
 * Clients are told apart by address; the loopback network has many.
 */
import { request } from 'node:http';
import { text as readText } from 'node:stream/consumers';
import { expect } from 'chai';
import { type Forkline, startForkline } from '../support/forkline.ts';
import { until } from '../support/until.ts';

const DEADLINE_MS = 20_000;
const GREEDY = '127.0.0.1';
const OTHERS = ['127.0.0.2', '127.0.0.3', '127.0.0.4'];
/** More than there is of anything. */
const MANY = 12;

interface Seen {
  readonly queryId: string;
  readonly state: string;
  readonly phase: string;
  readonly client: string;
}

describe('regression: one client takes all connections or workers', function () {
  this.timeout(120_000);
  let forkline: Forkline;
  before(async () => {
    forkline = await startForkline({
      sql: { processes: 2, connectionsPerProcess: 4 },
      dsl: { spares: 2, max: 4 },
      limits: { timeoutMs: 100_000 },
    });
  });
  after(() => forkline.stop());

  async function running(): Promise<Seen[]> {
    const { queries } = (await forkline.get('/v1/queries')).json as unknown as { queries: Seen[] };
    return queries.filter(({ state }) => state === 'running');
  }

  async function cancelAll(): Promise<void> {
    for (const { queryId } of await running())
      await fetch(`${forkline.url}/v1/queries/${queryId}`, { method: 'DELETE' });
    await until(async () => (await running()).length === 0, DEADLINE_MS, 'all have ended');
  }

  /** Returns the answer to the client of that address. */
  function askFrom(address: string, query: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const asked = request(
        `${forkline.url}/v1/query`,
        { method: 'POST', localAddress: address, agent: false },
        (response) =>
          void readText(response).then((body) => resolve(`${response.statusCode} ${body}`), reject),
      );
      asked.on('error', reject);
      asked.end(query);
    });
  }

  const SLEEP = 'select pg_sleep(90)::text as a';
  for (const [what, greedy, light, phase, atMost] of [
    ['connections', SLEEP, 'select 1 as a', 'sql', 6],
    [
      'connections, asked with a light query with stages',
      SLEEP,
      'set pushdown = off; select 1 as a | where a = 1',
      'sql',
      6,
    ],
    [
      'DSL workers',
      `set pushdown = off; ${SLEEP} | where a = ''`,
      'set pushdown = off; select 1 as a | where a = 1',
      'stages',
      3,
    ],
    [
      'DSL workers, asked with a light query',
      `set pushdown = off; ${SLEEP} | where a = ''`,
      'select 1 as a',
      'stages',
      3,
    ],
    [
      'DSL workers as Arrow needs them',
      `set pushdown = off; ${SLEEP} | where a = ''`,
      'explain select 1 as a',
      'stages',
      3,
    ],
  ] as const)
    it(`${what}: others are answered while all of its queries run on`, async () => {
      const greedyOnes = Array.from({ length: MANY }, () => askFrom(GREEDY, greedy).catch(() => 'ended'));
      const holding = async () =>
        (await running()).filter((seen) => seen.phase === phase && seen.client.endsWith(GREEDY));
      await until(async () => (await holding()).length === atMost, DEADLINE_MS, `it holds ${atMost}`);
      for (let round = 0; round < 3; round++)
        for (const other of OTHERS) expect(await askFrom(other, light)).to.match(/^200 .*"rows":/s);
      expect(await holding(), 'they waited for none of them').to.have.length(atMost);
      expect(await running()).to.have.length(MANY);
      await cancelAll();
      await Promise.all(greedyOnes);
    });

  it('of two greedy clients none keeps more than half, and a third is answered', async () => {
    const [second = ''] = OTHERS;
    const asked = [GREEDY, second].flatMap((address) =>
      Array.from({ length: MANY }, () => askFrom(address, SLEEP).catch(() => 'ended')),
    );
    const heldBy = async (address: string) =>
      (await running()).filter(({ client, phase }) => phase === 'sql' && client.endsWith(address));
    await until(async () => (await running()).length === 2 * MANY, DEADLINE_MS, 'all have come');
    await until(async () => (await heldBy(second)).length > 0, DEADLINE_MS, 'the second has some');
    const surplus = (await heldBy(GREEDY)).slice(4);
    for (const { queryId } of surplus)
      await fetch(`${forkline.url}/v1/queries/${queryId}`, { method: 'DELETE' });
    await until(
      async () => (await heldBy(second)).length === 3,
      DEADLINE_MS,
      'what the first gives up is its',
    );
    expect(await heldBy(GREEDY)).to.have.length(4);
    expect(await askFrom(OTHERS[1]!, 'select 1 as a')).to.match(/^200 /);
    await cancelAll();
    await Promise.all(asked);
  });
});
