/**
 * `lookup source key [as local], ... [output column [as name], ...]`: columns of another query, found by keys. Every row
 * stays, once and in its place: one whose key is not found, or null, gets nulls; one that would find two rows is an error
 * that names the key. A key that is there twice and that no row asks for does no harm.
 */
import { QueryError, type Span, type WireError } from '../../core/protocol/errors.ts';
import type { Column } from '../../core/protocol/types.ts';
import type { SourceDialect } from '../dialects/dialect.ts';
import type { Cursor } from '../frontends/forkline/cursor.ts';
import { parseName } from '../frontends/forkline/names.ts';
import type { QueryNode, WrittenName } from '../frontends/query-tree.ts';
import { resolveCondition } from '../resolve/expression.ts';
import type { ResolvedStage } from '../resolve/graph.ts';
import { findColumn, getColumn, type Scope, unknownColumn } from '../resolve/scope.ts';
import { columnValue, countRows, keepColumns, ownAggregate, ownCall } from '../select/own-values.ts';
import type { Relation } from '../select/relation.ts';
import { BOOL, INT64, STRING } from '../types/rules.ts';
import { collectColumns, type Typed } from '../types/typed.ts';
import { equalKeys } from './kit/equal-keys.ts';
import { exactAll, exactColumns, exactIf, exactKeys } from './kit/exactness.ts';
import { type JoinedColumns, joinColumns, leftNames, sourceNames } from './kit/join-columns.ts';
import type { Exactness, StageDefinition } from './kit/stage.ts';

interface Pair {
  /** The column's name in the source. */
  readonly name: WrittenName;
  /** For a key, the column of the input that it is compared with; for an output, its name in the result. */
  readonly as: WrittenName;
}

/** The parsed arguments of the stage. */
export interface Syntax {
  readonly source: QueryNode;
  readonly keys: readonly Pair[];
  /** The columns that are added; null: all of the source but the keys. */
  readonly outputs: readonly Pair[] | null;
}

interface Resolved extends ResolvedStage {
  readonly keys: readonly Column[];
  readonly outputs: readonly { readonly column: Column; readonly as: string }[];
  /** `columns` of the source are its keys and then its outputs, under their new names. */
  readonly joined: JoinedColumns;
  readonly on: Typed;
  readonly stage: Scope['stage'];
  readonly span: Span;
}

const EXAMPLE = 'write `lookup (select * from airports) iata as origin output city`';
/** Characters of each value of a key in an error. */
const MAX_KEY_SHOWN = 100;
const COUNT: Column = { name: 'matches', type: INT64 };

function parsePairs(cursor: Cursor, what: string): readonly Pair[] {
  const pairs: Pair[] = [];
  do {
    const name = parseName(cursor, what);
    pairs.push({ name, as: cursor.acceptWord('as') === null ? name : parseName(cursor, 'a column') });
  } while (cursor.acceptSymbol(',') !== null);
  return pairs;
}

function parse(cursor: Cursor): Syntax {
  if (cursor.atStageEnd()) cursor.fail('`lookup` needs a source', EXAMPLE);
  const source = cursor.source();
  if (cursor.isWord('on')) cursor.refuse('`lookup` has no `on`', `name the key: ${EXAMPLE.slice(6)}`);
  if (cursor.atStageEnd() || cursor.isWord('output'))
    cursor.fail('the key of the source is missing', EXAMPLE);
  const keys = parsePairs(cursor, 'the key of the source');
  if (cursor.isWord('outputnew')) cursor.refuse('`outputnew` has no meaning here', 'write `output`');
  if (cursor.acceptWord('output') === null) return { source, keys, outputs: null };
  return { source, keys, outputs: parsePairs(cursor, 'a column of the source') };
}

function columnOfSource(source: Scope, name: WrittenName): Column {
  return findColumn(source, name) ?? unknownColumn(source, name, 'in the source');
}

