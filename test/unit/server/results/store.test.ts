import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ResultFacts } from '../../../../server/results/entry.ts';
import { ResultStore } from '../../../../server/results/store.ts';
import { keepingLog } from '../../../support/keeping-log.ts';

const FACTS: ResultFacts = {
  ...{ kind: 'cache', format: 'json', rows: 1, complete: true, placement: [], warnings: [] },
  ...{ query: 'select 1', shape: 's', connections: [], tables: [], tags: [], models: [] },
  ...{ asOf: 1, startedAt: Date.now(), tookMs: 1, maxAgeMs: 60_000 },
  ...{ staleWhileRevalidateMs: 0, staleIfErrorMs: 0 },
};
const idOf = (n: number): string => n.toString(16).padStart(48, '0');

describe('the store of results', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'forkline-store-'));
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  const open = (isTime: () => boolean): ResultStore => {
    const bounds = { maxBytes: 1e6, maxEntries: 100, maxEntryBytes: 1e5, memoryBytes: 0 };
    const store = new ResultStore({ dir, ...bounds, log: keepingLog().log });
    store.start(isTime);
    return store;
  };

  it('reads its directory when the time has come, and finds each entry before that', async () => {
    const first = open(() => true);
    await first.loaded();
    for (let n = 0; n < 40; n++) await first.keep(idOf(n), Buffer.from(`body ${n}`), FACTS);
    await first.close();

    let isTime = false;
    const store = open(() => isTime);
    expect(store.isWithout(idOf(99)), 'not known yet').to.equal(false);
    expect(await store.find(idOf(7))).to.nested.include({ id: idOf(7), 'description.rows': 1 });
    expect(await store.find(idOf(99))).to.equal(null);
    expect(store.size).to.equal(1);
    isTime = true;
    await store.loaded();
    expect(store.size).to.equal(40);
    expect([store.isWithout(idOf(99)), store.isWithout(idOf(8))]).to.deep.equal([true, false]);
    await store.close();
  });

  it('closes at once when the time has not come', async () => {
    const store = open(() => false);
    await store.close();
    expect(store.size).to.equal(0);
  });
});
