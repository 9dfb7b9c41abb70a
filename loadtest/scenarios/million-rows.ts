/** Many rows from the database through stages in a DSL worker: against COPY of the same rows, and one process. */
import { SCHEMA } from '../data.ts';
import { allColumns, copyOf, twoColumns } from '../queries.ts';
import type { Scenario } from '../scenario.ts';
import { ELAPSED, timedQuery, timedSql, timeInTurns } from './one-query.ts';

const TABLE = `${SCHEMA}.requests`;
const COPY_LIMIT = 1.6;

export const allColumnsThroughStages: Scenario = {
  name: 'all-columns',
  title: '1 million rows to the DSL, pushdown off, all columns used',
  how: 'one query at a time, COPY of the same rows and both baselines, in turns',
  needs: { contenders: ['baseline', 'duckdb', 'forkline'] },
  async run(bench, record) {
    const query = allColumns(TABLE);
    const [baseline, duckdb, forkline] = (['baseline', 'duckdb', 'forkline'] as const).map((name) =>
      timedQuery(bench, record, bench.contender(name), query, name === 'forkline' ? ', all columns' : ''),
    ) as [ReturnType<typeof timedQuery>, ReturnType<typeof timedQuery>, ReturnType<typeof timedQuery>];
    const copy = timedSql(bench, copyOf(TABLE, '*'));
    await timeInTurns(bench, record, [copy, forkline, duckdb, baseline]);
    const [copyMs, forklineMs, baselineMs] = [copy, forkline, baseline].map(({ who }) =>
      record.median(who, ELAPSED),
    ) as [number, number, number];
    record.check({
      what: 'time against COPY of these rows',
      value: forklineMs / copyMs,
      unit: 'x',
      bound: 'at-most',
      limit: COPY_LIMIT,
      measured: `${forklineMs.toFixed(0)} against ${copyMs.toFixed(0)} ms (${copy.who}, ${bench.rows.toLocaleString('en')} rows)`,
    });
    record.check({
      what: 'faster than one process',
      value: baselineMs / forklineMs,
      unit: 'x',
      bound: 'at-least',
      limit: 5,
      measured: `${forklineMs.toFixed(0)} against ${baselineMs.toFixed(0)} ms`,
    });
  },
};

export const twoColumnsThroughStages: Scenario = {
  name: 'two-columns',
  title: 'the same, two columns used',
  how: 'one query at a time and COPY of those two columns, in turns',
  needs: { contenders: ['forkline'] },
  async run(bench, record) {
    const forkline = timedQuery(
      bench,
      record,
      bench.contender('forkline'),
      twoColumns(TABLE, 'off'),
      ', two columns',
    );
    const copy = timedSql(bench, copyOf(TABLE, 'host, bytes'));
    await timeInTurns(bench, record, [copy, forkline]);
    const [copyMs, forklineMs] = [copy, forkline].map(({ who }) => record.median(who, ELAPSED)) as [
      number,
      number,
    ];
    record.check({
      what: 'time against COPY of the two columns',
      value: forklineMs / copyMs,
      unit: 'x',
      bound: 'at-most',
      limit: COPY_LIMIT,
      measured: `${forklineMs.toFixed(0)} against ${copyMs.toFixed(0)} ms (${copy.who}, ${bench.rows.toLocaleString('en')} rows)`,
    });
  },
};