function outputsOf(syntax: Syntax, source: Scope, keys: readonly Column[]): Resolved['outputs'] {
  if (syntax.outputs !== null)
    return syntax.outputs.map(({ name, as }) => {
      const column = columnOfSource(source, name);
      return { column, as: as === name ? column.name : as.name };
    });
  const others = source.columns.filter((column) => !keys.includes(column));
  return others.map((column) => ({ column, as: column.name }));
}

function refuseClash(outputs: Resolved['outputs'], syntax: Syntax, input: Scope, span: Span): void {
  const taken = new Map(input.columns.map(({ name }) => [name.toLowerCase(), name]));
  for (const [index, { column, as }] of outputs.entries()) {
    if (taken.has(as.toLowerCase()))
      throw new QueryError('duplicate-column', `there is a column \`${as}\` already`, {
        span: syntax.outputs?.[index]?.as.span ?? span,
        hint: `give the new one another name: \`output ${column.name} as ${as}_2\``,
      });
    taken.set(as.toLowerCase(), as);
  }
}

function resolve(syntax: Syntax, input: Scope, span: Span, right: readonly Column[]): Resolved {
  const source = { ...input, columns: right };
  const keys = syntax.keys.map(({ name }) => columnOfSource(source, name));
  for (const { as } of syntax.keys) getColumn(input, as);
  const outputs = outputsOf(syntax, source, keys);
  refuseClash(outputs, syntax, input, span);
  const hidden = joinColumns(input.columns, right, {
    alias: null,
    source: null,
    keys: new Set(),
    leftOnly: true,
    span,
  });
  const sides = [hidden.left, hidden.right];
  const columns = sides.flatMap((side) => side.columns.map(({ column }) => column));
  const condition = equalKeys(syntax.keys.map(({ name, as }) => ({ left: as, right: name })));
  const on = resolveCondition(condition, { ...input, columns, sides }, 'the key');
  const added = outputs.map(({ column, as }) => ({ ...column, name: as }));
  const at = { start: syntax.keys[0]!.name.span.start, end: syntax.keys.at(-1)!.as.span.end };
  return {
    columns: [...input.columns, ...added],
    keys,
    outputs,
    joined: hidden,
    on,
    stage: input.stage,
    span: at,
  };
}

/** The name that a column of the source has while joining. */
function wideName({ joined }: Resolved, { name }: Column): string {
  return joined.renamed.find((renamed) => renamed.name === name)!.as;
}

function emit(resolved: Resolved, relation: Relation, source: Relation): Relation {
  const { keys, outputs, joined, on, columns } = resolved;
  const wanted = [...new Set(outputs.map(({ column }) => column))].filter(({ name }) => source.has(name));
  const others = wanted.filter((column) => !keys.includes(column));
  const counted = { ...COUNT, name: source.freeName(COUNT.name) };
  const grouped = source.aggregate(
    keys.map((column) => ({ name: column.name, value: columnValue(column) })),
    [
      { name: counted.name, value: countRows() },
      ...others.map((column) => ({
        name: column.name,
        value: anyOf(column),
      })),
    ],
  );
  const count = { ...COUNT, name: relation.freeName('matches') };
  const renamed = [...joined.renamed, { name: counted.name, as: count.name }];
  const [twice, checked] = [relation.freeName('twice'), relation.freeName('checked')];
  const found = relation
    .join('left', grouped, renamed, on)
    .window([{ name: twice, value: keyFoundTwice(resolved, count) }], {
      partition: [],
      keys: [],
      rows: 'all',
    })
    .assign(checked, refusal(resolved, twice))
    .check(columnValue({ name: checked, type: BOOL }));
  const read = wanted.map((column) => ({ ...column, name: wideName(resolved, column) }));
  // A later filter on what was found may be tested before ours: the values themselves must not escape.
  const safe = read.reduce((sofar, column) => sofar.assign(column.name, ifChecked(checked, column)), found);
  return safe.project([
    ...keepColumns(columns.slice(0, columns.length - outputs.length)),
    ...outputs.map(({ column, as }) => ({ name: wideName(resolved, column), as })),
  ]);
}

