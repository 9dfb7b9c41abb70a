/** Unions, and SQL over the rows so far. */
import { QueryError, type Span } from '../../../core/protocol/errors.ts';
import { quoteName } from '../../dialects/quoting.ts';
import { commonType } from '../../types/rules.ts';
import type { WrittenName } from '../query-tree.ts';
import { command } from './command.ts';
import type { LegacyCursor } from './cursor.ts';
import { stages } from './engine-text.ts';
import { placed } from './text-places.ts';

interface Union {
  readonly all: boolean;
  readonly sql: string | null;
  readonly order: readonly { readonly name: WrittenName; readonly descending: boolean }[];
  readonly span: Span;
}

/** The SQL between two quotes, with its place. */
function quotedSql(text: string, start: number, end: number): string {
  const span = { start: start + 1, end: end - 1 };
  return placed(span, text.slice(span.start, span.end));
}

export const UNION = command<Union>({
  names: ['union'],
  form: 'union [ALL] M [ORDER BY c, ... [ASC|DESC]] | union sql "select ... from angora"',
  summary: 'Adds the rows of a model, by place; without ALL each row once.',
  parse(cursor: LegacyCursor) {
    const all = cursor.acceptWord('all') !== null;
    if (cursor.isWord('sql') && ['single', 'double'].includes(cursor.peek(1).kind)) {
      cursor.next();
      const { start, end } = cursor.next();
      return { all: true, sql: quotedSql(cursor.text, start, end), order: [], span: cursor.span };
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
      throw new QueryError(
        'wrong-type',
        `the columns cannot be united: there are ${names.length} here and ${right.length} in what is added`,
        {
          span,
          hint: 'choose as many on both sides with `fields`',
        },
      );
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
      return quotedSql(cursor.text, span.start, span.start + close + 1);
    }
    if (cursor.atEnd) cursor.fail('a SELECT is expected');
    const { text, span } = cursor.rest();
    return placed(span, text);
  },
  lower: (sql, { columns }) => {
    const names = columns.map(({ name }) => quoteName(name)).join(', ');
    return [stages(`sql (with angora as (select ${names} from input) select * from (${sql}))`)];
  },
});
