/**
 * `join [kind] source [as name] on condition or columns`: each row beside the rows of another query for which the
 * condition is true. Null is equal to nothing. The order of the rows holds; the matches of one row come in any order, and
 * rows of the source that match none (`right`, `full`) last.
 */

import { QueryError, type Span } from '../../core/protocol/errors.ts';
import { STAGE_LIMITS, stageLimit } from '../../core/protocol/stage-limits.ts';
import type { Column } from '../../core/protocol/types.ts';
import { STAGE_ENGINE } from '../dialects/registry.ts';
import type { Cursor } from '../frontends/forkline/cursor.ts';
import { parseExpression } from '../frontends/forkline/expression-parser.ts';
import { parseName } from '../frontends/forkline/names.ts';
import type { Expression, QueryNode, WrittenName } from '../frontends/query-tree.ts';
import { unify } from '../functions/kit/coerce.ts';
import { resolveCondition } from '../resolve/expression.ts';
import type { ResolvedStage } from '../resolve/graph.ts';
import { findColumn, getColumn, type Scope, unknownColumn } from '../resolve/scope.ts';
import { columnValue, keepColumns, ownCall } from '../select/own-values.ts';
import type { JoinKind, NamedValue, Relation } from '../select/relation.ts';
import { collectColumns, type Typed, valueType } from '../types/typed.ts';
import { equalKeys } from './kit/equal-keys.ts';
import { exactIf } from './kit/exactness.ts';
import { type JoinedColumns, joinColumns, leftNames, sourceNames } from './kit/join-columns.ts';
import type { StageDefinition } from './kit/stage.ts';

type Kind = JoinKind | 'semi' | 'anti';

/** The parsed arguments of the stage. */
export interface Syntax {
  readonly kind: Kind;
  readonly source: QueryNode;
  readonly alias: WrittenName | null;
  /** Columns of both sides, or a condition; null: `cross`. */
  readonly on: { readonly keys: readonly WrittenName[] } | { readonly condition: Expression } | null;
}

interface Resolved extends ResolvedStage {
  readonly kind: Kind;
  readonly joined: JoinedColumns;
  readonly on: Typed | null;
  /** Columns made of both sides' keys. */
  readonly merged: readonly NamedValue[];
  /** SQL that raises the error for too many rows; null: it cannot be a product of its sides. */
  readonly tooMany: string | null;
}

const KINDS: readonly Kind[] = ['inner', 'left', 'right', 'full', 'semi', 'anti', 'cross'];
const EXAMPLE = 'write `join (select * from airports) as a on origin = a.iata`';

function parseKind(cursor: Cursor): Kind {
  const kind = KINDS.find((candidate) => cursor.isWord(candidate));
  if (kind !== undefined) cursor.next();
  if (cursor.isWord('outer')) cursor.refuse('`outer` is not needed', `write \`join ${kind ?? 'left'} ...\``);
  if (cursor.isWord('type', 'kind') && cursor.peek(1).text === '=')
    cursor.refuse('`join` has no options', 'the kind stands alone: `join left (...) on ...`');
  return kind ?? 'inner';
}

function parseAlias(cursor: Cursor): WrittenName | null {
  const next = cursor.peek();
  if (next.kind === 'word' && cursor.peek(1).lower === 'on')
    cursor.refuse('`as` is missing before the name of the source', `write \`as ${next.text} on ...\``);
  if (cursor.acceptWord('as') === null) return null;
  const alias = parseName(cursor, 'a name');
  if (alias.name.toLowerCase() !== 'left') return alias;
  throw new QueryError('syntax', '`left` is what the rows so far are called', {
    span: alias.span,
    hint: 'choose another name',
  });
}

