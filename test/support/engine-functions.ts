/** The text of `workers/dsl/user-sql/sql-functions.ts`: the outcome of the rules for the functions that the engine has. */
import type { DuckDBConnection } from '@duckdb/node-api';
import {
  ELSEWHERE,
  type EngineFunction,
  type Reason,
  refusalOf,
  UNLISTED_SCALARS,
} from './engine-function-rules.ts';

const HEAD = `/**
 * The functions of the stage engine that SQL of a user's may call. Written by \`npm run engine-functions\` by the rules of
 * test/support/engine-function-rules.ts; a test holds the two, and the engine's own list, together.
 */

function wordsOf(text: string): readonly string[] {
  return text.trim().split(/\\s+/);
}
`;

async function engineFunctions(duck: DuckDBConnection): Promise<readonly EngineFunction[]> {
  const reader = await duck.runAndReadAll(
    `SELECT DISTINCT function_name, function_type, stability FROM duckdb_functions() ORDER BY ALL`,
  );
  return reader.getRows().map(([name, kind, stability]) => ({
    name: String(name),
    kind: kind as EngineFunction['kind'],
    stability: stability as EngineFunction['stability'],
  }));
}

const MADE_OF_WORDS = /^[a-z_0-9]+$/i;
const WIDTH = 110;

/** The names in lines, sorted. */
export function wrapped(names: Iterable<string>): string {
  const lines: string[] = [];
  let line = ' ';
  for (const name of [...new Set(names)].sort()) {
    if (line.length + name.length + 1 > WIDTH) {
      lines.push(line);
      line = ' ';
    }
    line += ` ${name}`;
  }
  return [...lines, line].join('\n');
}

export async function renderEngineFunctions(duck: DuckDBConnection): Promise<string> {
  const all = await engineFunctions(duck);
  const allowed = all.filter((one) => refusalOf(one) === null);
  const isTable = ({ kind }: EngineFunction): boolean => kind === 'table' || kind === 'table_macro';
  const scalars = [
    ...allowed.filter((one) => !isTable(one)).map(({ name }) => name.toLowerCase()),
    ...UNLISTED_SCALARS,
  ];
  const tables = allowed.filter(isTable).map(({ name }) => name);
  const callable = new Set([...scalars, ...tables]);
  const refused = new Map<Reason, string[]>();
  const others = ELSEWHERE.map((name): EngineFunction => ({ name, kind: 'table', stability: null }));
  for (const one of [...all, ...others]) {
    const reason = refusalOf(one);
    if (reason === null || callable.has(one.name)) continue;
    refused.set(reason, [...(refused.get(reason) ?? []), one.name]);
  }
  const operators = [...new Set(scalars.filter((name) => !MADE_OF_WORDS.test(name)))].sort();
  const reasons = [...refused].sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    HEAD,
    '/** Operators, which the engine parses into calls of functions of these names. */',
    `const OPERATORS = [${operators.map((name) => `'${name}'`).join(', ')}];`,
    '',
    '/** Functions and aggregates that an expression may call. */',
    'export const CALLABLE: ReadonlySet<string> = new Set([',
    '  ...OPERATORS,',
    '  ...wordsOf(`',
    wrapped(scalars.filter((name) => MADE_OF_WORDS.test(name))),
    '  `),',
    ']);',
    '',
    '/** Table functions that may stand in a FROM. */',
    'export const CALLABLE_IN_FROM: ReadonlySet<string> = new Set(',
    `  wordsOf('${[...new Set(tables)].sort().join(' ')}'),`,
    ');',
    '',
    '/** Functions that may stand nowhere, by the reason; it follows "it". */',
    'export const REFUSALS: Readonly<Record<string, readonly string[]>> = {',
    ...reasons.map(([reason, names]) => `  '${reason}': wordsOf(\`\n${wrapped(names)}\n  \`),`),
    '};',
    '',
  ].join('\n');
}
