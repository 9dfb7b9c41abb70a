/**
 * Whether work costs in proportion to its size: the same stages over more and more rows. What a query costs beside its
 * rows is taken off by measuring it on no rows, else the smallest table would only show that.
 */
import { sizesOf, tableOfSize } from '../data.ts';
import { allColumns } from '../queries.ts';
import type { ScenarioRecord } from '../record.ts';
import type { Bench, Scenario } from '../scenario.ts';
import { ELAPSED, type Timed, timedQuery, timeInTurns } from './one-query.ts';

const TOLERANCE = 0.15;

export const costPerRow: Scenario = {
  name: 'cost-per-row',
  title: 'cost as work grows: time per row from 10,000 to 10 million rows',
  how: 'one query at a time over tables of N/100, N/10, N and 10 N rows, in turns, less the time on no rows',
  needs: { contenders: ['baseline', 'forkline'], sizes: true },
  async run(bench, record) {
    const sizes = sizesOf(bench.rows);
    const forkline = new Map(sizes.map((size) => [size, timedSize(bench, record, 'forkline', size)]));
    // It holds all rows as objects: the largest table is beyond it.
    const baseline = new Map(
      sizes.slice(0, -1).map((size) => [size, timedSize(bench, record, 'baseline', size)]),
    );
    const nothing = timedNothing(bench, record);
    await timeInTurns(bench, record, [nothing, ...forkline.values(), ...baseline.values()]);
    const fixedMs = record.median(nothing.who, ELAPSED);
    const perRowUs = (timed: Timed, size: number): number =>
      ((record.median(timed.who, ELAPSED) - fixedMs) * 1000) / size;
    const costs = [...forkline].map(([size, timed]) => [size, perRowUs(timed, size)] as const);
    const baselineCosts = [...baseline].map(([size, timed]) => [size, perRowUs(timed, size)] as const);
    record.chart({
      type: 'cost',
      title: 'Cost of a row',
      lines: [
        { who: 'Forkline', points: costs },
        { who: 'one process', points: baselineCosts },
      ],
    });
    record.note(`on no rows: ${fixedMs.toFixed(1)} ms, which are not in the cost of a row`);
    checkFlat(
      record,
      costs.map(([, us]) => us),
      costs.map(([size]) => size),
    );
  },
};

function timedSize(bench: Bench, record: ScenarioRecord, name: 'forkline' | 'baseline', size: number): Timed {
  const query = allColumns(tableOfSize(bench.rows, size));
  return timedQuery(bench, record, bench.contender(name), query, `, ${size.toLocaleString('en')} rows`);
}

function timedNothing(bench: Bench, record: ScenarioRecord): Timed {
  const table = `(select * from ${tableOfSize(bench.rows, bench.rows)} where id < 0) as nothing`;
  return timedQuery(bench, record, bench.contender('forkline'), allColumns(table), ', no rows');
}

/** Within the tolerance around the middle between the cheapest and the dearest. */
function checkFlat(record: ScenarioRecord, costs: readonly number[], sizes: readonly number[]): void {
  const [least, most] = [Math.min(...costs), Math.max(...costs)];
  record.check({
    what: 'time per row, deviation from the middle',
    value: ((most - least) / (most + least)) * 100,
    unit: '%',
    bound: 'at-most',
    limit: TOLERANCE * 100,
    measured: costs
      .map((us, index) => `${us.toFixed(2)} us at ${sizes[index]!.toLocaleString('en')}`)
      .join(', '),
  });
}