function parseOn(cursor: Cursor, kind: Kind): Syntax['on'] {
  if (kind === 'cross') {
    if (cursor.isWord('on')) cursor.refuse('`join cross` has no `on`', 'for a condition leave `cross` away');
    return null;
  }
  if (cursor.acceptWord('on') === null)
    cursor.fail(
      '`join` needs `on`',
      'write `on a.id = b.id`, or `on id` for a column of both; for all pairs, `join cross`',
    );
  if (cursor.atStageEnd()) cursor.fail('a condition is missing after `on`', EXAMPLE);
  const first = parseExpression(cursor);
  if (cursor.isWord('as'))
    cursor.refuse('the name of the source stands before `on`', 'write `join (...) as a on ...`');
  if (first.kind !== 'name' || first.qualifier !== undefined) return { condition: first };
  const keys: WrittenName[] = [first];
  while (cursor.acceptSymbol(',') !== null) keys.push(parseName(cursor, 'a column of both sides'));
  return { keys };
}

/** Columns that `on` reads, on each side. */
function sidesOf(on: Typed, { renamed }: JoinedColumns): { left: number; right: number } {
  const used = new Set<string>();
  collectColumns(on, used);
  return { left: leftNames(renamed, used).size, right: sourceNames(renamed, used).size };
}

function refuseOneSided(on: Typed, joined: JoinedColumns, span: Span): void {
  const { left, right } = sidesOf(on, joined);
  if (left > 0 && right > 0) return;
  const missing = left === 0 ? 'the rows so far' : 'the source';
  throw new QueryError('wrong-arguments', `this condition says nothing about ${missing}`, {
    span,
    hint: `name a column of each side: \`on left.id = ${joined.right.names[0]}.id\`; for all pairs, \`join cross\``,
  });
}

/** Some part of it compares one side with the other for equality: then it is no product of them. */
function hasEquality(on: Typed, joined: JoinedColumns): boolean {
  if (on.kind !== 'call') return false;
  if (on.key === 'and') return on.args.some((part) => hasEquality(part, joined));
  if (on.key !== '=') return false;
  const [a, b] = on.args.map((arg) => sidesOf(arg, joined));
  return (
    (a!.left > 0 && a!.right === 0 && b!.left === 0) || (a!.right > 0 && a!.left === 0 && b!.right === 0)
  );
}

function tooMany({ stage }: Scope, span: Span): string {
  return STAGE_ENGINE.raise({
    code: 'result-too-large',
    message: `this \`join\` makes more than ${STAGE_LIMITS.crossRows} rows`,
    span,
    stage,
    hint: 'filter or aggregate both sides before, or join by a column that is equal',
    limit: stageLimit('crossRows'),
  });
}

/** Merges each pair of keys: a row of the source that stands alone has no value on the left, and gives its own. */
function mergedKeys(pairs: readonly (readonly [Column, Column])[]): readonly NamedValue[] {
  return pairs.map(([left, right]) => {
    const { type, args } = unify([columnValue(left), columnValue(right)], () => {
      throw new Error('keys that were compared have a common type');
    });
    return { name: left.name, value: ownCall(type, args, 'own/merged key') };
  });
}

function withTypes(columns: readonly Column[], values: readonly NamedValue[]): readonly Column[] {
  return columns.map((column) => {
    const value = values.find(({ name }) => name === column.name)?.value;
    return value === undefined ? column : { ...column, type: valueType(value.type) };
  });
}

function columnOfSource(source: Scope, key: WrittenName): Column {
  return findColumn(source, key) ?? unknownColumn(source, key, 'in the source');
}

function resolve(syntax: Syntax, input: Scope, span: Span, right: readonly Column[]): Resolved {
  const { kind, on: written, source, alias } = syntax;
  const keys = written !== null && 'keys' in written ? written.keys : [];
  const inSource = { ...input, columns: right };
  const joined = joinColumns(input.columns, right, {
    alias: alias?.name ?? null,
    source: 'name' in source.source && source.stages.length === 0 ? source.source.name : null,
    keys: new Set(keys.map((key) => columnOfSource(inSource, key).name)),
    leftOnly: kind === 'semi' || kind === 'anti',
    span: alias?.span ?? source.span,
  });
  if (written === null)
    return { columns: joined.columns, kind, joined, on: null, merged: [], tooMany: tooMany(input, span) };
  const sides = [joined.left, joined.right];
  const scope = {
    ...input,
    columns: sides.flatMap((side) => side.columns.map(({ column }) => column)),
    sides,
  };
  const condition =
    'keys' in written ? equalKeys(written.keys.map((key) => ({ left: key, right: key }))) : written.condition;
  const on = resolveCondition(condition, scope, 'what follows `on`');
  refuseOneSided(on, joined, condition.span);
  const outer = kind === 'right' || kind === 'full';
  const pairs = keys.map(
    (key) =>
      [
        getColumn(scope, key, { ...key, name: 'left' }),
        getColumn(scope, key, { ...key, name: 'right' }),
      ] as const,
  );
  const merged = outer ? mergedKeys(pairs) : [];
  const columns = withTypes(joined.columns, merged);
  return {
    columns,
    kind,
    joined,
    on,
    merged,
    tooMany: hasEquality(on, joined) ? null : tooMany(input, condition.span),
  };
}

