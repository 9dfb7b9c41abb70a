/** Joins. */

import { QueryError } from '../../../core/protocol/errors.ts';
import { didYouMean, suggest } from '../../../core/protocol/suggest.ts';
import type { Column } from '../../../core/protocol/types.ts';
import { quoteName } from '../../dialects/quoting.ts';
import { columnKey } from '../../types/column-key.ts';
import type { WrittenName } from '../query-tree.ts';
import { command, type LowerContext, type Step } from './command.ts';
import { type LegacyExpression, parseCondition } from './condition.ts';
import { type ExpressionScope, ownScope, writeExpression } from './condition-text.ts';
import { LegacyCursor, type Searched } from './cursor.ts';
import { stages } from './engine-text.ts';
import { MKDATA_FORM, rowsText } from './making.ts';
import { datesText, timeColumn } from './model-options.ts';
import { type LegacyOptions, readOptions } from './options.ts';
import { momentLiteral } from './time-text.ts';

type JoinType = 'inner' | 'cross' | 'full' | 'left' | 'right' | 'left_semi' | 'left_anti';

const TYPES: Readonly<Record<string, JoinType>> = {
  inner: 'inner',
  cross: 'cross',
  outer: 'full',
  full: 'full',
  full_outer: 'full',
  left: 'left',
  left_outer: 'left',
  right: 'right',
  right_outer: 'right',
  left_semi: 'left_semi',
  left_anti: 'left_anti',
};

interface Join {
  readonly type: JoinType;
  /** The text that is put before the names of the joined columns. */
  readonly prefix: string;
  /** The names of the joined rows in conditions. */
  readonly names: readonly string[];
  readonly on: LegacyExpression | null;
  /** Conditions on the joined rows alone. */
  readonly filter: LegacyExpression | null;
  /** The dates between which the joined rows are. */
  readonly dates?: Searched;
}

function joinType(cursor: LegacyCursor): JoinType | null {
  const word = cursor.acceptWord(...Object.keys(TYPES));
  return word === null ? null : TYPES[word]!;
}

function column(name: WrittenName, columns: readonly Column[]): Column | null {
  const exact = columns.find((candidate) => candidate.name === name.name);
  if (exact !== undefined || name.quoted) return exact ?? null;
  return columns.find((candidate) => columnKey(candidate.name) === columnKey(name.name)) ?? null;
}

/** The columns of both sides: those of the joined one stand behind its name, or where the input has none of that name. */
function bothSides({ names, type, prefix }: Join, context: LowerContext): ExpressionScope {
  const [right = []] = context.sides;
  const onlyLeft = type === 'left_semi' || type === 'left_anti';
  const both = (name: string): boolean =>
    onlyLeft && column({ name, quoted: true, span: context.span }, right) !== null;
  return {
    columns: context.columns,
    column(name, qualifier) {
      const own =
        qualifier === null || names.every((candidate) => columnKey(candidate) !== columnKey(qualifier));
      const found = own ? null : column(name, right);
      if (found !== null)
        return {
          column: found,
          sql: onlyLeft ? `${RIGHT}.${quoteName(found.name)}` : quoteName(`${prefix}_${found.name}`),
        };
      if (!own) throw unknownRight(name, right);
      const left = context.column(name);
      return { column: left, sql: `${both(left.name) ? 'left.' : ''}${quoteName(left.name)}` };
    },
  };
}

function unknownRight(name: WrittenName, right: readonly Column[]): QueryError {
  return new QueryError('unknown-column', `there is no column \`${name.name}\` in what is joined`, {
    span: name.span,
    hint: `it has ${right.map((own) => `\`${own.name}\``).join(', ')}`,
  });
}

/** The conditions on the joined rows alone, in their own names; empty: there is none. */
function rightFilter({ filter, dates }: Join, { sides }: LowerContext): string {
  const [right = []] = sides;
  const time = dates === undefined ? null : timeColumn(right, dates.time);
  const between = time === null ? null : datesText(time, dates!);
  const before = between === null ? '' : ` | where ${between}`;
  if (filter === null) return before;
  const scope = ownScope(
    right,
    (name) =>
      column(name, right) ??
      ((): never => {
        throw unknownRight(name, right);
      })(),
  );
  return `${before} | where ${writeExpression(filter, scope)}`;
}

const KINDS: Readonly<Record<JoinType, string>> = {
  inner: 'inner',
  cross: 'cross',
  full: 'full',
  left: 'left',
  right: 'right',
  left_semi: 'semi',
  left_anti: 'anti',
};

/** Renames what is joined before it is joined, so that no column comes from both sides. */
function lowerJoin(join: Join, context: LowerContext): readonly Step[] {
  const { type, prefix, on } = join;
  const [right = []] = context.sides;
  const joined = right.map(({ name }) => ({ name, as: `${prefix}_${name}` }));
  const onlyLeft = type === 'left_semi' || type === 'left_anti';
  const taken = joined.find(({ as }) =>
    context.columns.some(({ name }) => columnKey(name) === columnKey(as)),
  );
  if (taken !== undefined && !onlyLeft)
    throw new QueryError('duplicate-column', `both sides give a column \`${taken.as}\``, {
      span: context.span,
      hint: 'give what is joined another name: `AS other`',
    });
  const renamed = ` | rename ${joined.map(({ name, as }) => `${quoteName(name)} as ${quoteName(as)}`).join(', ')}`;
  const source = `(${quoteName(context.sideNames[0]!)}${rightFilter(join, context)}${onlyLeft ? '' : renamed})`;
  const condition = on === null ? null : writeExpression(on, bothSides(join, context));
  if (type === 'cross' || condition === null) {
    if (onlyLeft || (condition === null && type !== 'cross'))
      throw new QueryError('wrong-arguments', `\`${type}\` needs a condition`, {
        span: context.span,
        hint: `write a column of each side: \`A = ${join.names[0]}.A\``,
      });
    const crossed = stages(`join cross ${source} as ${RIGHT}`);
    return condition === null ? [crossed] : [crossed, stages(`where ${condition}`)];
  }
  return [stages(`join ${KINDS[type]} ${source} as ${RIGHT} on ${condition}`)];
}

