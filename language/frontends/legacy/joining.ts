/** Joins and unions. */

import type { Span } from '../../../core/protocol/errors.ts';
import { QueryError } from '../../../core/protocol/errors.ts';
import type { Column } from '../../../core/protocol/types.ts';
import { quoteName } from '../../dialects/quoting.ts';
import { columnKey } from '../../types/column-key.ts';
import { commonType } from '../../types/rules.ts';
import type { WrittenName } from '../query-tree.ts';
import { command, type LowerContext, type Step } from './command.ts';
import { type LegacyExpression, parseCondition } from './condition.ts';
import { type ExpressionScope, ownScope, writeExpression } from './condition-text.ts';
import { LegacyCursor } from './cursor.ts';
import { stages } from './engine-text.ts';
import { rowsText } from './making.ts';
import { type LegacyOptions, readOptions } from './options.ts';

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
  const both = (name: string): boolean => onlyLeft && column({ name, quoted: true, span: context.span }, right) !== null;
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

/** The condition on the joined rows alone, in their own names; empty: there is none. */
function rightFilter({ filter }: Join, { sides }: LowerContext): string {
  if (filter === null) return '';
  const [right = []] = sides;
  const scope = ownScope(
    right,
    (name) =>
      column(name, right) ??
      ((): never => {
        throw unknownRight(name, right);
      })(),
  );
  return ` | where ${writeExpression(filter, scope)}`;
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

/** What is joined has other names than the rows so far before it is joined, so that no column comes from both sides. */
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

export const JOIN = command<Join>({
  names: ['join'],
  form: 'join [type] M [AS a] [CONDITION]',
  summary: 'Joins with a model; its columns come as M_c. Without a type each row with each.',
  parse(cursor: LegacyCursor) {
    const type = joinType(cursor);
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

/** Conditions side by side, in brackets behind the model; the dates of a model without a column for them say nothing. */
function mergeFilter(cursor: LegacyCursor): LegacyExpression | null {
  while (['start_date', 'end_date', 'model_owner'].some((word) => cursor.isWord(word))) {
    cursor.next();
    cursor.expectSign('=');
    cursor.next();
  }
  return cursor.isSign(')') ? null : parseCondition(cursor, true);
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
    const filter = mergeFilter(cursor);
    cursor.expectSign(')');
    const alias = cursor.alias();
    const on = cursor.acceptWord('on') === null ? null : parseCondition(cursor);
    const usual = on === null ? 'cross' : 'inner';
    return { type: type ?? usual, prefix: alias ?? model.name, names: [alias ?? model.name], on, filter };
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
      rowsText(new LegacyCursor(cursor.text, span, span.start, 'mkdata ...', cursor.sources)),
      span,
    );
  },
);

export const JOIN_MODEL = optionJoin('join_model', `join_model name='M' ${OPTIONS}`, (options, cursor) => {
  const { text, span } = options.needed('name');
  options.get('owner');
  cursor.sources.model(text, span);
});

interface Union {
  readonly all: boolean;
  readonly sql: string | null;
  readonly order: readonly { readonly name: WrittenName; readonly descending: boolean }[];
  readonly span: Span;
}

export const UNION = command<Union>({
  names: ['union'],
  form: 'union [ALL] M [ORDER BY c, ... [ASC|DESC]] | union sql "select ... from angora"',
  summary: 'Adds the rows of a model, by place; without ALL each row once.',
  parse(cursor: LegacyCursor) {
    const all = cursor.acceptWord('all') !== null;
    if (cursor.isWord('sql') && ['single', 'double'].includes(cursor.peek(1).kind)) {
      cursor.next();
      return { all: true, sql: cursor.next().text, order: [], span: cursor.span };
    }
    const model = cursor.name('a model');
    cursor.sources.model(model.name, model.span);
    const order: { name: WrittenName; descending: boolean }[] = [];
    if (cursor.acceptWord('order') !== null) {
      cursor.expectWord('by');
      do order.push({ name: cursor.name(), descending: false });
      while (cursor.acceptSign(','));
      if (cursor.acceptWord('asc', 'desc') === 'desc') for (const item of order) item.descending = true;
    }
    return { all, sql: null, order, span: model.span };
  },
  lower({ all, sql, order, span }, context) {
    const names = context.columns.map(({ name }) => quoteName(name));
    if (sql !== null)
      return [
        // The user's own SQL goes by the stage `sql`, whose guards it then has.
        stages(
          `sql (with angora as (select ${names.join(', ')} from input) select * from angora union all (${sql}))`,
        ),
      ];
    const [right = []] = context.sides;
    if (right.length !== names.length)
      throw new QueryError('wrong-type', `${names.length} columns cannot be united with ${right.length}`, {
        span,
        hint: 'choose as many on both sides with `fields`',
      });
    const renamed = right
      .map(({ name }, index) => ({ name, as: context.columns[index]!.name }))
      .filter(({ name, as }) => name !== as)
      .map(({ name, as }) => `${quoteName(name)} as ${quoteName(as)}`);
    const rename = renamed.length === 0 ? '' : ` | rename ${renamed.join(', ')}`;
    const casts = context.columns
      .filter(({ type }, index) => commonType(type, right[index]!.type) === null)
      .map(({ name }) => `${quoteName(name)} as string`);
    const cast = casts.length === 0 ? '' : `cast ${casts.join(', ')}`;
    const source = `(${quoteName(context.sideNames[0]!)}${rename}${cast === '' ? '' : ` | ${cast}`})`;
    const both = `${cast === '' ? '' : `${cast} | `}union ${all ? '' : 'distinct '}${source}`;
    const keys = order.map(({ name, descending }) => {
      const sorted = quoteName(context.column(name).name);
      return descending ? `${sorted} desc nulls last` : `${sorted} asc nulls first`;
    });
    return keys.length === 0 ? [stages(both)] : [stages(both), stages(`sort ${keys.join(', ')}`)];
  },
});

export const SQL = command<string>({
  names: ['sql'],
  form: 'sql "select ... from angora"',
  summary: "SQL over the rows so far, which it reads as `angora`; it is the stage engine's SQL.",
  parse(cursor: LegacyCursor) {
    if (['single', 'double'].includes(cursor.peek().kind)) {
      const { text, span } = cursor.rest();
      const close = text.lastIndexOf(text[0]!);
      if (text.slice(close + 1).trim() !== '') cursor.failAt(span, 'nothing stands behind the SQL');
      return text.slice(1, close).trim();
    }
    return cursor.rest().text;
  },
  lower: (sql, { columns }) => {
    const names = columns.map(({ name }) => quoteName(name)).join(', ');
    return [stages(`sql (with angora as (select ${names} from input) select * from (${sql}))`)];
  },
});
