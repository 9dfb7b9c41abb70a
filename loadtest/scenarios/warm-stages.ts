/** Stages on few rows: what a DSL worker costs a query that does hardly anything in it. */
import { HUNDRED_ROWS, HUNDRED_ROWS_SQL } from '../queries.ts';
import type { Scenario } from '../scenario.ts';
import { ELAPSED, timedQuery, timedSql, timeInTurns } from './one-query.ts';

const PER_ROUND = 20;
const MOST_MS = 7;

export const warmStages: Scenario = {
  name: 'warm-stages',
  title: 'warm DSL query on 100 rows, pushdown off',
  how: `${PER_ROUND} queries one after the other, and their SQL alone in psql, in turns`,
  needs: { contenders: ['forkline'] },
  async run(bench, record) {
    const forkline = {
      ...timedQuery(bench, record, bench.contender('forkline'), HUNDRED_ROWS, ', 100 rows'),
      times: PER_ROUND,
    };
    const sql = { ...timedSql(bench, HUNDRED_ROWS_SQL), times: PER_ROUND };
    await timeInTurns(bench, record, [sql, forkline]);
    const [sqlMs, forklineMs] = [sql, forkline].map(({ who }) => record.median(who, ELAPSED)) as [
      number,
      number,
    ];
    record.check({
      what: `p50 above its SQL alone in ${sql.who}`,
      value: forklineMs - sqlMs,
      unit: 'ms',
      bound: 'at-most',
      limit: MOST_MS,
      measured: `${forklineMs.toFixed(2)} against ${sqlMs.toFixed(2)} ms`,
    });
  },
};