/** Wide names that it needs when `wanted` is used after it. */
function wideUsed({ on, merged }: Resolved, wanted: ReadonlySet<string>): ReadonlySet<string> {
  const used = new Set(wanted);
  if (on !== null) collectColumns(on, used);
  for (const { name, value } of merged) if (wanted.has(name)) collectColumns(value, used);
  return used;
}

function emit(
  { columns, kind, joined, on, merged, tooMany: error }: Resolved,
  left: Relation,
  right: Relation,
): Relation {
  const { renamed } = joined;
  if (kind === 'semi' || kind === 'anti') return left.whereExists(kind === 'semi', right, renamed, on!);
  const all = left.join(kind, right, renamed, on);
  const rows = error === null ? all : all.atMost(STAGE_LIMITS.crossRows, error);
  return merged
    .reduce((sofar, { name, value }) => sofar.assign(name, value), rows)
    .project(keepColumns(columns));
}

export const stage: StageDefinition<Syntax, Resolved> = {
  name: 'join',
  aliases: [],
  docs: {
    syntax:
      'join [inner/left/right/full/semi/anti] source [as name] on condition\njoin [inner/left/right/full/semi/anti] source [as name] on column, ...\njoin cross source [as name]',
    summary:
      'Beside each row the rows of another query for which the condition is true. `left`, `right` and `full` keep rows of that side without any; `semi` and `anti` only choose rows; `cross` takes all pairs. Keeps the order of the rows.',
    notes:
      'All matches come out; null is equal to nothing. In the condition, `left.x` is a column of the rows so far and `a.x` (or `right.x`, or the name of a `let`) one of the source; a name that only one side has needs neither. A name that both have comes out once when it stands after `on` alone; else it is an error, or `a_x` when the source was given a name. With `right` and `full` a column after `on` is that of either side. The matches of one row come in any order, rows of the source without a match last. A condition says something about both sides; one without an equality between them, like `cross`, makes at most 10,000,000 rows (`crossRows`).',
    examples: [
      {
        text: 'join (select iata, city from airports) as a on origin = a.iata',
        summary: 'inner: flights from an airport that is known',
      },
      {
        text: 'join left (select * from airports | fields iata, city | rename iata as dest) on dest',
        summary: 'by a column that both have: it comes out once',
      },
      {
        text: 'join anti (select * from airports) on origin = iata',
        summary: 'flights from nowhere that is known',
      },
    ],
  },
  parse(cursor) {
    const kind = parseKind(cursor);
    if (cursor.atStageEnd()) cursor.fail('`join` needs a source', EXAMPLE);
    const source = cursor.source();
    const alias = parseAlias(cursor);
    return { kind, source, alias, on: parseOn(cursor, kind) };
  },
  resolve: (syntax, input, span, [right]) => resolve(syntax, input, span, right!),
  columnsUsed: (resolved, wanted) => leftNames(resolved.joined.renamed, wideUsed(resolved, wanted)),
  sourcesUsed: (resolved, wanted) => [sourceNames(resolved.joined.renamed, wideUsed(resolved, wanted))],
  emit: (resolved, relation, [right]) => emit(resolved, relation, right!),
  exactIn: ({ on, merged, tooMany: error }, dialect) =>
    error === null
      ? exactIf([...(on === null ? [] : [on]), ...merged.map(({ value }) => value)], dialect)
      : { exact: false, why: 'how many rows a product has is limited by a worker' },
  computes: ({ on }) => (on === null ? [] : [on]),
};
