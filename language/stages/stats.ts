/**
 * `stats aggregate [where condition] [as name], ... [by expression [as name], ...]`: one row a group, first the
 * `by` columns, then the aggregates. Null is a group like any other. Without `by` there is exactly one row.
 */
import { QueryError, type Span } from '../../workers/errors.ts';
import type { Expression } from '../ast.ts';
import type { Cursor } from '../cursor.ts';
import { parseExpression } from '../expression-parser.ts';
import { defaultName, parseName } from '../names.ts';
import type { NamedValue } from '../relation.ts';
import { columnTypeOfResult, resolveCondition, resolveExpression } from '../resolve-expression.ts';
import { refuseDuplicates, type Scope } from '../scope.ts';
import { NOT_PLACED_YET, type ResolvedStage, type StageDefinition } from '../stage.ts';
import { collectColumns, hasAggregate, type Typed } from '../typed.ts';

interface Item {
  readonly value: Expression;
  readonly where: Expression | null;
  readonly name: string | null;
  readonly span: Span;
}

interface Syntax {
  readonly aggregates: readonly Item[];
  readonly by: readonly Item[];
}

interface Resolved extends ResolvedStage {
  readonly keys: readonly NamedValue[];
  readonly values: readonly NamedValue[];
}

function parseItem(cursor: Cursor, filtered: boolean): Item {
  const start = cursor.peek().start;
  const value = parseExpression(cursor);
  const where = filtered && cursor.acceptWord('where') !== null ? parseExpression(cursor) : null;
  const name = cursor.acceptWord('as') === null ? null : parseName(cursor, 'a name').name;
  return { value, where, name, span: cursor.spanFrom(start) };
}

function parseItems(cursor: Cursor, filtered: boolean): readonly Item[] {
  const items: Item[] = [];
  do items.push(parseItem(cursor, filtered));
  while (cursor.acceptSymbol(',') !== null);
  return items;
}

function resolveKey(item: Item, scope: Scope): NamedValue {
  const value = resolveExpression(item.value, scope);
  if (value.type.kind === 'json')
    throw new QueryError('wrong-type', 'json cannot be grouped by', {
      span: item.span,
      hint: 'group by its text: `by cast(x as string)`',
    });
  return { name: item.name ?? (value.kind === 'column' ? value.name : nameOf(item, scope)), value };
}

function nameOf(item: Item, scope: Scope): string {
  return defaultName(scope.text.slice(item.value.span.start, item.value.span.end));
}

function resolveAggregate(item: Item, scope: Scope): NamedValue {
  refuseNameBefore(item.value, scope);
  const value = resolveExpression(item.value, scope, 'outside');
  if (!hasAggregate(value))
    throw new QueryError('misplaced-aggregate', 'there is no aggregate in this', {
      span: item.span,
      hint: 'write `count()`, `sum(x)`, `avg(x)` or the like; what to group by stands after `by`',
    });
  const name = item.name ?? nameOf(item, scope);
  if (item.where === null) return { name, value };
  return {
    name,
    value: withFilter(value, resolveCondition(item.where, scope, 'what follows `where`', 'none')),
  };
}

/** `n = count()` would be a comparison with the column n, which nobody means. */
function refuseNameBefore(value: Expression, scope: Scope): void {
  if (value.kind !== 'call' || value.name !== '=' || value.args[0]?.kind !== 'name') return;
  const [name, aggregate] = value.args.map((arg) => scope.text.slice(arg.span.start, arg.span.end));
  throw new QueryError('syntax', 'names stand behind aggregates, not before', {
    span: value.span,
    hint: `write \`${aggregate} as ${name}\``,
  });
}

/** Every aggregate in `value` sees only the rows for which `filter` is true. */
function withFilter(value: Typed, filter: Typed): Typed {
  if (value.kind !== 'call') return value;
  if (value.aggregate !== null) return { ...value, aggregate: { ...value.aggregate, filter } };
  return { ...value, args: value.args.map((arg) => withFilter(arg, filter)) };
}

export const stage: StageDefinition<Syntax, Resolved> = {
  name: 'stats',
  aliases: ['summarize', 'aggregate'],
  docs: {
    syntax: 'stats aggregate [where condition] [as name], ... [by expression [as name], ...]',
    summary: 'One row for each group, with aggregates over its rows. Ends the order of rows.',
    examples: [
      { text: 'stats count() as flights, avg(delay) as mean by origin', summary: 'a row for each origin' },
      {
        text: 'stats count() where delay > 60 as late, p95(delay) by bin(date, 1mon) as month',
        summary: 'only some of the rows; grouped by month',
      },
    ],
  },
  parse(cursor) {
    if (cursor.isWord('by') || cursor.atStageEnd())
      cursor.fail('`stats` needs an aggregate', 'write `stats count()`');
    const aggregates = parseItems(cursor, true);
    return { aggregates, by: cursor.acceptWord('by') === null ? [] : parseItems(cursor, false) };
  },
  resolve(syntax, input) {
    const keys = syntax.by.map((item) => resolveKey(item, input));
    const values = syntax.aggregates.map((item) => resolveAggregate(item, input));
    const items = [...syntax.by, ...syntax.aggregates];
    const columns = [...keys, ...values].map(({ name, value }) => ({
      name,
      type: columnTypeOfResult(value, name),
    }));
    refuseDuplicates(
      columns,
      (index) => items[index]!.span,
      () => 'give one of them another name with `as`',
    );
    return { columns, keys, values };
  },
  columnsUsed({ keys, values }) {
    const used = new Set<string>();
    for (const { value } of [...keys, ...values]) collectColumns(value, used);
    return used;
  },
  emit: ({ keys, values }, relation) => relation.aggregate(keys, values),
  exactInPostgres: () => NOT_PLACED_YET,
};
