/** Kept answers over files: none is sent once a file has changed, come or gone, and none is kept that may be of two states. */
import { mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { expect } from 'chai';
import { type Answer, type Forkline, startForkline } from '../support/forkline.ts';
import { createLake, type Lake } from '../support/lake.ts';
import { until } from '../support/until.ts';

describe('kept answers over files', function () {
  this.timeout(60_000);
  let lake: Lake;
  let forkline: Forkline;

  before(async () => {
    lake = await createLake();
    for (const [day, rows] of [
      ['1', 3],
      ['2', 4],
    ] as const) {
      mkdirSync(lake.at(`root/sales/day=${day}`), { recursive: true });
      await lake.run(
        `COPY (select range as n from range(${rows})) TO '$ROOT/root/sales/day=${day}/a.parquet'`,
      );
    }
    lake.write('root/one.csv', 'n\n1\n');
    lake.write('elsewhere/two.csv', 'n\n2\n');
    mkdirSync(lake.at('root/many'));
    for (let index = 0; index < 510; index++) lake.write(`root/many/${index}.csv`, 'n\n1\n');
    symlinkSync(lake.at('root'), lake.at('link'));
    forkline = await startForkline({
      connections: {
        lake: {
          kind: 'files',
          root: lake.at('link'),
          tables: { sales: { path: 'sales' }, many: { path: 'many' } },
        },
      },
      defaultConnection: 'lake',
      cache: { mode: 'on', minMs: 0, maxAgeMs: 3_600_000 },
    });
  });
  after(async () => {
    await forkline?.stop();
    lake?.close();
  });

  const status = ({ headers }: Answer): string => headers.get('cache-status') ?? '';
  const count = (answer: Answer): number => Number((answer.json.rows[0] as { n: number }).n);
  /** Resolves to the answer once it is kept. */
  const kept = (query: string): Promise<Answer> =>
    until(async () => {
      const answer = await forkline.query(query);
      expect(answer.status, answer.text).to.equal(200);
      return /; hit; ttl=\d/.test(status(answer)) ? answer : null;
    }, 10_000);
  const ALL = 'select count(*) as n from sales';

  it('are sent as long as the files stay as they are, and never after one changed, came or went', async () => {
    expect(count(await kept(ALL))).to.equal(7);
    const steps: readonly (readonly [change: () => Promise<void> | void, rows: number])[] = [
      [() => lake.run(`COPY (select range as n from range(2)) TO '$ROOT/root/sales/day=2/b.parquet'`), 9],
      [() => lake.run(`COPY (select range as n from range(5)) TO '$ROOT/root/sales/day=1/a.parquet'`), 11],
      [
        async () => {
          mkdirSync(lake.at('root/sales/day=3'));
          await lake.run(`COPY (select 1::bigint as n) TO '$ROOT/root/sales/day=3/a.parquet'`);
        },
        12,
      ],
      [() => rmSync(lake.at('root/sales/day=2/b.parquet')), 10],
      [() => renameSync(lake.at('root/sales/day=3'), lake.at('root/day=3')), 9],
    ];
    for (const [change, rows] of steps) {
      await change();
      const answer = await forkline.query(ALL);
      expect(status(answer)).not.to.include('; hit');
      expect(count(answer)).to.equal(rows);
      expect(count(await kept(ALL))).to.equal(rows);
    }
  });

  it('of some partitions do not mind what happens in others, and those through a link mind where it leads', async () => {
    const first = 'select count(*) as n from sales where day = 1';
    const rows = count(await kept(first));
    await lake.run(`COPY (select 1::bigint as n) TO '$ROOT/root/sales/day=2/c.parquet'`);
    expect(status(await forkline.query(first))).to.include('; hit');
    expect(count(await forkline.query(first))).to.equal(rows);
    const one = 'select n from "one.csv"';
    expect(count(await kept(one))).to.equal(1);
    renameSync(lake.at('elsewhere/two.csv'), lake.at('root/one.csv'));
    expect(count(await forkline.query(one))).to.equal(2);
  });

  it('are not kept when they change by themselves, or are of too many files, unless the query says so', async () => {
    for (const query of [
      'select random() as n',
      'select n from sales using sample 2 rows',
      'select count(*) as n from many',
    ])
      for (const _ of [1, 2, 3]) expect(status(await forkline.query(query)), query).not.to.include('; hit');
    expect(count(await kept('set cache = 10m; select count(*) as n from many'))).to.equal(510);
    // The wish of a query keeps it by age, and the files still count where they can be looked at.
    const wished = `set cache = 10m; ${ALL}`;
    const before = count(await kept(wished));
    await lake.run(`COPY (select 1::bigint as n) TO '$ROOT/root/sales/day=2/d.parquet'`);
    expect(count(await forkline.query(wished))).to.equal(before + 1);
    expect(count(await kept('select count(*) as n, max(now()) as t from sales'))).to.equal(before + 1);
  });
});
