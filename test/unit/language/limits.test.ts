/** Input made to hurt: each answers with its error, by work that is linear in the text. What is allowed, runs. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { expect } from 'chai';
import { type ErrorCode, QueryError } from '../../../workers/errors.ts';
import { openDuckDb, planFlights, runPlan } from './run-plan.ts';

const F = 'select * from flights';
const MEGABYTE = 1_000_000;

function codeOf(query: string): ErrorCode | null {
  try {
    planFlights(query);
    return null;
  } catch (thrown) {
    if (!(thrown instanceof QueryError)) throw thrown;
    expect(thrown.details.span).to.be.an('object');
    return thrown.code;
  }
}

describe('limits of the language', () => {
  let duck: DuckDBConnection;
  before(async () => {
    duck = await openDuckDb();
  });
  after(() => duck.closeSync());

  const bad: readonly (readonly [name: string, query: string, code: ErrorCode])[] = [
    ['a megabyte of opening brackets in the SQL', `select ${'('.repeat(MEGABYTE)}`, 'nesting-too-deep'],
    ['a megabyte of opening brackets in a stage', `${F} | where ${'('.repeat(MEGABYTE)}`, 'nesting-too-deep'],
    ['a megabyte of `not`', `${F} | where ${'not '.repeat(MEGABYTE / 4)} true`, 'nesting-too-deep'],
    ['a megabyte of signs', `${F} | eval x = ${'- '.repeat(MEGABYTE / 2)}1`, 'nesting-too-deep'],
    ['a megabyte of sums', `${F} | eval x = 1${'+1'.repeat(MEGABYTE / 2)}`, 'nesting-too-deep'],
    ['a megabyte of casts', `${F} | eval x = 1${'::int64'.repeat(MEGABYTE / 7)}`, 'nesting-too-deep'],
    ['a megabyte of pipes', `${F} ${'| head 1 '.repeat(MEGABYTE / 9)}`, 'too-many-stages'],
    ['a megabyte of open comments', `select ${'/*'.repeat(MEGABYTE / 2)}`, 'unterminated-string'],
    [
      'a megabyte of open dollar quotes',
      `select ${'$a$ $b$ '.repeat(MEGABYTE / 8)}$c$`,
      'unterminated-string',
    ],
    ['a megabyte of one name', `${F} | fields ${'a'.repeat(MEGABYTE)}`, 'unknown-column'],
    [
      'a thousand and one columns of a pivot',
      `${F} | pivot count() splitcol delay in (${Array.from({ length: 1001 }, (_, n) => n).join(', ')})`,
      'result-too-large',
    ],
    ['a megabyte of stars', `${F} | fields ${'*a'.repeat(MEGABYTE / 2)}`, 'unknown-column'],
  ];
  for (const [name, query, code] of bad) it(name, () => expect(codeOf(query)).to.equal(code));

  const good: readonly (readonly [name: string, stages: string])[] = [
    [
      '100,000 values in a list',
      `where delay in (${Array.from({ length: 100_000 }, (_, n) => n).join(', ')}) | stats count()`,
    ],
    [
      '5,000 conditions joined by `or`',
      `where ${Array.from({ length: 5000 }, (_, n) => `delay = ${n}`).join(' or ')} | stats count()`,
    ],
    ['the deepest expression', `eval x = 1${' / 1'.repeat(195)} | head 1`],
    ['the deepest brackets', `eval x = ${'abs('.repeat(95)}1${')'.repeat(95)} | head 1`],
    ['bins of bins', `eval x = ${'bin('.repeat(60)}delay${', 2)'.repeat(60)} | head 1`],
    ['200 stages', `eval x = 0 ${'| eval x = x + 1 '.repeat(199)}`],
  ];
  for (const [name, stages] of good)
    it(name, async () => {
      const { rows } = await runPlan(duck, planFlights(`${F} | ${stages}`));
      expect(rows).to.not.be.empty;
    });
});
