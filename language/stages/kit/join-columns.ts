/**
 * Names the columns of a `join`. While it joins, every column of both sides has a name of its own: the left ones theirs,
 * those of the source theirs too, or `alias_name` where the left has one of that name, or a hidden one for what does not
 * come out.
 */
import { QueryError, type Span } from '../../../core/protocol/errors.ts';
import type { Column } from '../../../core/protocol/types.ts';
import { refuseDuplicates, type Side } from '../../resolve/scope.ts';
import type { Renamed } from '../../select/relation.ts';
import { freeName } from '../../select/select.ts';
import { columnKey } from '../../types/column-key.ts';

export interface JoinedColumns {
  /** The source's columns, with their names while the join is computed. */
  readonly renamed: readonly Renamed[];
  readonly left: Side;
  readonly right: Side;
  /** The columns after the join. */
  readonly columns: readonly Column[];
}

export interface JoinNames {
  /** `as name`; null: none. */
  readonly alias: string | null;
  /** A name by which a condition may call the source, besides `right`. */
  readonly source: string | null;
  /** Columns of the source that do not come out, since they are equal to one of the left's. */
  readonly keys: ReadonlySet<string>;
  /** Says that none of the source's columns come out. */
  readonly leftOnly: boolean;
  readonly span: Span;
}

export function joinColumns(
  left: readonly Column[],
  right: readonly Column[],
  { alias, source, keys, leftOnly, span }: JoinNames,
): JoinedColumns {
  const taken = new Set(left.map(({ name }) => columnKey(name)));
  const outputs = leftOnly ? [] : right.filter(({ name }) => !keys.has(name));
  const clashes = outputs.filter(({ name }) => taken.has(columnKey(name)));
  if (alias === null && clashes.length > 0) throw clash(clashes, span);
  const named = outputs.map((column) => ({
    column,
    as: clashes.includes(column) ? `${alias}_${column.name}` : column.name,
  }));
  const columns = [...left, ...named.map(({ column, as }) => ({ ...column, name: as }))];
  refuseDuplicates(
    columns,
    () => span,
    (name) => `choose another name after \`as\`, or rename \`${name}\` before`,
  );
  const names = columns.map(({ name }) => name);
  const renamed = right.map((column): Renamed => {
    const output = named.find((candidate) => candidate.column === column);
    const as = output?.as ?? freeName(`right_${column.name}`, names);
    if (output === undefined) names.push(as);
    return { name: column.name, as };
  });
  return {
    renamed,
    left: { names: ['left'], columns: left.map((column) => ({ written: column.name, column })) },
    right: {
      names: [alias ?? source ?? 'right', 'right'],
      columns: right.map((column, index) => ({
        written: column.name,
        column: { ...column, name: renamed[index]!.as },
      })),
    },
    columns,
  };
}

function clash(columns: readonly Column[], span: Span): QueryError {
  const [first, ...others] = columns.map(({ name }) => name);
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
  return new QueryError('duplicate-column', `both sides have a column \`${first}\`${more}`, {
    span,
    hint: `give the source a name: with \`as r\` its \`${first}\` is \`r_${first}\`; or leave it out: \`(... | fields - ${columns
      .slice(0, 3)
      .map(({ name }) => name)
      .join(', ')})\``,
  });
}

/** The names that the source has itself for those of `wide` that are its own. */
export function sourceNames(renamed: readonly Renamed[], wide: ReadonlySet<string>): ReadonlySet<string> {
  return new Set(renamed.filter(({ as }) => wide.has(as)).map(({ name }) => name));
}

/** Returns the names in `wide` that are none of the source's. */
export function leftNames(renamed: readonly Renamed[], wide: ReadonlySet<string>): ReadonlySet<string> {
  const others = new Set(renamed.map(({ as }) => as));
  return new Set([...wide].filter((name) => !others.has(name)));
}
