/**
 * Whether work costs in proportion to its size: the same stages over more and more rows. What a query costs beside its
 * rows is taken off by measuring it on a few, else the smallest table would only show that. On none it would have no
 * groups to sort and nothing to print.
 */
import { LABELS } from '../contender/contender.ts';
import { sizesOf, tableOfSize } from '../data.ts';
import { allColumns } from '../queries.ts';
import type { ScenarioRecord } from '../record.ts';
import type { Bench, Scenario } from '../scenario.ts';
import { ELAPSED, type Timed, timedQuery, timeInTurns } from './one-query.ts';

const TOLERANCE = 0.15;
/** Short ones are taken more often: what they differ by is as large as what is measured. */
const SHORT_ROWS = 10_000;
const TIMES_OF_SHORT = 10;
/** Share of the smallest table for the query that shows what a query costs without rows. */
const FEW_SHARE = 0.01;

export const costPerRow: Scenario = {
  name: 'cost-per-row',
  title: 'cost as work grows: time per row from 10,000 to 10 million rows',
  how: 'one query at a time over tables of N/100, N/10, N and 10 N rows, in turns, less the time on N/10,000',
  needs: { contenders: ['baseline', 'forkline'], sizes: true },
  async run(bench, record) {
    const sizes = sizesOf(bench.rows);
    const forkline = timeSizes(bench, record, 'forkline', sizes);
    // The one-process server holds all rows as objects, so the largest table is beyond it. It is measured once, for
    // the chart only.
    const baseline = timeSizes(bench, record, 'baseline', sizes.slice(0, -1));
    await timeInTurns(bench, record, [
      ...timedOf(forkline),
      ...timedOf(baseline).map((timed) => ({ ...timed, rounds: 1 })),
    ]);
    const costs = costsOf(record, forkline);
    record.chart({
      type: 'cost',
      title: 'Cost of a row',
      lines: [
        { who: LABELS.forkline, points: costs },
        { who: LABELS.baseline, points: costsOf(record, baseline) },
      ],
    });
    const fixedMs = record.median(forkline.few.timed.who, ELAPSED);
    record.note(
      `on ${forkline.few.rows} rows: ${fixedMs.toFixed(1)} ms, which are not in the cost of the others`,
    );
    checkFlat(record, costs);
  },
};

interface TimedSizes {
  /** The query on very few rows. */
  readonly few: { readonly rows: number; readonly timed: Timed };
  readonly bySize: ReadonlyMap<number, Timed>;
}

function timeSizes(
  bench: Bench,
  record: ScenarioRecord,
  name: 'forkline' | 'baseline',
  sizes: readonly number[],
): TimedSizes {
  const contender = bench.contender(name);
  const timed = (from: string, what: string, times: number): Timed => ({
    ...timedQuery(bench, record, contender, allColumns(from), what),
    times,
  });
  const ofSize = (size: number): Timed => ({
    ...timed(
      tableOfSize(bench.rows, size),
      `, ${size.toLocaleString('en')} rows`,
      size <= SHORT_ROWS ? TIMES_OF_SHORT : 1,
    ),
    cold: size === sizes.at(-1),
  });
  const rows = Math.ceil(sizes[0]! * FEW_SHARE);
  const few = `(select * from ${tableOfSize(bench.rows, bench.rows)} where id <= ${rows}) as few`;
  return {
    few: { rows, timed: timed(few, `, ${rows} rows`, TIMES_OF_SHORT) },
    bySize: new Map(sizes.map((size) => [size, ofSize(size)])),
  };
}

function timedOf({ few, bySize }: TimedSizes): Timed[] {
  return [few.timed, ...bySize.values()];
}

/** Rows, and microseconds for each but the few. */
function costsOf(record: ScenarioRecord, { few, bySize }: TimedSizes): (readonly [number, number])[] {
  const fixedMs = record.median(few.timed.who, ELAPSED);
  return [...bySize].map(([size, { who }]) => {
    const ms = record.median(who, ELAPSED) - fixedMs;
    return [size, (ms * 1000) / (size - few.rows)] as const;
  });
}

/** Within the tolerance around the middle between the cheapest and the dearest. */
function checkFlat(record: ScenarioRecord, costs: readonly (readonly [number, number])[]): void {
  // Rows that cost less than nothing were not measured: they drown in what a query costs beside them.
  const micros = costs.map(([, us]) => us);
  const isMeasured = micros.every((us) => us > 0);
  const [least, most] = [Math.min(...micros), Math.max(...micros)];
  record.check({
    what: 'time per row, deviation from the middle',
    value: isMeasured ? ((most - least) / (most + least)) * 100 : Number.NaN,
    unit: '%',
    bound: 'at-most',
    limit: TOLERANCE * 100,
    measured: costs.map(([size, us]) => `${us.toFixed(2)} us at ${size.toLocaleString('en')}`).join(', '),
  });
}
