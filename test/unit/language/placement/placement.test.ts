/** Placement decides where stages are placed, why, and the statement that comes of it. That it computes the same is the oracle's to say. */

import { expect } from 'chai';
import { QueryError } from '../../../../core/protocol/errors.ts';
import type { Plan, PlanRequest } from '../../../../core/protocol/plan.ts';
import type { DatabaseColumn } from '../../../../core/protocol/types.ts';
import { nativeType } from '../../../../language/dialects/postgres/types.ts';
import { FLIGHTS_COLUMNS } from '../../../fixtures/language/flights.ts';
import { planOf } from '../run-plan.ts';

const F = 'select * from flights';

function plan(
  query: string,
  request: Partial<PlanRequest> = {},
  columns: readonly DatabaseColumn[] = FLIGHTS_COLUMNS,
): Plan {
  return planOf(query, columns, { pushdown: 'auto', ...request });
}

function placesOf({ stages }: Plan): string[] {
  return stages.map(({ name, where }) => `${name} ${where}`);
}

describe('placement', () => {
  it('makes one statement of stages that are exact, and compares integers as they are stored', () => {
    const { sources, worker } = plan(`${F} | where delay > 10 and origin = 'ATL' | fields delay`);
    expect(worker).to.equal(null);
    expect(sources[0]!.sql).to.equal(
      [
        'SELECT CAST(CAST("source"."delay" AS int8) AS int8) AS "delay"',
        `FROM (\n${F}\n) AS "source"`,
        `WHERE (("source"."delay" > CAST('10' AS int8)) AND (("source"."origin" COLLATE pg_catalog."default") = CAST('ATL' AS text)))`,
      ].join('\n'),
    );
    expect(sources[0]!.databaseColumns).to.deep.equal([{ name: 'delay', type: nativeType(20) }]);
  });

  it('splits a condition: what never fails may go from anywhere, what may fail only from the front', () => {
    const query = `${F} | where delay + 1 > 2 and origin ilike 'a%' and distance > 5 and delay + 2 > 3`;
    const { sources, worker, stages } = plan(query);
    expect(sources[0]!.sql)
      .to.include('"delay"')
      .and.include('"distance" >')
      .and.not.include("CAST('2' AS int8)) >");
    expect(worker!.sql)
      .to.include('ILIKE')
      .and.include('CAST(2 AS BIGINT)')
      .and.not.include('CAST(5 AS BIGINT)');
    expect(stages[0]).to.include({ where: 'worker' });
    expect(stages[0]!.why).to.match(
      /^`ilike` is not exact in PostgreSQL.*what is exact of it runs in the database/,
    );
  });

  it('gives a filter that may fail only the rows that those before it left', () => {
    const { sources } = plan(`${F} | where origin = 'ATL' | where delay + 1 > 2 | fields delay`);
    expect(sources[0]!.sql).to.match(
      /WHERE \(\("source"\."origin" COLLATE pg_catalog\."default"\) = .*\nOFFSET 0\n\)\nSELECT .*\nFROM s1\nWHERE \(\(s1\."delay" \+/s,
    );
    const { worker } = plan(`${F} | where origin = 'ATL' | where delay + 1 > 2`, { pushdown: 'off' });
    expect(worker!.sql).to.match(/WHERE CASE WHEN \(input\."origin" = 'ATL'\) THEN .* ELSE FALSE END/);
  });

  it('hands a pending order to the worker instead of sorting twice', () => {
    const { sources, worker } = plan(`${F} | sort -delay | fields origin | sample 100%`);
    expect(sources[0]!.sql).to.not.include('ORDER BY');
    expect(sources[0]!.columns!.map(({ name }) => name)).to.deep.equal(['origin', 'order_1']);
    expect(worker!.sql).to.include('ORDER BY input."order_1" DESC NULLS LAST');
  });

  it('cuts the rows before they travel when only stages row by row stand before a limit', () => {
    const ahead = plan(`${F} | parse origin as kv 'x' | eval y = delay | head 3`);
    expect(ahead.sources[0]!.sql).to.match(/LIMIT CAST\('3' AS int8\)$/);
    expect(ahead.worker!.sql).to.include('LIMIT');
    const behind = plan(`${F} | parse origin as kv 'x' | where delay > 1 | head 3`);
    expect(behind.sources[0]!.sql).to.not.include('LIMIT');
  });

  it('keeps the order of the SQL by its place, and orders text by code point', () => {
    const { sources } = plan(`${F} order by delay | stats first(dest) as d by origin | sort d`);
    expect(sources[0]!.sql).to.include('row_number() OVER ()');
    expect(sources[0]!.sql).to.match(/ORDER BY s\d\."d" COLLATE "C" ASC NULLS LAST$/);
  });

  it('numbers parameters of stages after those of the SQL, and says their types', () => {
    const { sources } = plan('select * from flights where delay > :a | where origin = :b and delay > :a', {
      parameters: { a: 'int64', b: 'string' },
    });
    expect(sources[0]!.parameters).to.deep.equal(['a', 'b', 'a']);
    expect(sources[0]!.sql).to.include('CAST($2 AS text)').and.include('CAST($3 AS int8)');
    expect(sources[0]!.parameterTypes).to.deep.equal([nativeType(25), nativeType(20)]); // the test describes no parameters of the SQL
  });

  it('hides no table of the SQL behind its own names', () => {
    const { sources } = plan('select * from s1 | stats count() as n by origin | where n > 1');
    expect(sources[0]!.sql).to.match(/^WITH _s1 AS \(/);
  });

  it('joins two sources of one connection in one statement, and fetches them apart otherwise', () => {
    const join =
      'join left (select * from airports | fields dest, delay | rename dest as d2, delay as d3) on origin = d2 | fields origin, d3';
    const one = plan(`${F} | ${join}`);
    expect(one.worker).to.equal(null);
    expect(one.sources[0]!.sql).to.include('LEFT JOIN');
    const two = plan(`${F} | ${join.replace('(select', '@other (select')}`);
    expect(two.sources.map(({ connection }) => connection)).to.deep.equal(['main', 'other']);
    expect(two.stages[0]!.why).to.equal('the query beside it is on another connection');
  });

  it('says why not: off, a long name, what follows', () => {
    expect(plan(`${F} | head 1`, { pushdown: 'off' }).stages[0]).to.include({
      where: 'worker',
      why: 'pushdown is off',
    });
    const long = plan(`${F} | eval ${'x'.repeat(64)} = 1 | head 1`);
    expect(placesOf(long)).to.deep.equal(['eval worker', 'head worker']);
    expect(long.stages[0]!.why).to.match(/^PostgreSQL would cut the long name/);
    expect(long.stages[1]!.why).to.equal('it follows `eval`, which runs in a worker');
  });

  it('refuses what require does not get, at the first stage that is not exact', () => {
    const query = `${F} | where delay > 1 | sample 3 | head 1`;
    try {
      plan(query, { pushdown: 'require' });
      expect.fail('nothing was thrown');
    } catch (thrown) {
      expect(thrown).to.be.instanceOf(QueryError);
      const { code, details } = thrown as QueryError; // checked by the line above
      expect(code).to.equal('not-pushable');
      expect(details.stage).to.deep.equal({ index: 2, name: 'sample' });
      expect(query.slice(details.span!.start, details.span!.end)).to.equal('sample 3');
    }
  });

  it('knows which stretch of the statement is whose', () => {
    const query = `${F} | eval a = delay + 1 | eval b = a * 2`;
    const { sql, segments, placed } = plan(query).sources[0]!;
    const [own] = segments;
    expect(sql.slice(own!.sqlStart, own!.sqlStart + own!.length)).to.equal(F);
    expect(sql).to.not.include('\0');
    for (const { sqlStart, length, stage } of placed!.segments)
      expect(sql.slice(sqlStart, sqlStart + length)).to.include(stage.index === 1 ? '+' : '*');
    expect(placed!.raising.map(({ stage }) => stage.index)).to.deep.equal([1, 2]);
    expect(placed!.sourceMayFail).to.equal(false);
  });
});
