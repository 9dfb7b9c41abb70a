/** Reads the text behind `model`, `model-stats` and their like: a model, its options, and a condition. */

import type { Span } from '../../../core/protocol/errors.ts';
import type { Column } from '../../../core/protocol/types.ts';
import { quoteName, quoteText } from '../../dialects/quoting.ts';
import type { WrittenName } from '../query-tree.ts';
import { conditionText } from './choosing.ts';
import type { LowerContext, Step } from './command.ts';
import { type LegacyExpression, parseCondition } from './condition.ts';
import type { LegacyCursor } from './cursor.ts';
import { stages } from './engine-text.ts';
import { type Bin, momentLiteral, readBin, textOfMoment } from './time-text.ts';

export interface ModelSyntax {
  readonly name: string;
  readonly nameSpan: Span;
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
    -readonly [K in Exclude<keyof ModelSyntax, 'name' | 'nameSpan' | 'condition' | 'time'>]: ModelSyntax[K];
  } = {
    from: null,
    to: null,
    size: null,
    share: null,
    field: null,
    bin: null,
  };
  let sampling = true;
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
      model = {
        name,
        nameSpan: { start: value.start, end: cursor.last.end },
        condition: null,
        time: cursor.sources.timeOf(name),
        ...options,
      };
    } else if (option === 'start_date') options.from = momentLiteral(cursor.text_(), span);
    else if (option === 'end_date') options.to = momentLiteral(cursor.text_(), span);
    else if (option === 'size') options.size = sizeOf(cursor);
    else if (option === 'sampling_rate') options.share = shareOf(cursor);
    else if (option === 'sampling') sampling = samplingOf(cursor);
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
  return { ...model, ...options, share: sampling ? options.share : null, condition };
}

function sizeOf(cursor: LegacyCursor): number {
  const token = cursor.peek();
  const size = cursor.whole();
  return size >= 0 ? size : cursor.failAt(token, 'a number of rows is expected', 'write `size = 100`');
}

function shareOf(cursor: LegacyCursor): number {
  const token = cursor.peek();
  const share = Number(cursor.number('a part of the rows'));
  return share > 0 && share <= 1
    ? share
    : cursor.failAt(token, 'a part of the rows is more than 0, and 1 at most', 'write `sampling_rate = 0.1`');
}

function samplingOf(cursor: LegacyCursor): boolean {
  const word = cursor.acceptWord('true', 'false');
  return word === null ? cursor.fail('True or False is expected') : word === 'true';
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

/** Returns a condition of ours on the column of dates: from the first moment on, and before the second; null: there is none. */
export function datesText(time: Column, { from, to }: Pick<ModelSyntax, 'from' | 'to'>): string | null {
  const conditions = [
    ...(from === null ? [] : [edgeText(time, from, '>=')]),
    ...(to === null ? [] : [edgeText(time, to, '<')]),
  ];
  return conditions.length === 0 ? null : conditions.join(' and ');
}

function edgeText({ name, type }: Column, literal: string, sign: '>=' | '<'): string {
  const moment = textOfMoment(literal);
  const column = quoteName(name);
  if (type.kind === 'timestamp') return `${column} ${sign} ${quoteText(moment)}`;
  if (type.kind === 'timestamptz') return `${column} ${sign} ${quoteText(`${moment}+00`)}`;
  if (type.kind === 'date') {
    // A date is its midnight: beside a later moment of the day it is the lesser one.
    const midnight = moment.endsWith(' 00:00:00');
    const shifted = sign === '>=' ? '>' : '<=';
    return `${column} ${midnight ? sign : shifted} ${quoteText(moment.slice(0, 10))}`;
  }
  const digits = `regexp_replace(cast(${column} as varchar), '\\D', '')`;
  return `(length(${digits}) >= 8 and rpad(${digits}, 14, '0') ${sign} ${quoteText(moment.replace(/\D/g, ''))})`;
}

/** The rows of the model that its options and its condition choose. */
export function modelSteps(
  model: ModelSyntax,
  context: LowerContext,
  time = timeColumn(context.columns, model.time),
): readonly Step[] {
  const steps: Step[] = [];
  const dates = time === null ? null : datesText(time, model);
  if (dates !== null) steps.push(stages(`where ${dates}`));
  if (model.condition !== null) steps.push(stages(`where ${conditionText(model.condition, context)}`));
  if (model.share !== null && model.share > 0 && model.share < 1)
    steps.push(stages(`sample ${model.share * 100}%`));
  if (model.size !== null) steps.push(stages(`head ${model.size}`));
  return steps;
}
