/** Commands that look at neighbours, and those that measure whole columns. */

import type { Column } from '../../../core/protocol/types.ts';
import { quoteName, quoteText } from '../../dialects/quoting.ts';
import type { WrittenName } from '../query-tree.ts';
import { command } from './command.ts';
import type { LegacyCursor } from './cursor.ts';
import { asText, engine, isNumber, ROW, stages, withColumns } from './engine-text.ts';
import { type ModelSyntax, modelSteps, parseModel } from './model-options.ts';

interface Neighbour {
  readonly name: WrittenName;
  readonly by: WrittenName;
  readonly count: number;
  readonly fallback: string | null;
  readonly partition: WrittenName | null;
  readonly as: string | null;
}

function neighbour(word: 'lag' | 'lead', prefix: string) {
  return command<Neighbour>({
    names: [word],
    form: `${word} c BY o [COUNT n] [DEFAULT v] [PARTITION p] [AS n]`,
    summary: `The value of the row ${word === 'lag' ? 'before' : 'after'} in the order of another column.`,
    parse(cursor: LegacyCursor) {
      const name = cursor.name();
      cursor.expectWord('by');
      let found: Neighbour = { name, by: cursor.name(), count: 1, fallback: null, partition: null, as: null };
      while (!cursor.atEnd) {
        const option = cursor.acceptWord('count', 'default', 'partition', 'as');
        if (option === null) cursor.fail('COUNT, DEFAULT, PARTITION or AS is expected');
        if (option === 'count') found = { ...found, count: countOf(cursor) };
        else if (option === 'default') found = { ...found, fallback: fallbackText(cursor) };
        else if (option === 'partition') found = { ...found, partition: cursor.name() };
        else found = { ...found, as: cursor.name('a name').name };
      }
      return found;
    },
    lower({ name, by, count, fallback, partition, as }, context) {
      const column = context.column(name);
      const groups = partition === null ? '' : `partition by ${quoteName(context.column(partition).name)} `;
      const order = `order by ${quoteName(context.column(by).name)} nulls first, ${ROW}`;
      const value =
        fallback === null
          ? ''
          : `, ${column.type.kind === 'string' ? quoteText(unquoted(fallback)) : fallback}`;
      const sql = `${word}(${quoteName(column.name)}, ${count}${value}) over (${groups}${order})`;
      return [withColumns(context, [{ name: as ?? `${prefix}${column.name}`, sql }])];
    },
  });
}

function countOf(cursor: LegacyCursor): number {
  const token = cursor.peek();
  const count = cursor.whole();
  return count >= 0 ? count : cursor.failAt(token, 'a number of rows is expected', 'write `COUNT 2`');
}

function fallbackText(cursor: LegacyCursor): string {
  if (cursor.isSign('-') || cursor.peek().kind === 'number') return cursor.number();
  return quoteText(cursor.text_('a value'));
}

function unquoted(text: string): string {
  return text.startsWith("'") ? text.slice(1, -1).replaceAll("''", "'") : text;
}

export const LAG = neighbour('lag', 'PREVIOUS_ROW_OF_');
export const LEAD = neighbour('lead', 'NEXT_ROW_OF_');

const MEASURES: readonly (readonly [string, (column: string) => string])[] = [
  ['mean', (column) => `avg(${column})`],
  ['stddev', (column) => `round(stddev_samp(${column}), 2)`],
  ['min', (column) => `min(${column})`],
  ['25%', (column) => `quantile_disc(${column}, 0.25)`],
  ['50%', (column) => `quantile_disc(${column}, 0.5)`],
  ['75%', (column) => `quantile_disc(${column}, 0.75)`],
  ['max', (column) => `max(${column})`],
];

export const SUMMARY = command<null>({
  names: ['summary'],
  form: 'summary',
  summary:
    'Count, mean, deviation, least, quarters and greatest of each column, a row each; of text the count alone.',
  parse: () => null,
  lower(_, { columns }) {
    const shown = columns.filter(({ type }) => type.kind !== 'bool');
    const row = (name: string, value: (column: Column) => string, place: number): string =>
      `select ${[`${quoteText(name)} as "summary"`, ...shown.map((column) => `cast(${value(column)} as double) as ${quoteName(column.name)}`)].join(', ')}, ${place} as ${ROW} from input`;
    const rows = [
      row('count', ({ name }) => `count(${quoteName(name)})`, 0),
      ...MEASURES.map(([name, of], index) =>
        row(name, (column) => (isNumber(column) ? of(quoteName(column.name)) : 'null'), index + 1),
      ),
    ];
    return [{ ...engine(rows.join(' union all ')), ordered: true }];
  },
});

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'TEXT',
  int64: 'INTEGER',
  float64: 'REAL',
  decimal: 'REAL',
  bool: 'BOOLEAN',
  date: 'DATE',
  timestamp: 'TIMESTAMP',
};

/** The columns of databases come without their size: a whole number is a BIGINT when a value needs one. */
function typeText({ name, type }: Column): string {
  const word = quoteText(TYPE_WORDS[type.kind] ?? type.kind.toUpperCase());
  return type.kind === 'int64'
    ? `case when max(abs(${quoteName(name)})) > 2147483647 then 'BIGINT' else ${word} end`
    : word;
}

export const MODEL_STATS = command<ModelSyntax>({
  names: ['model-stats'],
  form: 'model-stats name = N [field = c] [CONDITION]',
  summary: 'How many different values each column of a model has, and its type.',
  parse: (cursor) => parseModel(cursor),
  lower(model, context) {
    const columns = model.field === null ? context.columns : [context.column(model.field)];
    const rows = columns.map((column, index) => {
      return `select count(distinct ${quoteName(column.name)}) as distinct_count, ${typeText(column)} as type, ${quoteText(column.name)} as name, ${index} as ${ROW} from input`;
    });
    return [...modelSteps(model, context), { ...engine(rows.join(' union all ')), ordered: true }];
  },
});

export const MODEL_STATSDETAILS = command<ModelSyntax>({
  names: ['model-statsdetails'],
  form: 'model-statsdetails name = N field = c [CONDITION]',
  summary: 'The ten most frequent values of a column of a model.',
  parse(cursor: LegacyCursor) {
    const model = parseModel(cursor);
    if (model.field === null)
      cursor.failAt(cursor.span, '`field` is missing', 'write `model-statsdetails name = N field = c`');
    return model;
  },
  lower(model, context) {
    const column = context.column(model.field!);
    const counted = `select count(*) as "count", ${asText(column)} as "value" from input group by 2`;
    return [...modelSteps(model, context), engine(counted), stages('sort 10 -"count", "value"')];
  },
});

export const MODEL = command<ModelSyntax>({
  names: ['model'],
  form: 'model name = M [start_date = t] [end_date = t] [CONDITION]',
  summary: 'The rows of a model.',
  parse: (cursor) => parseModel(cursor),
  lower: (model, context) => modelSteps(model, context),
});
