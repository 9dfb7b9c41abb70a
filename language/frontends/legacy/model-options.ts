/** Reads the text behind `model`, `model-stats` and their like: a model, its options, and a condition. */

import type { Column } from '../../../core/protocol/types.ts';
import { quoteName } from '../../dialects/quoting.ts';
import type { WrittenName } from '../query-tree.ts';
import { conditionText } from './choosing.ts';
import type { LowerContext, Step } from './command.ts';
import { type LegacyExpression, parseCondition } from './condition.ts';
import type { LegacyCursor } from './cursor.ts';
import { engine, ROW, stages } from './engine-text.ts';
import { type Bin, momentLiteral, momentOf, readBin } from './time-text.ts';

export interface ModelSyntax {
  readonly name: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly size: number | null;
  readonly share: number | null;
  readonly field: WrittenName | null;
  readonly bin: Bin | null;
  readonly condition: LegacyExpression | null;
  /** The column that the dates go by, where the model says it. */
  readonly time: string | null;
}

const OPTIONS = [
  'name',
  'model_owner',
  'size',
  'start_date',
  'end_date',
  'sampling',
  'sampling_rate',
  'spatial_coordinates',
  'spatial_column',
  'spatial_relation',
  'map_level',
  'map_level_column',
  'field',
  'unit',
];

/** The cursor stands behind the command's word; the model is read by way of `sources`. */
export function parseModel(cursor: LegacyCursor): ModelSyntax {
  let model: ModelSyntax | null = null;
  const options: {
    -readonly [K in Exclude<keyof ModelSyntax, 'name' | 'condition' | 'time'>]: ModelSyntax[K];
  } = {
    from: null,
    to: null,
    size: null,
    share: null,
    field: null,
    bin: null,
  };
  for (;;) {
    const option = cursor.isSign('=', 1) ? OPTIONS.find((word) => cursor.isWord(word)) : undefined;
    if (option === undefined) break;
    const token = cursor.next();
    cursor.next();
    const value = cursor.peek();
    const span = { start: value.start, end: value.end };
    if (option === 'name') {
      const name = readModelName(cursor);
      cursor.sources.model(name, span);
      model = { name, condition: null, time: cursor.sources.timeOf(name), ...options };
    } else if (option === 'start_date') options.from = momentLiteral(cursor.text_(), span);
    else if (option === 'end_date') options.to = momentLiteral(cursor.text_(), span);
    else if (option === 'size') options.size = cursor.whole();
    else if (option === 'sampling_rate') options.share = Number(cursor.number());
    else if (option === 'field') options.field = cursor.name();
    else if (option === 'unit') options.bin = readBin(cursor.text_(), span);
    else if (option.startsWith('spatial') || option.startsWith('map_'))
      cursor.failAt(
        token,
        `\`${option}\` needs geometry, which is not here`,
        "filter in the SQL: `db sql='select ...'`",
      );
    else cursor.text_();
  }
  if (model === null) cursor.fail('`name = model` is expected');
  const condition = cursor.atEnd ? null : parseCondition(cursor, true);
  return { ...model, ...options, condition };
}

/** A word, a number, an id with hyphens, or a quoted name. */
function readModelName(cursor: LegacyCursor): string {
  let { text, end } = cursor.peek();
  cursor.text_('the name of a model');
  while (cursor.isSign('-') && cursor.peek().start === end) {
    cursor.next();
    const part = cursor.next();
    text += `-${part.text}`;
    end = part.end;
  }
  return text;
}

/** The column that the dates of a model go by: the one that the model names, else its first date or timestamp. */
export function timeColumn(columns: readonly Column[], named: string | null = null): Column | null {
  const own = named === null ? undefined : columns.find(({ name }) => name === named);
  if (own !== undefined) return own;
  return columns.find(({ type }) => ['timestamp', 'timestamptz', 'date'].includes(type.kind)) ?? null;
}

/** The rows of the model that its options and its condition choose. */
export function modelSteps(
  model: ModelSyntax,
  context: LowerContext,
  time = timeColumn(context.columns, model.time),
): readonly Step[] {
  const steps: Step[] = [];
  if (time !== null && (model.from !== null || model.to !== null)) {
    const moment = momentOf(time);
    const conditions = [
      ...(model.from === null ? [] : [`${moment} >= ${model.from}`]),
      ...(model.to === null ? [] : [`${moment} < ${model.to}`]),
    ];
    const names = context.columns.map(({ name }) => quoteName(name)).join(', ');
    steps.push({
      ...engine(`select ${names}, ${ROW} from input where ${conditions.join(' and ')}`),
      ordered: true,
    });
  }
  if (model.condition !== null) steps.push(stages(`where ${conditionText(model.condition, context)}`));
  if (model.share !== null && model.share > 0 && model.share < 1)
    steps.push(stages(`sample ${model.share * 100}%`));
  if (model.size !== null) steps.push(stages(`head ${model.size}`));
  return steps;
}
