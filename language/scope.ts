/**
 * What a stage's expressions can see: the columns that reach it, and the parameters. Names match exactly first;
 * unquoted ones also without regard to case, when only one column matches so.
 */
import { QueryError, type Span, type StageRef } from '../workers/errors.ts';
import type { ParameterKind } from './plan.ts';
import type { StageAnswers } from './stage-answers.ts';
import { didYouMean, suggest } from './suggest.ts';
import type { Column } from './types.ts';

export interface Scope {
  readonly columns: readonly Column[];
  readonly parameters: Readonly<Record<string, ParameterKind>>;
  /** The stage itself, for errors that only show while it runs. */
  readonly stage: StageRef;
  /** The whole query, for messages. */
  readonly text: string;
  /** What only an engine or the data knows. */
  readonly answers: StageAnswers;
}

/** Columns that differ by case only are one column to the stage engine. */
export function columnKey(name: string): string {
  return name.toLowerCase();
}

export interface WrittenName {
  readonly name: string;
  readonly quoted: boolean;
  readonly span: Span;
}

export function findColumn(scope: Scope, written: WrittenName): Column | null {
  const exact = scope.columns.find((column) => column.name === written.name);
  if (exact !== undefined || written.quoted) return exact ?? null;
  const key = columnKey(written.name);
  return scope.columns.find((column) => columnKey(column.name) === key) ?? null;
}

export function getColumn(scope: Scope, written: WrittenName): Column {
  return findColumn(scope, written) ?? unknownColumn(scope, written);
}

function unknownColumn(scope: Scope, { name, quoted, span }: WrittenName): never {
  const names = scope.columns.map((column) => column.name);
  const suggestions = suggest(name, names);
  const asText =
    quoted && scope.text[span.start] === '"'
      ? `did you mean the text '${name}'? "double quotes" are for names`
      : null;
  const hint = didYouMean(suggestions) ?? asText ?? available(names);
  throw new QueryError('unknown-column', `there is no column \`${name}\` here`, { span, hint, suggestions });
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
