/** The load test's stages as one DuckDB statement: each a SELECT from the one before. The same subset as stages.ts. */

/** Throws for a stage that it does not know. */
export function stagesSql(source: string, stages: readonly string[]): string {
  return stages.reduce((from, stage) => stageSql(`(${from})`, stage), source);
}

function stageSql(from: string, stage: string): string {
  const [, name, rest = ''] = /^(\w+)\s*([\s\S]*)$/.exec(stage) ?? [];
  switch (name) {
    case 'where':
      return `SELECT * FROM ${from} WHERE ${rest}`;
    case 'eval':
      return `SELECT *, ${items(rest, /^(\w+)\s*=\s*(.+)$/, '$2 AS $1')} FROM ${from}`;
    case 'rename':
      return `SELECT * RENAME (${rest}) FROM ${from}`;
    case 'fields':
      return `SELECT ${rest} FROM ${from}`;
    case 'stats': {
      const [list, by] = rest.split(/\s+by\s+/);
      const keys = by === undefined ? '' : `${by}, `;
      return `SELECT ${keys}${aggregates(list!)} FROM ${from}${by === undefined ? '' : ` GROUP BY ${by}`}`;
    }
    case 'sort':
      return `SELECT * FROM ${from} ORDER BY ${items(rest, /^([-+]?)(\w+)$/, (_, sign, column) => `${column} ${sign === '-' ? 'DESC' : 'ASC'} NULLS LAST`)}`;
    case 'head':
      return `SELECT * FROM ${from} LIMIT ${rest}`;
    default:
      throw new Error(`unknown stage ${name}`);
  }
}

type Replacement = string | ((match: string, ...groups: string[]) => string);

function items(list: string, pattern: RegExp, replacement: Replacement): string {
  return list
    .split(/,\s*/)
    .map((item) => item.trim().replace(pattern, replacement as string))
    .join(', ');
}

function aggregates(list: string): string {
  return list.replaceAll(/\bcount\(\)/g, 'count(*)').replaceAll(/\bdc\((\w+)\)/g, 'count(DISTINCT $1)');
}
