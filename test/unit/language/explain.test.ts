/** `explain` before a query: when it is ours, and what its rows are. */

import { expect } from 'chai';
import type { PlanRequest } from '../../../core/protocol/plan.ts';
import { nativeType } from '../../../language/dialects/postgres/types.ts';
import { explainQuery } from '../../../language/explain.ts';
import { JUDGES_NOTHING } from '../../../language/source/judged-functions.ts';
import { FLIGHTS_COLUMNS } from '../../fixtures/language/flights.ts';
import { TEST_CONNECTIONS } from '../../support/test-connections.ts';
import { planFlights, planOf } from './run-plan.ts';

const F = 'select * from flights';

describe('explain', () => {
  const ours = [
    `explain ${F} | where delay > 5 | head 1`,
    `EXPLAIN (${F} | head 1)`,
    `explain let f = (${F}); f | head 1`,
    `let f = (${F}); explain f | head 1`,
    `set pushdown = off; explain ${F} | head 1`,
    `explain set pushdown = off; ${F} | head 1`,
    `explain @other ${F} | head 1`,
    `explain with a as (${F}) select * from a | head 1`,
  ];
  for (const query of ours)
    it(`ours: ${query}`, () => {
      const { sources, worker, columns, stages } = planFlights(query);
      expect(worker).to.equal(null);
      expect(stages).to.deep.equal([]);
      expect(sources).to.have.length(1);
      expect(sources[0]!.sql).to.match(
        /^select "index"::int8 as "index", .*\nfrom \(values\n\(0, 0, 'source', /,
      );
      expect(columns!.map(({ name }) => name)).to.deep.equal(['index', 'stage', 'where', 'why', 'sql']);
    });

  for (const query of [
    `explain ${F}`,
    `explain (analyze) ${F}`,
    `explain analyze ${F}`,
    `explain (${F})`,
    `@other explain ${F}`,
  ])
    it(`the database's: ${query}`, () => {
      const { sources, worker } = planFlights(query);
      expect(sources[0]!.sql).to.equal(query.replace('@other ', ''));
      expect(worker).to.equal(null);
    });

  it('has a row for each source and stage, with the SQL where a statement begins', () => {
    const { sources } = planFlights(
      `explain ${F} | where origin = 'it''s' | union (@other ${F} | head 2) | head 1`,
    );
    const { connection, sql } = sources[0]!;
    expect(connection).to.equal('main');
    const rows = [...sql.matchAll(/^\((\d+), (\d+), '(\w+)', '(\w+)', '.*?', (null|')/gm)].map((found) =>
      found.slice(1).join(' '),
    );
    expect(rows).to.deep.equal([
      "0 0 source source '",
      "1 0 source source '",
      "2 1 where worker '",
      '3 2 union worker null',
      '4 3 head worker null',
      '5 4 head worker null',
    ]);
    expect(sql).to.include("''it''''s''");
  });

  it('goes through a worker for formats that are encoded there', () => {
    const plan = planOf(`explain ${F} | head 1`, FLIGHTS_COLUMNS, { throughWorker: true });
    expect(plan.worker!.sql).to.equal(
      'SELECT input."index", input."stage", input."where", input."why", input."sql"\nFROM input',
    );
    expect(plan.sources[0]!.databaseColumns!.map(({ type }) => type)).to.deep.equal(
      [20, 25, 25, 25, 25].map((oid) => nativeType(oid)),
    );
  });

  it('does not change what /v1/explain says, whose tokens are all of the text but comments', () => {
    const request = (text: string): PlanRequest => ({
      text,
      parameters: { p: 'int64' },
      connection: 'main',
      dialects: TEST_CONNECTIONS,
      pushdown: 'off',
      throughWorker: false,
      answers: { 'source-0': { kind: 'source', columns: FLIGHTS_COLUMNS, parameterTypes: [] } },
    });
    const text = `explain select '|' -- c\n | head :p`;
    const [with_, without] = [text, text.replace('explain', '       ')].map((query) =>
      explainQuery(request(query), JUDGES_NOTHING),
    );
    if (with_?.kind !== 'explained' || without?.kind !== 'explained') throw new Error('it asks');
    expect(with_.explained.plan).to.deep.equal(without.explained.plan);
    expect(with_.explained.tokens.map(({ kind, text: shown }) => `${kind} ${shown}`)).to.deep.equal([
      'word explain',
      "sql select '|' -- c",
      'symbol |',
      'word head',
      'parameter p',
    ]);
  });
});
