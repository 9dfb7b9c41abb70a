/** Commands that compare columns as wholes. */
import { quoteName, quoteText } from '../../dialects/quoting.ts';
import type { WrittenName } from '../query-tree.ts';
import { command } from './command.ts';
import type { LegacyCursor } from './cursor.ts';
import { asNumber, asText, engine, ROW, withColumns } from './engine-text.ts';

export const CORR = command<readonly WrittenName[]>({
  names: ['corr'],
  form: 'corr columns=a,b',
  summary: "Pearson's correlation of each pair of columns, with two digits.",
  parse(cursor: LegacyCursor) {
    if (cursor.acceptWord('columns') === null) cursor.fail('`columns=` is expected');
    cursor.expectSign('=');
    return cursor.isSign('[') ? cursor.list(() => cursor.name()) : cursor.names();
  },
  lower(names, context) {
    const columns = names.map((name) => context.column(name));
    const rows = columns.map((one, place) => {
      const cells = columns.map((other) => {
        const sql = one === other ? '1.0' : `round(corr(${asNumber(one)}, ${asNumber(other)}), 2)`;
        return `cast(${sql} as double) as ${quoteName(other.name)}`;
      });
      return `select ${quoteText(one.name)} as "column", ${cells.join(', ')}, ${place} as ${ROW}, count(*) as counted from input`;
    });
    const kept = columns.map(({ name }) => quoteName(name)).join(', ');
    return [
      { ...engine(`select "column", ${kept}, ${ROW} from (${rows.join(' union all ')})`), ordered: true },
    ];
  },
});

type Pairs = readonly { readonly from: WrittenName; readonly to: string }[];

function parsePairs(cursor: LegacyCursor): Pairs {
  const pairs: { from: WrittenName; to: string }[] = [];
  do {
    const from = cursor.name();
    cursor.expectWord('to');
    pairs.push({ from, to: cursor.name('the new name').name });
  } while (cursor.acceptSign(','));
  return pairs;
}

const SCALES: Readonly<Record<string, (x: string) => string>> = {
  minmax: (x) => `(${x} - min(${x}) over ()) / nullif(max(${x}) over () - min(${x}) over (), 0)`,
  standard: (x) => `(${x} - avg(${x}) over ()) / nullif(stddev_samp(${x}) over (), 0)`,
  maxabs: (x) => `${x} / nullif(max(abs(${x})) over (), 0)`,
};

export const SCALER = command<{ readonly how: string; readonly pairs: Pairs }>({
  names: ['scaler'],
  form: 'scaler minmax|standard|maxabs c to n, ...',
  summary: 'Scaled columns, with two digits.',
  parse(cursor: LegacyCursor) {
    const how = cursor.acceptWord(...Object.keys(SCALES));
    if (how === null) cursor.fail('minmax, standard or maxabs is expected');
    return { how, pairs: parsePairs(cursor) };
  },
  lower: ({ how, pairs }, context) => {
    const added = pairs.map(({ from, to }) => ({
      name: to,
      sql: `round(${SCALES[how]!(`cast(${asNumber(context.column(from))} as double)`)}, 2)`,
    }));
    return [withColumns(context, added)];
  },
});

export const INDEXER = command<Pairs>({
  names: ['indexer'],
  form: 'indexer c to n, ...',
  summary:
    '0.0 for the most frequent value, 1.0 for the next, and so on; of equally frequent ones the lesser first.',
  parse: parsePairs,
  lower(pairs, context) {
    const kept = context.columns.map(({ name }) => `i.${quoteName(name)}`);
    const joins = pairs.map(({ from }, index) => {
      const column = quoteName(context.column(from).name);
      const ranked = `select ${column} as value, cast(row_number() over (order by count(*) desc, ${column}) - 1 as double) as place from input where ${column} is not null group by ${column}`;
      return `left join (${ranked}) as t${index} on t${index}.value = i.${column}`;
    });
    const added = pairs.map(({ to }, index) => `t${index}.place as ${quoteName(to)}`);
    const sql = `select ${[...kept, ...added].join(', ')}, i.${ROW} from input as i ${joins.join(' ')}`;
    return [{ ...engine(sql), ordered: true }];
  },
});

