/**
 * What several roles together show of tables and models. A row is shown when one of them shows it, and a column of that row when
 * one that shows the row shows the column. A role that lists a table or model decides about it before roles that do not.
 */
import type { Rights } from '../protocol/rights.ts';
import type { ShownRows, TableRules } from '../protocol/shown-rows.ts';

type Shown = Pick<Rights, 'connections' | 'shown'>;

export function unitedRows(one: Shown, other: Shown): ShownRows | null {
  if (one.shown === null && other.shown === null) return null;
  const tables: Record<string, TableRules> = {};
  const names = new Set([...Object.keys(one.shown?.tables ?? {}), ...Object.keys(other.shown?.tables ?? {})]);
  for (const name of names) {
    const first = one.shown?.tables[name];
    const second = other.shown?.tables[name];
    if (first !== undefined && second !== undefined) tables[name] = unitedRules(first, second);
    else if (!mayWrite(first === undefined ? one : other, name)) tables[name] = (first ?? second)!;
  }
  return {
    sql: unitedSql(one, other),
    tables,
    models: unitedRules(one.shown?.models ?? {}, other.shown?.models ?? {}),
  };
}

/** The connections for which SQL of one's own may be written; null: all. */
function sqlOf({ connections, shown }: Shown): readonly string[] | null {
  return shown === null || shown.sql === null ? connections : shown.sql;
}

function mayWrite(shown: Shown, connection: string): boolean {
  const names = sqlOf(shown);
  return names === null || names.includes(connection);
}

function unitedSql(one: Shown, other: Shown): readonly string[] | null {
  const first = sqlOf(one);
  const second = sqlOf(other);
  return first === null || second === null ? null : [...new Set([...first, ...second])].sort();
}

function unitedRules(one: TableRules, other: TableRules): TableRules {
  const names = [...new Set([...Object.keys(one), ...Object.keys(other)])].sort();
  return Object.fromEntries(
    names.map((name) => {
      const both = [one, other].filter((rules) => Object.hasOwn(rules, name)).map((rules) => rules[name]!);
      return [name, both.some(({ length }) => length === 0) ? [] : both.flat()];
    }),
  );
}