/** The value of any row of a group; those of one row are meant. */
function anyOf(column: Column): Typed {
  return ownAggregate(column.type, [columnValue(column)], 'first');
}

function ifChecked(checked: string, column: Column): Typed {
  const args = [columnValue({ name: checked, type: BOOL }), columnValue(column)];
  return ownCall(column.type, args, 'case');
}

/** The least key, as text, of the rows that find more than one; null: there is none. */
function keyFoundTwice(resolved: Resolved, count: Column): Typed {
  const keys = resolved.keys.map((key) => columnValue({ ...key, name: wideName(resolved, key) }));
  return ownAggregate(STRING, [columnValue(count), ...keys], 'own/key found twice', [String(MAX_KEY_SHOWN)]);
}

/** True where `twice` is null. */
function refusal({ keys, stage, span }: Resolved, twice: string): Typed {
  const names = keys.map(({ name }) => name).join(', ');
  const hint = `keep one of them: \`(... | dedup ${names})\``;
  const before = `the source has several rows for \`${names}\` = `;
  const error: Omit<WireError, 'message'> = { code: 'bad-value', span, stage, hint };
  const constants = [JSON.stringify(error), before];
  return ownCall(BOOL, [columnValue({ name: twice, type: STRING })], 'own/refuse key', constants);
}

function wideUsed(resolved: Resolved, wanted: ReadonlySet<string>): ReadonlySet<string> {
  const used = new Set<string>();
  collectColumns(resolved.on, used);
  const outputs = resolved.outputs.filter(({ as }) => wanted.has(as));
  for (const { column } of outputs) used.add(wideName(resolved, column));
  return used;
}

function exactIn({ keys, outputs, on }: Resolved, dialect: SourceDialect): Exactness {
  const { title } = dialect;
  const found = outputs.map(({ column }) => column);
  return exactAll([
    exactKeys(keys, dialect),
    exactIf([on], dialect),
    exactColumns(
      keys,
      shownKey,
      dialect,
      (key) => `${key}, whose text in an error ${title} writes otherwise`,
    ),
    exactColumns(found, anyOf, dialect, (column) => `${column}, which ${title} does not take out of a group`),
  ]);
}

/** A key as the error shows it when it is found twice. */
function shownKey(key: Column): Typed {
  return ownAggregate(STRING, [countRows(), columnValue(key)], 'own/key found twice', [
    String(MAX_KEY_SHOWN),
  ]);
}

export const stage: StageDefinition<Syntax, Resolved> = {
  name: 'lookup',
  aliases: [],
  docs: {
    syntax: 'lookup source key [as column], ... [output column [as name], ...]',
    summary:
      'Adds columns of another query, found by its key: every row stays once and in its place, with nulls where nothing is found. Two rows of the source for one key are an error that names it.',
    notes:
      'Without `output` all columns but the keys. A name that exists already is an error. A key that is there twice does no harm as long as no row asks for it.',
    examples: [
      {
        text: 'lookup (select * from airports) iata as origin output city',
        summary: 'the city of each origin',
      },
      {
        text: 'lookup (select * from airports) iata as dest output city as dest_city, elevation',
        summary: 'two columns, one under another name',
      },
    ],
  },
  parse,
  resolve: (syntax, input, span, [right]) => resolve(syntax, input, span, right!),
  columnsUsed(resolved, wanted) {
    const outputs = new Set(resolved.outputs.map(({ as }) => as));
    const own = [...wanted].filter((name) => !outputs.has(name));
    return new Set([...own, ...leftNames(resolved.joined.renamed, wideUsed(resolved, wanted))]);
  },
  sourcesUsed: (resolved, wanted) => [sourceNames(resolved.joined.renamed, wideUsed(resolved, wanted))],
  emit: (resolved, relation, [source]) => emit(resolved, relation, source!),
  exactIn,
  computes: ({ on }) => [on],
};
