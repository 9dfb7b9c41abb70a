import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Changes } from '../../../../server/cache/changes.ts';
import { freshnessOf, mayBeSent } from '../../../../server/cache/freshness.ts';
import { controlOf } from '../../../../server/cache/request-control.ts';
import type { EntryDescription } from '../../../../server/results/entry.ts';
import type { IndexedEntry } from '../../../../server/results/store-index.ts';

const ignore = (): void => {};
const log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
const NO_CONTROL = controlOf({});

describe('whether a kept answer is fresh', () => {
  let dir: string;
  let changes: Changes;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'forkline-changes-'));
    changes = new Changes(dir, log);
  });
  afterEach(() => rm(dir, { recursive: true }));

  function entry(facts: Partial<EntryDescription> = {}, ages: Partial<IndexedEntry> = {}): IndexedEntry {
    const description = {
      ...{
        kind: 'cache',
        connections: [{ name: 'main', version: 'v' }],
        tags: ['t'],
        shape: 's',
        maxAgeMs: 60_000,
      },
      tables: [{ connection: 'main', schema: 'public', name: 'orders' }],
      ...{ startedAt: Date.now(), asOf: changes.now(), ...facts },
    } as unknown as EntryDescription;
    const known = {
      knownAtMs: performance.now(),
      ageWhenKnownMs: 0,
      checkedStamp: null,
      hits: 0,
      lastUsedAt: 0,
    };
    return { id: 'i', description, fileBytes: 1, ...known, ...ages };
  }
  const isFresh = (each: IndexedEntry, control = NO_CONTROL) =>
    freshnessOf(each, changes, control).staleMs === null;

  it('depends on its age, by the clock that says more', () => {
    expect(isFresh(entry())).to.equal(true);
    expect(isFresh(entry({ startedAt: Date.now() - 61_000 }))).to.equal(false);
    // The wall clock was set back since the answer was kept.
    expect(isFresh(entry({}, { ageWhenKnownMs: 61_000 }))).to.equal(false);
    expect(isFresh(entry({}, { knownAtMs: performance.now() - 61_000 }))).to.equal(false);
    // The answer was kept while the clock was ahead.
    expect(isFresh(entry({ startedAt: Date.now() + 3_600_000 }))).to.equal(false);
    expect(
      isFresh(entry({ startedAt: Date.now() - 2000 }), controlOf({ 'cache-control': 'max-age=1' })),
    ).to.equal(false);
  });

  it('depends on changes of what it was made from', async () => {
    const concerning = [
      { tables: ['orders'] },
      { tables: ['PUBLIC.Orders'], connection: 'main' },
      { tags: ['t'] },
      { shape: 's' },
      { connection: 'main' },
      {},
    ];
    for (const change of concerning) {
      const before = entry();
      await changes.mark(change);
      expect(isFresh(before), JSON.stringify(change)).to.equal(false);
      expect(isFresh(entry()), JSON.stringify(change)).to.equal(true);
    }
    const others = [
      { tables: ['order'] },
      { tables: ['archive.orders'] },
      { tables: ['orders'], connection: 'crm' },
      { tags: ['u'] },
      { models: ['t'] },
    ];
    for (const change of others) {
      const before = entry();
      await changes.mark(change);
      expect(isFresh(before), JSON.stringify(change)).to.equal(true);
    }
  });

  it('counts every table where those of the answer are not known', async () => {
    const unknown = entry({ tables: null });
    await changes.mark({ tables: ['anything'], connection: 'crm' });
    expect(isFresh(unknown)).to.equal(true);
    await changes.mark({ tables: ['anything'] });
    expect(isFresh(unknown)).to.equal(false);
  });

  it('knows changes over a restart, and takes a damaged file of them for a change of everything', async () => {
    const before = entry();
    await changes.mark({ tables: ['orders'] });
    changes = new Changes(dir, log);
    await changes.load();
    expect(isFresh(before)).to.equal(false);
    const after = entry();
    await writeFile(join(dir, 'changes.json'), '{');
    changes = new Changes(dir, log);
    changes.saw(after.description.asOf);
    await changes.load();
    expect(isFresh(after)).to.equal(false);
  });

  it('is not while the changes of its database are not heard, nor for answers from before they are heard again', () => {
    const before = entry();
    const other = entry({ connections: [{ name: 'crm', version: 'v' }] });
    changes.setHeard('main', false);
    expect(isFresh(before)).to.equal(false);
    expect(isFresh(entry())).to.equal(false);
    expect(isFresh(other)).to.equal(true);
    const meanwhile = entry();
    changes.setHeard('main', true);
    expect(isFresh(before)).to.equal(false);
    expect(isFresh(meanwhile)).to.equal(false);
    expect(isFresh(entry())).to.equal(true);
    // Told again what is known already, nothing changes.
    const after = entry();
    changes.setHeard('main', true);
    expect(isFresh(after)).to.equal(true);
  });

  it('depends on changes of tables whose names have dots', async () => {
    const dotted = { tables: [{ connection: 'main', schema: 'a.b', name: 'c.d' }] };
    const before = entry(dotted);
    await changes.mark({ tables: [{ schema: 'a.b', name: 'C.d' }], connection: 'main' });
    expect(isFresh(before)).to.equal(false);
  });

  it('writes what many changes at once say a few times only', async () => {
    await Promise.all(Array.from({ length: 500 }, (_, n) => changes.mark({ tables: [`t${n}`] })));
    const read = new Changes(dir, log);
    const before = entry({ tables: [{ connection: 'main', schema: 'public', name: 't499' }] });
    await changes.mark({ tables: ['t499'] });
    await read.load();
    expect(freshnessOf(before, read, NO_CONTROL).staleMs).not.to.equal(null);
  });

  it('allows no stale answer where none is allowed, not even in the moment of the change', () => {
    expect(mayBeSent(0, 0)).to.equal(false);
    expect(mayBeSent(0, 1)).to.equal(true);
    expect(mayBeSent(1000, 1000)).to.equal(false);
  });

  it('never says the same time twice, also when the clock goes back', () => {
    changes.saw(Date.now() + 3_600_000);
    const times = [changes.now(), changes.now(), changes.now()];
    expect(new Set(times).size).to.equal(3);
    expect(times.toSorted((a, b) => a - b)).to.deep.equal(times);
  });
});
