/**
 * The plan of SQL without stages whose rows a worker encodes, for Arrow and Parquet: every column as the SQL names it, and
 * every value exact or an error. Stages have rules of their own for both (names without regard to case, decimals of a
 * size), which plain SQL does not know in the other formats.
 */
import { QueryError } from '../../core/protocol/errors.ts';
import type { InputColumn, Judge, PlanRequest, PlanStep } from '../../core/protocol/plan.ts';
import type { TableViews } from '../../core/protocol/shown-rows.ts';
import type { Column } from '../../core/protocol/types.ts';
import type { WireType } from '../../core/protocol/wire-rows.ts';
import type { SourceDialect } from '../dialects/dialect.ts';
import { STAGE_ENGINE, sourceDialect } from '../dialects/registry.ts';
import type { SqlSourceNode } from '../frontends/query-tree.ts';
import { dialectAt } from '../source/connections.ts';
import { functionsOf } from '../source/judged-functions.ts';
import { bindSource } from '../source/sql.ts';
import { columnKey } from '../types/column-key.ts';
import { isUnsized, UNSIZED_DECIMAL } from '../types/rules.ts';
import { fetchSource } from './fetch-source.ts';
import { scanOf } from './scan.ts';

/** Returns what stands for the tables of files that SQL names; null: they are read as they are. */
export type ViewsOf = (connection: string, sql: string) => TableViews | null;

const ASK_KEY = 'source-0';

/** Throws `unsupported` and `duplicate-column`. */
export function planEncoded(
  node: SqlSourceNode,
  request: PlanRequest,
  judge: Judge,
  warnings: readonly string[],
  viewsOf: ViewsOf,
): PlanStep {
  refuseUnwrappable(node);
  const connection = node.connection ?? request.connection;
  const dialect = sourceDialect(dialectAt(request.dialects, connection, node.span));
  const bound = bindSource(request.text, node, request.parameters, dialect.binding);
  const views = viewsOf(connection, bound.sql);
  const described = request.answers[ASK_KEY];
  if (described?.kind !== 'source') {
    const functions = judge(connection, bound, true);
    const shown = views === null ? {} : { views };
    return {
      kind: 'ask',
      asks: [{ kind: 'source', key: ASK_KEY, connection, ...bound, functions, ...shown }],
    };
  }
  const columns = described.columns.map(dialect.columnOf);
  refuseBadColumns(node, columns);
  const functions = functionsOf(connection, request.answers);
  const names = new Set(columns.map(({ name }) => name));
  const source = { connection, functions, ...fetchSource(dialect, bound, described, names) };
  const readNames = distinctNames(columns);
  const inputs = columns.map((column, index) =>
    exactInput(column, readNames[index]!, dialect.wireOf(source.databaseColumns![index]!), dialect),
  );
  const scan = dialect.scanned ? { scan: scanOf(source, bound, described, views) } : {};
  const worker = {
    sql: 'SELECT * FROM input',
    parameters: dialect.scanned
      ? bound.parameters.map((name) => ({ name, kind: request.parameters[name]! }))
      : [],
    inputs: [{ name: 'input', columns: inputs, scans: 1, ...scan }],
    runsUserSql: false,
  };
  return {
    kind: 'plan',
    plan: { sources: [source], worker, stages: [], columns, warnings, cacheable: true },
  };
}

function refuseUnwrappable({ head }: SqlSourceNode): void {
  if (head.wrappable) return;
  throw new QueryError('unsupported', `\`${head.word}\` has no answer in this format`, {
    span: head.span,
    hint: 'ask for json, ndjson or csv',
  });
}

function refuseBadColumns({ span }: SqlSourceNode, columns: readonly Column[]): void {
  if (columns.length === 0)
    throw new QueryError('unsupported', 'the SQL has no columns for an answer in this format', {
      span,
      hint: 'ask for json, ndjson or csv',
    });
  const seen = new Set<string>();
  for (const { name } of columns) {
    if (seen.has(name))
      throw new QueryError('duplicate-column', `two columns of the result are named "${name}"`, {
        span,
        hint: 'Give each a name of its own: select ... as name.',
      });
    seen.add(name);
  }
}

/** The names under which the engine, which ignores case, reads the columns; errors show them. */
function distinctNames(columns: readonly Column[]): readonly string[] {
  const taken = new Set<string>();
  return columns.map(({ name }) => {
    let distinct = name;
    for (let number = 2; taken.has(columnKey(distinct)); number++) distinct = `${name} (${number})`;
    taken.add(columnKey(distinct));
    return distinct;
  });
}

/** Reads a column as stages do, except for decimals without a size: they are rounded for stages, and come as text here. */
function exactInput(
  { name, type }: Column,
  readName: string,
  wire: WireType,
  dialect: SourceDialect,
): InputColumn {
  if (isUnsized(type)) {
    const expression = exactDecimal(STAGE_ENGINE.quoteName(readName), name, dialect);
    return { name: readName, wire, expression };
  }
  if (type.kind !== 'list' || !isUnsized(type.of))
    return STAGE_ENGINE.inputColumn({ name: readName, type }, wire);
  const listOfTexts: Column = { name: readName, type: { kind: 'list', of: { kind: 'string' } } };
  const texts = STAGE_ENGINE.inputColumn(listOfTexts, wire);
  const element = `lambda x: ${exactDecimal('x', name, dialect)}`;
  return { ...texts, expression: `list_transform(${texts.expression}, ${element})` };
}

/** The text of a decimal has no exponent. */
const FITTING_DECIMAL = String.raw`-?\d{1,20}(\.\d{0,18}0*)?`;

function exactDecimal(text: string, name: string, dialect: SourceDialect): string {
  const carried = STAGE_ENGINE.typeName(UNSIZED_DECIMAL);
  const raised = STAGE_ENGINE.raise({
    code: 'bad-value',
    message: `column ${name} holds a numeric that Arrow and Parquet cannot carry exactly: without a size it has 20 digits before the point and 18 after, and no NaN or Infinity`,
    hint: dialect.sizedHint(name),
  });
  return `CASE WHEN ${text} IS NULL THEN NULL WHEN regexp_full_match(${text}, '${FITTING_DECIMAL}') THEN CAST(${text} AS ${carried}) ELSE ${raised} END`;
}
