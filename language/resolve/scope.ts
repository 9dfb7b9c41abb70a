/**
 * The names that a stage's expressions can see: the columns that reach it, and the parameters. Names match exactly first;
 * unquoted ones also without regard to case, when only one column matches so.
 */

import { QueryError, type Span, type StageRef } from '../../core/protocol/errors.ts';
import type { ParameterKind } from '../../core/protocol/parameters.ts';
import { didYouMean, suggest } from '../../core/protocol/suggest.ts';
import type { Column } from '../../core/protocol/types.ts';
import type { WrittenName } from '../frontends/query-tree.ts';
import { columnKey } from '../types/column-key.ts';
import type { StageAnswers } from './stage-answers.ts';

export interface Scope {
  readonly columns: readonly Column[];
  readonly parameters: Readonly<Record<string, ParameterKind>>;
  /** The stage itself, for errors that only show while it runs. */
  readonly stage: StageRef;
  /** The whole query, for messages. */
  readonly text: string;
  /** The inputs of a condition that sees the columns of several inputs; `columns` are all of them. */
  readonly sides?: readonly Side[];
  /** Answers the questions that only an engine or the data can answer. */
  readonly answers: StageAnswers;
}

/** One of several inputs. */
export interface Side {
  /** The names that may stand before the point in `name.column`; the first is shown in messages. */
  readonly names: readonly string[];
  /** `written`: its name there; the column's own name is one that no other input has. */
  readonly columns: readonly { readonly written: string; readonly column: Column }[];
}

export function findColumn(scope: Scope, written: WrittenName): Column | null {
  return matching(scope.columns, ({ name }) => name, written);
}

function matching<T>(columns: readonly T[], nameOf: (column: T) => string, written: WrittenName): T | null {
  const exact = columns.find((column) => nameOf(column) === written.name);
  if (exact !== undefined || written.quoted) return exact ?? null;
  const key = columnKey(written.name);
  return columns.find((column) => columnKey(nameOf(column)) === key) ?? null;
}

export function getColumn(scope: Scope, written: WrittenName, qualifier?: WrittenName): Column {
  if (scope.sides !== undefined) return columnOfSides(scope, scope.sides, written, qualifier);
  if (qualifier !== undefined) throw noTable(written, qualifier);
  return findColumn(scope, written) ?? unknownColumn(scope, written);
}

function noTable({ name, span }: WrittenName, qualifier: WrittenName): QueryError {
  return new QueryError(
    'syntax',
    `columns of a stage have no table: \`${qualifier.name}.\` means nothing here`,
    {
      span,
      hint: `write the name alone: \`${name}\`; a name with a point in it needs "quotes"`,
    },
  );
}

function columnOfSides(
  scope: Scope,
  all: readonly Side[],
  written: WrittenName,
  qualifier: WrittenName | undefined,
): Column {
  const sides = qualifier === undefined ? all : [sideOf(all, qualifier, written)];
  const found = sides.flatMap((side) => {
    const entry = matching(side.columns, (column) => column.written, written);
    return entry === null ? [] : [{ side, column: entry.column }];
  });
  if (found.length > 1)
    throw new QueryError('ambiguous-column', `both sides have a column \`${written.name}\``, {
      span: written.span,
      hint: `write ${found.map(({ side }) => `\`${side.names[0]}.${written.name}\``).join(' or ')}`,
    });
  if (found[0] !== undefined) return found[0].column;
  const where = qualifier === undefined ? 'on either side' : inSide(sides[0]!);
  const columns = sides.flatMap((side) =>
    side.columns.map((entry) => ({ ...entry.column, name: entry.written })),
  );
  return unknownColumn({ ...scope, columns }, written, where);
}

function sideOf(sides: readonly Side[], { name }: WrittenName, { span }: WrittenName): Side {
  const side = sides.find(({ names }) => names.some((own) => columnKey(own) === columnKey(name)));
  if (side !== undefined) return side;
  const names = sides.flatMap((candidate) => candidate.names);
  const suggestions = suggest(name, names);
  throw new QueryError('unknown-source', `there is no source \`${name}\` in this stage`, {
    span,
    hint: didYouMean(suggestions) ?? `its sources are ${names.map((own) => `\`${own}\``).join(', ')}`,
    suggestions,
  });
}

function inSide({ names }: Side): string {
  return names[0] === 'left' ? 'before this stage' : 'in the source';
}

/** `where`: among which columns it was looked for. */
export function unknownColumn(scope: Scope, { name, quoted, span }: WrittenName, where = 'here'): never {
  const names = scope.columns.map((column) => column.name);
  const suggestions = suggest(name, names);
  const asText =
    quoted && scope.text[span.start] === '"'
      ? `did you mean the text '${name}'? "double quotes" are for names`
      : null;
  // A name that resembles no column may be a value that lost its quotes.
  const bare = /^[A-Za-z_]+$/.test(name) && name === name.toUpperCase() ? `; for text write '${name}'` : '';
  const hint = didYouMean(suggestions) ?? asText ?? `${available(names)}${bare}`;
  throw new QueryError('unknown-column', `there is no column \`${name}\` ${where}`, {
    span,
    hint,
    suggestions,
  });
}

const MAX_LISTED = 12;

export function available(names: readonly string[]): string {
  const shown = names
    .slice(0, MAX_LISTED)
    .map((name) => `\`${name}\``)
    .join(', ');
  return `columns here: ${shown}${names.length > MAX_LISTED ? ` and ${names.length - MAX_LISTED} more` : ''}`;
}

/** Throws when two of `columns` cannot be told apart; `spanOf` says where the second was named. */
export function refuseDuplicates(
  columns: readonly Column[],
  spanOf: (index: number) => Span,
  hint: (name: string) => string,
): void {
  const seen = new Map<string, string>();
  for (const [index, { name }] of columns.entries()) {
    const first = seen.get(columnKey(name));
    if (first !== undefined) {
      const how =
        first === name
          ? `two columns are called \`${name}\``
          : `the columns \`${first}\` and \`${name}\` differ only by case`;
      throw new QueryError('duplicate-column', how, { span: spanOf(index), hint: hint(name) });
    }
    seen.set(columnKey(name), name);
  }
}
