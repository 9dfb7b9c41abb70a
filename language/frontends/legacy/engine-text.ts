/** Pieces of the stage engine's SQL, and of stages, which quote names and texts alike. */
import type { Column } from '../../../core/protocol/types.ts';
import { quoteName } from '../../dialects/quoting.ts';
import { columnKey } from '../../types/column-key.ts';
import type { EngineStep, LowerContext, Step } from './command.ts';

/** The place of a row in the order of the rows, in `input`. */
export const ROW = '__forkline_row';

export function stages(text: string): Step {
  return { kind: 'stages', text };
}

export function engine(sql: string): EngineStep {
  return { kind: 'engine', sql, ordered: false };
}

/** Returns a step in which each row gives one row, or several, and the order stays. */
export function rowWise(items: readonly string[], rest = 'from input'): EngineStep {
  return { kind: 'engine', sql: `select ${items.join(', ')}, ${ROW} ${rest}`, ordered: true };
}

/** All columns, with others in the places of those of these names. */
export function inPlace({ columns }: LowerContext, values: ReadonlyMap<string, string>): EngineStep {
  return rowWise(
    columns.map(({ name }) => {
      const value = values.get(name);
      return value === undefined ? quoteName(name) : `${value} as ${quoteName(name)}`;
    }),
  );
}

export interface NewColumn {
  readonly name: string;
  readonly sql: string;
}

/** All columns and then these; one whose name there is already takes its place. */
export function withColumns(
  { columns }: LowerContext,
  added: readonly NewColumn[],
  first = false,
): EngineStep {
  const kept = columns.filter(({ name }) => added.every((column) => column.name !== name));
  const items = kept.map(({ name }) => quoteName(name));
  const news = added.map(({ name, sql }) => `${sql} as ${quoteName(name)}`);
  return rowWise(first ? [...news, ...items] : [...items, ...news]);
}

/**
 * All columns and then these, whose values our own stages understand; `sql` of a column whose name there is already stays the
 * engine's, where it comes last.
 */
export function evalColumns(context: LowerContext, added: readonly NewColumn[], first = false): readonly Step[] {
  const names = added.map(({ name }) => name);
  const taken = names.some((name, index) => names.indexOf(name) !== index || hasColumn(context, name));
  if (taken) return [withColumns(context, added, first)];
  const items = added.map(({ name, sql }) => `${quoteName(name)} = ${sql}`);
  const evaluated = stages(`eval ${items.join(', ')}`);
  if (!first) return [evaluated];
  const all = [...names, ...context.columns.map(({ name }) => name)];
  return [evaluated, stages(`fields ${all.map(quoteName).join(', ')}`)];
}

function hasColumn({ columns }: LowerContext, name: string): boolean {
  return columns.some((column) => columnKey(column.name) === columnKey(name));
}

/** All columns, with others in the places of those of these names, whose values our own stages understand. */
export function evalInPlace(values: ReadonlyMap<string, string>): readonly Step[] {
  if (values.size === 0) return [];
  return [stages(`eval ${[...values].map(([name, sql]) => `${quoteName(name)} = ${sql}`).join(', ')}`)];
}

export function isNumber({ type }: Column): boolean {
  return ['int64', 'float64', 'decimal'].includes(type.kind);
}

export function asText({ name, type }: Column): string {
  const quoted = quoteName(name);
  return type.kind === 'string' ? quoted : `cast(${quoted} as varchar)`;
}

export function asNumber(column: Column): string {
  const quoted = quoteName(column.name);
  if (column.type.kind === 'bool') return `cast(${quoted} as bigint)`;
  return isNumber(column) ? quoted : `try_cast(${asText(column)} as double)`;
}