/** The name of what is joined, in conditions of ours. */
const RIGHT = 'r';

/** Throws syntax when a word, a model and a column stand here: the word is meant to be a type. */
function refuseOtherType(cursor: LegacyCursor): void {
  const [word, model, column] = [cursor.peek(), cursor.peek(1), cursor.peek(2)];
  const known = ['as', 'on', 'not'].includes(model.text.toLowerCase());
  if (known || [word, model, column].some(({ kind }) => kind !== 'word')) return;
  const suggestions = suggest(word.text, Object.keys(TYPES));
  throw new QueryError('syntax', `there is no type of join \`${word.text}\``, {
    span: { start: word.start, end: word.end },
    hint: didYouMean(suggestions) ?? `write ${Object.keys(TYPES).join(', ').toUpperCase()}`,
    suggestions,
  });
}

export const JOIN = command<Join>({
  names: ['join'],
  form: 'join [type] M [AS a] [CONDITION]',
  summary: 'Joins with a model; its columns come as M_c. Without a type each row with each.',
  parse(cursor: LegacyCursor) {
    const type = joinType(cursor);
    if (type === null) refuseOtherType(cursor);
    const model = cursor.name('a model');
    cursor.sources.model(model.name, model.span);
    const alias = cursor.alias();
    cursor.acceptWord('on');
    const on = cursor.atEnd ? null : parseCondition(cursor);
    return {
      type: type ?? 'cross',
      prefix: alias ?? model.name,
      names: [alias ?? model.name],
      on,
      filter: null,
    };
  },
  lower: lowerJoin,
});

/** Dates and conditions side by side, in brackets behind the model; the dates of a model without a column for them say nothing. */
function mergeFilter(cursor: LegacyCursor, model: string): Pick<Join, 'filter' | 'dates'> {
  const dates: { from: string | null; to: string | null } = { from: null, to: null };
  const options = ['start_date', 'end_date', 'model_owner'];
  for (;;) {
    const option = cursor.isSign('=', 1) ? options.find((word) => cursor.isWord(word)) : undefined;
    if (option === undefined) break;
    cursor.next();
    cursor.next();
    const { start, end } = cursor.peek();
    const value = cursor.text_();
    if (option === 'start_date') dates.from = momentLiteral(value, { start, end });
    else if (option === 'end_date') dates.to = momentLiteral(value, { start, end });
  }
  const filter = cursor.isSign(')') ? null : parseCondition(cursor, true);
  return { filter, dates: { ...dates, time: cursor.sources.timeOf(model) } };
}

export const MERGE = command<Join>({
  names: ['merge'],
  form: 'merge [type] (M [c=v ...]) [AS a] [ON CONDITION]',
  summary: 'Joins with a model that is filtered first.',
  parse(cursor: LegacyCursor) {
    const type = joinType(cursor);
    cursor.expectSign('(');
    const model = cursor.name('a model');
    cursor.sources.model(model.name, model.span);
    const filtered = mergeFilter(cursor, model.name);
    cursor.expectSign(')');
    const alias = cursor.alias();
    const on = cursor.acceptWord('on') === null ? null : parseCondition(cursor);
    const usual = on === null ? 'cross' : 'inner';
    return {
      type: type ?? usual,
      prefix: alias ?? model.name,
      names: [alias ?? model.name],
      on,
      ...filtered,
    };
  },
  lower: lowerJoin,
});

function optionJoin(
  name: string,
  form: string,
  source: (options: LegacyOptions, cursor: LegacyCursor) => void,
) {
  return command<Join>({
    names: [name],
    form,
    summary: 'Joins with other rows; their columns come as alias_c.',
    parse(cursor: LegacyCursor) {
      const options = readOptions(cursor);
      const alias = options.needed('alias_table_name').text;
      const type = options.get('join_type');
      const join = TYPES[(type?.text ?? 'inner').toLowerCase()];
      if (join === undefined)
        cursor.failAt(type!.span, `there is no join_type \`${type!.text}\``, 'left, right or inner');
      source(options, cursor);
      const query = options.needed('join_query');
      const on = parseCondition(
        new LegacyCursor(cursor.text, query.span, query.span.start, form, cursor.sources),
      );
      options.refuseOthers();
      return { type: join, prefix: alias, names: [alias], on, filter: null };
    },
    lower: lowerJoin,
  });
}

const OPTIONS = "alias_table_name='a' join_type='left|right|inner' join_query='k = a.k'";

export const JOIN_DB = optionJoin(
  'join_db',
  `join_db connector_name='c' sql='select ...' ${OPTIONS}`,
  (options, cursor) => {
    const { text, span } = options.needed('sql');
    cursor.sources.sql(options.connection(cursor.sources), text, span);
  },
);

export const JOIN_MKDATA = optionJoin(
  'join_mkdata',
  `join_mkdata mkdata='[[..]] [..]' ${OPTIONS}`,
  (options, cursor) => {
    const { span } = options.needed('mkdata');
    cursor.sources.sql(
      null,
      rowsText(new LegacyCursor(cursor.text, span, span.start, MKDATA_FORM, cursor.sources)),
      span,
    );
  },
);

export const JOIN_MODEL = optionJoin('join_model', `join_model name='M' ${OPTIONS}`, (options, cursor) => {
  const { text, span } = options.needed('name');
  options.get('owner');
  cursor.sources.model(text, span);
});
