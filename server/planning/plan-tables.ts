/** Finds the tables that the SQL of a plan names, as it names them: for the audit. What views read in turn is not known here. */
import type { Plan } from '../../core/protocol/plan.ts';
import type { SqlNames } from '../../core/protocol/sql-facts.ts';

interface NamesJudge {
  namesIn(sql: string, values: readonly (string | null)[]): SqlNames | null;
}

const MOST_TABLES = 100;

/** Returns the names as `connection.schema.table`, each once and sorted; null: of none of the sources is a grammar known here. */
export function tablesOf(
  { sources, worker }: Plan,
  judgeOf: (connection: string) => NamesJudge,
): readonly string[] | null {
  const found = new Set<string>();
  let isKnown = false;
  for (const [index, { connection, sql }] of sources.entries()) {
    const views = worker?.inputs[index]?.scan?.views;
    const names = views === undefined ? judgeOf(connection).namesIn(sql, []) : null;
    if (views !== undefined && views !== null)
      for (const name of Object.keys(views)) found.add(`${connection}.${name}`);
    isKnown ||= names !== null || (views !== undefined && views !== null);
    for (const { schema, name } of names?.relations ?? [])
      if (schema !== null || !names!.commonTables.includes(name))
        found.add([connection, ...(schema === null ? [] : [schema]), name].join('.'));
  }
  return isKnown ? [...found].sort().slice(0, MOST_TABLES) : null;
}
