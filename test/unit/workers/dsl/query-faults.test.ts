/** The engine's words for a query that is at fault must not read as if the server were: no query gets a 5xx for it. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { expect } from 'chai';
import type { QueryError } from '../../../../core/protocol/errors.ts';
import { errorClass } from '../../../../server/answer/error-status.ts';
import { engineError } from '../../../../workers/dsl/engine-errors.ts';
import {
  AWKWARD_COLUMNS,
  AWKWARD_ROWS,
  AWKWARD_STAGES,
} from '../../../fixtures/functions/awkward-queries.ts';
import { openDuckDb, planOf } from '../../language/run-plan.ts';

const LIMITS = {
  memoryBytes: 1,
  spillBytes: 1,
  spillDir: '/nowhere',
  fifoPath: '/nowhere/in',
};

describe('a query that is at fault', function () {
  this.timeout(900_000);
  let duck: DuckDBConnection;
  before(async () => {
    duck = await openDuckDb();
    await duck.run(`CREATE TEMP TABLE awkward AS ${AWKWARD_ROWS}`);
  });
  after(() => duck.closeSync());

  /** Returns the error that the query ends with; null when it has rows. */
  async function outcome(stage: string): Promise<QueryError | null> {
    try {
      const worker = planOf(`select * from t | ${stage}`, AWKWARD_COLUMNS).worker!;
      for (const { name, columns } of worker.inputs) {
        const names = columns.map((column) => (column.name === 'row' ? '1 AS "row"' : column.name));
        await duck.run(`CREATE OR REPLACE TEMP VIEW ${name} AS SELECT ${names.join(', ')} FROM awkward`);
      }
      await duck.run(worker.sql);
      return null;
    } catch (thrown) {
      return engineError(thrown, LIMITS);
    }
  }

  it('is told so, whatever constants it has', async () => {
    const blamed: string[] = [];
    for (const stage of AWKWARD_STAGES) {
      const error = await outcome(stage);
      if (error !== null && errorClass(error.code).status >= 500) blamed.push(`${stage}: ${error.message}`);
    }
    expect(blamed.join('\n')).to.equal('');
  });
});
