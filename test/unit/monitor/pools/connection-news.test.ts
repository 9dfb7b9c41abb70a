/** The monitor waits, when connections change, for each child that listens, until it has taken them or ended. */
import { expect } from 'chai';
import type { ToChild } from '../../../../core/protocol/monitor.ts';
import type { ManagedChild } from '../../../../monitor/children/managed-child.ts';
import { ConnectionNews } from '../../../../monitor/pools/connection-news.ts';

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const message = { type: 'connections-changed', to: 'worker', connections: {} } as const;

function fakeChild(workerId: string, phase: ManagedChild['phase'], pid: number | null = 1) {
  const sent: ToChild[] = [];
  let end = (): void => {};
  const gone = new Promise<void>((resolve) => {
    end = resolve;
  });
  const child = { workerId, phase, pid, gone, send: (one: ToChild) => void sent.push(one) };
  return { child: child as unknown as ManagedChild, sent, end };
}

describe('the news of changed connections', () => {
  it('go to all that listen, and are done when each has taken them', async () => {
    const news = new ConnectionNews(silent);
    const [ready, booting] = [fakeChild('sql-1', 'ready'), fakeChild('sql-2', 'starting')];
    const deaf = [
      fakeChild('sql-3', 'starting', null),
      fakeChild('sql-4', 'stopping'),
      fakeChild('sql-5', 'killing'),
    ];
    const all = [ready, booting, ...deaf].map(({ child }) => child);
    let done = false;
    const told = news.tell(all, { ...message, revision: 1 }).finally(() => {
      done = true;
    });
    expect([ready, booting, ...deaf].map(({ sent }) => sent.length)).to.deep.equal([1, 1, 0, 0, 0]);
    const away = { connection: 'away', message: 'refused' };
    news.taken(ready.child, { type: 'connections-taken', revision: 1, unreachable: [away] });
    news.taken(booting.child, { type: 'connections-taken', revision: 0, unreachable: [] }); // belongs to an earlier one
    await Promise.resolve();
    expect(done).to.equal(false);
    news.taken(booting.child, { type: 'connections-taken', revision: 1, unreachable: [away] });
    expect(await told).to.deep.equal([away]);
  });

  it('do not wait for one that ends', async () => {
    const news = new ConnectionNews(silent);
    const one = fakeChild('sql-1', 'ready');
    const told = news.tell([one.child], { ...message, revision: 1 });
    one.end();
    expect(await told).to.deep.equal([]);
  });
});
