/** Many rows from the database through stages in a DSL worker: against COPY of the same rows, and one process. */
import { SCHEMA } from '../data.ts';
import { allColumns, copyOf, twoColumns } from '../queries.ts';
import type { ScenarioRecord } from '../record.ts';
import type { Bench, Scenario } from '../scenario.ts';
import { ELAPSED, type Timed, timedQuery, timedSql, timeInTurns } from './one-query.ts';

const TABLE = `${SCHEMA}.requests`;
/** COPY as CSV takes the database twice as long as in binary form, which is how rows come to the stages. */
const CSV_LIMIT = 0.75;
const TWO_COLUMNS_LIMIT = 0.85;

function timedCopyBinary(bench: Bench, columns: string): Timed {
  const timed = timedSql(bench, copyOf(TABLE, columns, 'binary'));
  return { ...timed, who: `${timed.who}, binary` };
}

function againstCopies(
  { rows }: Bench,
  record: ScenarioRecord,
  timed: readonly [forkline: Timed, copy: Timed, binary: Timed],
): string {
  const [forkline, copy, binary] = timed.map(({ who }) => record.median(who, ELAPSED)) as [
    number,
    number,
    number,
  ];
  const times = `${forkline.toFixed(0)} against ${copy.toFixed(0)} ms (${timed[1].who}, ${rows.toLocaleString('en')} rows)`;
  return `${times}; ${(forkline / binary).toFixed(2)} x COPY in binary form`;
}

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
    const binary = timedCopyBinary(bench, '*');
    await timeInTurns(bench, record, [copy, binary, forkline, duckdb, baseline]);
    const [copyMs, forklineMs, baselineMs] = [copy, forkline, baseline].map(({ who }) =>
      record.median(who, ELAPSED),
    ) as [number, number, number];
    record.check({
      what: 'time against COPY of these rows as CSV',
      value: forklineMs / copyMs,
      unit: 'x',
      bound: 'at-most',
      limit: CSV_LIMIT,
      measured: againstCopies(bench, record, [forkline, copy, binary]),
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
    const binary = timedCopyBinary(bench, 'host, bytes');
    await timeInTurns(bench, record, [copy, binary, forkline]);
    const [copyMs, forklineMs] = [copy, forkline].map(({ who }) => record.median(who, ELAPSED)) as [
      number,
      number,
    ];
    record.check({
      what: 'time against COPY of the two columns as CSV',
      value: forklineMs / copyMs,
      unit: 'x',
      bound: 'at-most',
      limit: TWO_COLUMNS_LIMIT,
      measured: againstCopies(bench, record, [forkline, copy, binary]),
    });
  },
};
