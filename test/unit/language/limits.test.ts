/** Input made to hurt: each answers with its error, by work that is linear in the text. What is allowed, runs. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { expect } from 'chai';
import { type ErrorCode, QueryError } from '../../../core/protocol/errors.ts';
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
    ['ten thousand stages', `${F} ${'| head 1 '.repeat(10_000)}`, 'too-many-stages'],
    [
      '200 stages in a let and one more behind',
      `let a = (${F} ${'| head 1 '.repeat(200)}); a | head 1`,
      'too-many-stages',
    ],
    ['a megabyte of brackets around a query', `${'('.repeat(MEGABYTE)}${F} | head 1`, 'nesting-too-deep'],
    ['a megabyte of brackets in a source', `${F} | union ${'('.repeat(MEGABYTE)}`, 'nesting-too-deep'],
    ['queries in queries', `${`${F} | union (`.repeat(17)}${F}${')'.repeat(17)}`, 'nesting-too-deep'],
    [
      'a megabyte of unions in unions',
      `${F}${' | union (select 1'.repeat(MEGABYTE / 18)}`,
      'nesting-too-deep',
    ],
    ['a megabyte of lets', `${'let a = (select 1); '.repeat(MEGABYTE / 20)}select 1`, 'syntax'],
    [
      '51 lets',
      `${Array.from({ length: 51 }, (_, n) => `let a${n} = (select 1); `).join('')}select 1`,
      'syntax',
    ],
    ['a megabyte of sets', `${'set pushdown = off; '.repeat(MEGABYTE / 20)}select 1`, 'syntax'],
    ['nine sources', `${F}${' | union (select * from flights)'.repeat(8)}`, 'unsupported'],
    [
      'a megabyte of brackets in the SQL of the engine',
      `${F} | sql (select ${'('.repeat(MEGABYTE)}`,
      'nesting-too-deep',
    ],
    ['a megabyte of names with points', `${F} | where ${'a.'.repeat(MEGABYTE / 2)}a`, 'syntax'],
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
    ['eight sources', `fields delay${' | union (select delay from flights | fields delay)'.repeat(7)}`],
    [
      'queries in queries',
      `fields delay | head 1${' | union (select * from flights | fields delay | head 1'.repeat(7)}${')'.repeat(7)}`,
    ],
    ['200 stages', `eval x = 0 ${'| eval x = x + 1 '.repeat(199)}`],
  ];
  it('lets that each read the one before twice are computed once each', async () => {
    const lets = Array.from({ length: 49 }, (_, n) => `let a${n + 1} = (a${n} | union a${n} | head 3); `);
    const query = `let a0 = (${F} | fields delay); ${lets.join('')}a49`;
    const plan = planFlights(query);
    expect(plan.sources).to.have.length(1);
    expect(plan.worker!.sql.match(/UNION ALL/g)).to.have.length(49);
    expect((await runPlan(duck, plan)).rows).to.deep.equal([['10'], [null], ['-5']]);
  });

  for (const [name, stages] of good)
    it(name, async () => {
      const { rows } = await runPlan(duck, planFlights(`${F} | ${stages}`));
      expect(rows).to.not.be.empty;
    });
});
