/** The examples of every stage and function are run; docs/reference.md is what the definitions and these answers give. */

import { readFileSync } from 'node:fs';
import type { DuckDBConnection } from '@duckdb/node-api';
import { expect } from 'chai';
import { nativeType } from '../../../language/dialects/postgres/types.ts';
import { FAMILIES } from '../../../language/functions/registry.ts';
import { STAGES } from '../../../language/stages/kit/stage-files.ts';
import { renderReference } from '../../support/reference.ts';
import { expectedTypes, openDuckDb, planAsking, planFlights, runPlan } from './run-plan.ts';

const REFERENCE = readFileSync(new URL('../../../docs/reference.md', import.meta.url), 'utf8');
const NUMBERS = [
  { name: 'x', type: nativeType(20) },
  { name: 's', type: nativeType(25) },
];
const NUMBERS_ROWS =
  "SELECT CAST(x AS BIGINT) AS x, s FROM (VALUES (1, 'a'), (2, 'b'), (3, 'b'), (4, NULL)) AS t(x, s)";

/** Engine JSON has int64 and decimal as text. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  return typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value;
}

describe('documented examples', () => {
  let duck: DuckDBConnection;
  before(async () => {
    duck = await openDuckDb();
  });
  after(() => duck.closeSync());

  it('docs/reference.md is made from them: `npm run docs` writes it', async () => {
    expect(await renderReference(duck)).to.equal(REFERENCE);
  });

  for (const stage of STAGES)
    for (const { text } of stage.docs.examples)
      it(`${stage.name}: ${text}`, async () => {
        const plan = await planAsking(duck, `select * from flights | ${text}`);
        const ran = await runPlan(duck, plan);
        expect(ran.types).to.deep.equal(expectedTypes(plan));
        expect(ran.rows).to.not.be.empty;
      });

  for (const [family, definitions] of Object.entries(FAMILIES))
    for (const { name, aggregate, window, example } of definitions)
      it(`${family} ${name}: ${example[0]}`, async () => {
        const [expression, value] = example;
        const stage =
          window === true
            ? `streamstats ${expression} as v sort x | fields v | head 1`
            : aggregate === true
              ? `stats ${expression} as v`
              : `eval v = ${expression} | fields v | head 1`;
        // A value that is only null needs a type to become a column.
        const plan = planFlights(`select * from numbers | ${stage}`, {}, NUMBERS);
        const ran = await runPlan(duck, plan, {}, NUMBERS_ROWS);
        expect(ran.types, expression).to.deep.equal(expectedTypes(plan));
        expect(plain(ran.rows[0]![0])).to.deep.equal(plain(value));
      });
});
