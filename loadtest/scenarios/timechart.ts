/** Measures a timechart that the database runs wholly, against the best SQL that a hand writes for the same rows. */
import { SCHEMA } from '../data.ts';
import { dailyTop } from '../queries.ts';
import type { Scenario } from '../scenario.ts';
import { ELAPSED, placementOf, timedQuery, timedSql, timeInTurns } from './one-query.ts';

const FACTOR = 1.2;

export const timechart: Scenario = {
  name: 'timechart',
  title: 'timechart by day with the top 5 of a column',
  how: 'one query at a time and the SQL of a hand for the same rows in psql, in turns; every stage must run in the database',
  needs: { contenders: ['forkline'] },
  async run(bench, record) {
    const query = dailyTop(`${SCHEMA}.requests`);
    const contender = bench.contender('forkline');
    const placement = await placementOf(bench, contender, query);
    const forkline = timedQuery(bench, record, contender, query, ', timechart');
    const sql = timedSql(bench, query.expectedSql);
    await timeInTurns(bench, record, [sql, forkline]);
    const [sqlMs, forklineMs] = [sql, forkline].map(({ who }) => record.median(who, ELAPSED)) as [
      number,
      number,
    ];
    const isPlaced = placement.length > 0 && placement.every((where) => where === 'source');
    record.check({
      what: `time against SQL written by hand in ${sql.who}`,
      value: isPlaced ? forklineMs / sqlMs : Number.NaN,
      unit: 'x',
      bound: 'at-most',
      limit: FACTOR,
      measured: `${forklineMs.toFixed(1)} against ${sqlMs.toFixed(1)} ms (${bench.rows.toLocaleString('en')} rows)${isPlaced ? '' : ', but not in the database'}`,
    });
  },
};
