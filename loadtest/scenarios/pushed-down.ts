/** Measures a pipeline that the database runs wholly: the time that Forkline adds to the SQL itself. */
import { SCHEMA } from '../data.ts';
import { twoColumns } from '../queries.ts';
import type { Scenario } from '../scenario.ts';
import { ELAPSED, placementOf, timedQuery, timedSql, timeInTurns } from './one-query.ts';

const FACTOR = 1.1;
const ADDED_MS = 5;

export const pushedDown: Scenario = {
  name: 'pushed-down',
  title: 'the same, pushed down',
  how: 'one query at a time with pushdown auto and the same SQL in psql, in turns; every stage must run in the database',
  needs: { contenders: ['forkline'] },
  async run(bench, record) {
    const query = twoColumns(`${SCHEMA}.requests`, 'auto');
    const contender = bench.contender('forkline');
    const placement = await placementOf(bench, contender, query);
    const forkline = timedQuery(bench, record, contender, query, ', pushed down');
    const sql = timedSql(bench, query.expectedSql);
    await timeInTurns(bench, record, [sql, forkline]);
    const [sqlMs, forklineMs] = [sql, forkline].map(({ who }) => record.median(who, ELAPSED)) as [
      number,
      number,
    ];
    const isPushed = placement.length > 0 && placement.every((where) => where === 'source');
    if (!isPushed)
      record.note(
        `not pushed down: the stages ran in ${[...new Set(placement)].join(', ') || 'an unknown place'}`,
      );
    record.check({
      what: `time less ${ADDED_MS} ms, against the same SQL in ${sql.who}`,
      value: isPushed ? (forklineMs - ADDED_MS) / sqlMs : Number.NaN,
      unit: 'x',
      bound: 'at-most',
      limit: FACTOR,
      measured: `${forklineMs.toFixed(1)} against ${sqlMs.toFixed(1)} ms${isPushed ? '' : ', but not pushed down'}`,
    });
  },
};
