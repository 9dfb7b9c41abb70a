/** The tables that a statement reads, by PostgreSQL's grammar. */
import { parseSql } from './grammar.ts';

interface RangeVar {
  readonly schemaname?: string;
  readonly relname?: string;
}

/** Returns the names as the statement has them, each once and sorted; those of WITH are no tables. */
export function tablesRead(sql: string): readonly string[] {
  const found = new Set<string>();
  const defined = new Set<string>();
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) {
      node.forEach(visit);
      return;
    }
    if (typeof node !== 'object' || node === null) return;
    for (const [name, value] of Object.entries(node)) {
      if (name === 'RangeVar') {
        const { schemaname, relname } = value as RangeVar; // the grammar documents this node
        if (relname !== undefined) found.add(schemaname === undefined ? relname : `${schemaname}.${relname}`);
      }
      if (name === 'ctename') defined.add(String(value));
      visit(value);
    }
  };
  for (const { stmt } of parseSql(sql)) visit(stmt);
  return [...found].filter((name) => !defined.has(name)).sort();
}