interface Outlier {
  readonly name: WrittenName;
  readonly by: readonly WrittenName[];
  readonly tolerance: number;
  readonly share: number;
}

export const OUTLIER = command<Outlier>({
  names: ['outlier'],
  form: 'outlier c by=g alg=mad [tolerance=3.0] [pct=0.1]',
  summary: 'Marks values far from the median of their group, and groups with many of them.',
  parse(cursor: LegacyCursor) {
    const name = cursor.name();
    let found: Outlier = { name, by: [], tolerance: 3, share: 0.1 };
    let algorithm = 'dbscan';
    while (!cursor.atEnd) {
      const option = cursor.acceptWord('by', 'alg', 'tolerance', 'pct');
      if (option === null) cursor.fail('by, alg, tolerance or pct is expected');
      cursor.expectSign('=');
      if (option === 'by') found = { ...found, by: cursor.names() };
      else if (option === 'alg') algorithm = cursor.text_().toLowerCase();
      else if (option === 'tolerance') found = { ...found, tolerance: Number(cursor.number()) };
      else found = { ...found, share: Number(cursor.number()) };
    }
    if (algorithm !== 'mad')
      cursor.failAt(
        cursor.span,
        `\`outlier\` with alg=${algorithm} is not here`,
        'use `outlier c by=g alg=mad`',
      );
    return found;
  },
  lower({ name, by, tolerance, share }, context) {
    const x = `cast(${asNumber(context.column(name))} as double)`;
    const groups = by.map((group) => quoteName(context.column(group).name));
    const over = groups.length === 0 ? 'over ()' : `over (partition by ${groups.join(', ')})`;
    const names = context.columns.map((own) => quoteName(own.name)).join(', ');
    const centred = `select *, ${x} as mad_value, median(${x}) ${over} as mad_centre from input`;
    const spread = `select *, avg(abs(mad_value - mad_centre)) ${over} as mad_spread from (${centred})`;
    const bounds = `select *, round(mad_centre - ${tolerance} * mad_spread, 2) as lower, round(mad_centre + ${tolerance} * mad_spread, 2) as upper from (${spread})`;
    const marked = `select *, coalesce(mad_value < lower or mad_value > upper, false) as anomaly from (${bounds})`;
    const sql = `select ${names}, lower, upper, anomaly, avg(cast(anomaly as integer)) ${over} >= ${share} as outlier, ${ROW} from (${marked})`;
    return [{ ...engine(sql), ordered: true }];
  },
});

export const EVAL = command<{
  readonly how: string;
  readonly label: WrittenName;
  readonly guess: WrittenName;
}>({
  names: ['eval'],
  form: 'eval classification|regression label prediction',
  summary: 'How good predictions are.',
  parse(cursor: LegacyCursor) {
    const how = cursor.acceptWord('classification', 'regression');
    if (how === null)
      cursor.fail(
        'classification or regression is expected',
        'to compute a column, write `calculate EXPRESSION AS name`',
      );
    const label = cursor.name();
    cursor.acceptSign(',');
    return { how, label, guess: cursor.name() };
  },
  lower({ how, label, guess }, context) {
    const [one, other] = [context.column(label), context.column(guess)];
    if (how === 'regression') {
      const square = `avg(power(${asNumber(one)} - ${asNumber(other)}, 2))`;
      return [engine(`select ${square} as "MSE", sqrt(${square}) as "RMSE" from input`)];
    }
    const right = `count(*) filter (where ${asText(one)} = ${asText(other)})`;
    return [
      engine(
        `select count(*) as all_count, ${right} as correct_count, count(*) - ${right} as wrong_count, 100.0 * ${right} / nullif(count(*), 0) as accuracy from input`,
      ),
    ];
  },
});
