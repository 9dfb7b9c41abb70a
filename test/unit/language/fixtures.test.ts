/** Runs every fixture: plan, columns sent, types, and the rows that the engine really gives. */
import { readdirSync } from 'node:fs';
import type { DuckDBConnection } from '@duckdb/node-api';
import { expect } from 'chai';
import { QueryError } from '../../../core/protocol/errors.ts';
import { typeName } from '../../../core/protocol/types.ts';
import { STAGES } from '../../../language/stages/kit/stage-files.ts';
import { ERRORS } from '../../fixtures/language/errors.ts';
import type { ErrorFixture, StageFixtures } from '../../fixtures/language/fixture.ts';
import * as WHOLE from '../../fixtures/language/queries.ts';
import { expectedTypes, openDuckDb, planAsking, runPlan } from './run-plan.ts';

/** One file a stage, found as stages are. */
const directory = new URL('../../fixtures/language/stages/', import.meta.url);
const QUERIES = await Promise.all(
  readdirSync(directory).map(async (file): Promise<[string, StageFixtures]> => {
    const module: StageFixtures = await import(new URL(file, directory).href);
    return [file.replace('.ts', ''), module];
  }),
);

async function thrownBy(run: () => Promise<unknown>): Promise<QueryError> {
  try {
    await run();
  } catch (thrown) {
    expect(thrown, String(thrown)).to.be.instanceOf(QueryError);
    return thrown as QueryError; // checked by the line above
  }
  throw new Error('nothing was thrown');
}

describe('language fixtures', () => {
  let duck: DuckDBConnection;
  before(async () => {
    duck = await openDuckDb();
  });
  after(() => duck.closeSync());

  function itRefuses(fixture: ErrorFixture): void {
    it(`${fixture.code}: ${fixture.query.slice(0, 80)}`, async () => {
      const { code, message, details } = await thrownBy(() =>
        planAsking(duck, fixture.query, fixture.params),
      );
      expect(details.span, 'every error has a span').to.be.an('object');
      const { start, end } = details.span!;
      expect({
        code,
        at: fixture.query.slice(start, end),
        message,
        hint: details.hint,
        stage: details.stage?.name,
      }).to.deep.equal({
        code: fixture.code,
        at: fixture.at,
        message: fixture.message,
        hint: fixture.hint,
        stage: fixture.stage,
      });
    });
  }

  for (const [stage, { fixtures, errors = [] }] of [...QUERIES, ['queries', WHOLE] as const])
    describe(stage, () => {
      for (const fixture of fixtures)
        it(fixture.name, async () => {
          const plan = await planAsking(duck, fixture.query, fixture.params);
          if (fixture.sends !== undefined)
            expect(plan.sources[0]!.columns!.map((column) => column.name)).to.deep.equal(fixture.sends);
          if (fixture.workerSql !== undefined) expect(plan.worker!.sql).to.equal(fixture.workerSql);
          if (fixture.columns !== undefined)
            expect(plan.columns!.map(({ name, type }) => `${name} ${typeName(type)}`)).to.deep.equal(
              fixture.columns,
            );
          const ran = await runPlan(duck, plan, fixture.params);
          expect(ran.names).to.deep.equal(plan.columns!.map((column) => column.name));
          expect(ran.types).to.deep.equal(expectedTypes(plan));
          if (fixture.unordered === true) expect(ran.rows).to.have.deep.members([...fixture.rows]);
          else expect(ran.rows).to.deep.equal(fixture.rows);
        });
      for (const fixture of errors) itRefuses(fixture);
    });

  it('every stage has some', () => {
    expect(QUERIES.map(([name]) => name)).to.have.members(STAGES.map((stage) => stage.name));
  });

  describe('errors', () => {
    for (const fixture of ERRORS) itRefuses(fixture);
  });
});
