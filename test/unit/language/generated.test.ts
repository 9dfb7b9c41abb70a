/** Generated pipelines over `flights`: whatever the compiler accepts, the engine runs, with the types that were promised. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { expect } from 'chai';
import fc from 'fast-check';
import { QueryError } from '../../../core/protocol/errors.ts';
import { expectedTypes, openDuckDb, planFlights, runPlan } from './run-plan.ts';

const column = fc.constantFrom('origin', 'dest', 'delay', 'distance', 'date', 'price', 'k', 'n');
const number = fc.constantFrom('delay', 'distance', 'price', 'k', 'n', '1', '2.5', '-3', '0');
const operator = fc.constantFrom('+', '-', '*', '/', '%');
const small = fc.tuple(number, operator, number).map((parts) => parts.join(' '));
const value = fc.oneof(
  small,
  fc.tuple(small, operator, small).map(([a, op, b]) => `(${a}) ${op} (${b})`),
  fc.tuple(fc.constantFrom('abs', 'round', 'ceil', 'floor', 'sign'), small).map(([f, x]) => `${f}(${x})`),
  fc.constantFrom(
    "origin || '-' || dest",
    'bin(date, 1w)',
    'year(date)',
    'date + 3',
    'coalesce(delay, 0)',
    'length(origin)',
  ),
);
const condition = fc.oneof(
  fc.tuple(value, fc.constantFrom('<', '>=', '=', '<>'), number).map((parts) => parts.join(' ')),
  fc.constantFrom('delay is not null', "origin in ('ATL', 'LAX')", "date >= '2001-02-01'", "dest like '%R%'"),
);
const aggregate = fc.constantFrom(
  'count()',
  'sum(delay)',
  'sum(price)',
  'avg(k)',
  'min(origin)',
  'max(date)',
  'p90(distance)',
  'first(dest)',
  'list(n)',
  'dc(dest)',
);
const stage = fc.oneof(
  condition.map((c) => `where ${c}`),
  fc.tuple(fc.constantFrom('k', 'n', 'delay', 'price'), value).map(([name, v]) => `eval ${name} = ${v}`),
  fc.uniqueArray(column, { minLength: 1, maxLength: 4 }).map((names) => `fields ${names.join(', ')}`),
  column.map((name) => `fields - ${name}`),
  fc.tuple(column, column).map(([a, b]) => `rename ${a} as ${b}, ${b} as ${a}`),
  fc.tuple(aggregate, aggregate, column).map(([a, b, by]) => `stats ${a}, ${b} as n by ${by}`),
  fc.tuple(fc.constantFrom('-', '+', ''), column, column).map(([sign, a, b]) => `sort ${sign}${a}, ${b}`),
  fc.nat(5).map((n) => `head ${n}`),
  fc.nat(5).map((n) => `tail ${n}`),
  column.map((name) => `dropna ${name}`),
  fc.tuple(column, value).map(([name, v]) => `fillna ${name} = ${v}`),
  fc.tuple(fc.integer({ min: 1, max: 3 }), column, column).map(([n, a, b]) => `dedup ${n} ${a} sort -${b}`),
  fc.tuple(fc.constantFrom('top', 'rare'), column, column).map(([name, a, b]) => `${name} 2 ${a} by ${b}`),
  fc.tuple(column, value).map(([a, v]) => `top 3 by ${v} | rename ${a} as k`),
  fc.tuple(condition, column, column).map(([c, a, name]) => `case when ${c} then ${a} as ${name}`),
  column.map((name) => `cast ${name} as string`),
  fc.tuple(column, column, column).map(([a, b, c]) => `filldown ${a} by ${b} sort ${c}`),
  fc.tuple(column, column).map(([a, b]) => `unpivot ${a}, ${b} as (k, n)`),
  column.map((name) => `explode ${name} sep 'L'`),
  column.map((name) => `parse ${name} as regex '(?<k>[A-L]+)(?<n>.)?'`),
  fc.constantFrom('distinct', 'sample 2 seed=1', 'sample 50%', 'assert true', 'describe', 'summary'),
  fc.tuple(fc.nat(3), column, column).map(([n, a, b]) => `sort ${n} -${a} by ${b}`),
  fc.tuple(aggregate, column).map(([a, by]) => `eventstats ${a} as e by ${by}`),
  fc
    .tuple(aggregate, column, column)
    .map(([a, by, k]) => `streamstats ${a} as r window=2 by ${by} sort -${k}`),
  fc.tuple(aggregate, column).map(([a, c]) => `timechart date span=1w ${a} as n by ${c} limit=2`),
  fc.tuple(aggregate, column).map(([a, r]) => `pivot ${a} splitrow ${r} splitcol dest in ('LAX', null as k)`),
  fc.tuple(column, column).map(([a, k]) => `streamstats lag(${a}) as l, rank() as place sort ${k}`),
);

describe('generated pipelines', () => {
  let duck: DuckDBConnection;
  before(async () => {
    duck = await openDuckDb();
  });
  after(() => duck.closeSync());

  it('are refused with a span, or run with the promised names and types', async () => {
    let ran = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(stage, { minLength: 1, maxLength: 7 }), async (stages) => {
        const query = `select * from flights | ${stages.join(' | ')}`;
        const plan = planOrNull(query);
        if (plan === null) return;
        const result = await runPlan(duck, plan).catch(acceptOverflow);
        if (result === null) return;
        expect(result.names, query).to.deep.equal(plan.columns!.map((entry) => entry.name));
        expect(result.types, query).to.deep.equal(expectedTypes(plan));
        ran++;
      }),
      { numRuns: Number(process.env.FORKLINE_TEST_RUNS ?? 800) },
    );
    expect(ran, 'pipelines that ran').to.be.above(50);
  });
});

function planOrNull(query: string): ReturnType<typeof planFlights> | null {
  try {
    return planFlights(query);
  } catch (thrown) {
    if (!(thrown instanceof QueryError)) throw thrown;
    expect(thrown.details.span, query).to.be.an('object');
    return null;
  }
}

/** An overflow is a legitimate end of a calculation; a statement that does not bind never is. */
function acceptOverflow(thrown: unknown): null {
  if (thrown instanceof Error && /^(Out of Range|Conversion) Error/.test(thrown.message)) return null;
  throw thrown;
}
