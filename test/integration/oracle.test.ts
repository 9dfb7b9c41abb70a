/**
 * The oracle for a short time, with the same seed each time: what fails here was broken by the change at hand. Every
 * fixture and every difference that it ever found, in the worker and in the database. By chance, and for longer:
 * `npm run test:oracle -- --runs 20000`.
 */
import { readdirSync } from 'node:fs';
import { expect } from 'chai';
import { DIFFERENCES } from '../fixtures/language/differences.ts';
import type { QueryFixture, StageFixtures } from '../fixtures/language/fixture.ts';
import { TABLES } from '../fixtures/language/flights.ts';
import { fixtures as WHOLE } from '../fixtures/language/queries.ts';
import { createTypes, createWholeDataSet } from '../oracle/data.ts';
import { Engines } from '../oracle/engines.ts';
import { compare, runOracle } from '../oracle/oracle.ts';
import { testDatabase } from '../support/database.ts';

const RUNS = 240;
const SEED = 20_261_123;
const directory = new URL('../fixtures/language/stages/', import.meta.url);
const STAGES = await Promise.all(
  // SQL for the stage engine has no other place.
  readdirSync(directory)
    .filter((file) => file !== 'sql.ts')
    .map(async (file): Promise<[string, readonly QueryFixture[]]> => {
      const module: StageFixtures = await import(new URL(file, directory).href);
      return [file.replace('.ts', ''), module.fixtures];
    }),
);

describe('the worker and the database', function () {
  this.timeout(120_000);
  let engines: Engines;
  before(async () => {
    engines = await Engines.open((await testDatabase()).adminUrl);
    for (const [name, { rows }] of Object.entries(TABLES))
      await engines.client.query(
        `CREATE TEMP TABLE ${name} AS ${rows.replaceAll('AS DOUBLE)', 'AS float8)')}`,
      );
    await createTypes(engines.client);
    await createWholeDataSet(engines.client, 'data');
  });
  after(() => engines.close());

  async function expectSame({
    query,
    ordered,
    params = {},
  }: {
    query: string;
    ordered: boolean;
    params?: QueryFixture['params'];
  }) {
    const { difference } = await compare(engines, query, ordered, params);
    expect(difference?.what ?? null, query).to.equal(null);
  }

  for (const [name, fixtures] of [...STAGES, ['whole queries', WHOLE] as const])
    it(`agree on the fixtures of ${name}`, async () => {
      for (const { query: written, params, unordered } of fixtures) {
        // Fixtures take the rows in the order in which the table has them: the database must be told.
        const query = written.replaceAll(
          /\bfrom (flights|airports|delays)\b/g,
          'from (select * from $1 order by ctid) as $1',
        );
        // Chance, and SQL for the stage engine, have one place only.
        if (/\bsql \(/.test(query)) continue;
        await expectSame({ query, ordered: unordered !== true, ...(params && { params }) });
      }
    });

  for (const { was, query, ordered } of DIFFERENCES)
    it(`agree where once ${was}`, () => expectSame({ query, ordered }));

  it(`agree on ${RUNS} pipelines by chance`, async () => {
    const found: string[] = [];
    const tally = await runOracle(engines, {
      runs: RUNS,
      seed: SEED,
      maxDifferences: 1,
      onDifference: ({ query, what }, data) => found.push(`${what}\n${query}\n${data}`),
    });
    expect(found, `npm run test:oracle -- --runs ${RUNS} --seed ${SEED}`).to.deep.equal([]);
    expect(tally.wholly, 'pipelines that ran in the database').to.be.above(RUNS / 10);
  });
});
