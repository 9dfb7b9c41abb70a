/**
 * The statements of one query, put together from the plan. The answer leaves the engine as
 * `COPY (SELECT text of each row) TO the answer FIFO`: DuckDB prints rows in parallel and in order, and this
 * process only moves blocks of bytes. The stages' SELECT is always nested, never edited.
 */
import { type AnswerOptions, csvHead, typesHead } from '../../core/protocol/answer.ts';
import type { WorkerInput, WorkerPlan } from '../../core/protocol/plan.ts';
import type { Column } from '../../core/protocol/types.ts';
import { typeName } from '../../core/protocol/types.ts';
import { quoteName, quoteText } from '../../language/dialects/duckdb/sql.ts';
import { columnarValue } from './columnar-value.ts';
import { inputSelect } from './inputs.ts';
import { castTo, csvText, jsonText } from './value-text.ts';

/** The table that keeps an answer until its number of rows is known: under the client's own row cap, and for Arrow. */
const ANSWER_TABLE = 'answer_rows';

/** The parts that every statement of a query is made of. */
export interface QueryParts {
  readonly plan: WorkerPlan;
  readonly columns: readonly Column[];
  /** The SELECT of each input by its index; left out: all inputs come from SQL workers. */
  readonly selects?: readonly string[];
}

function selectOf({ selects }: QueryParts, { columns }: WorkerInput, index: number): string {
  return selects?.[index] ?? inputSelect(columns, index);
}

function isKept({ scans }: WorkerInput): boolean {
  return scans > 1;
}

/** Statements that keep the inputs that stages read more than once; each one's result is its number of rows. */
export function createInputTables(parts: QueryParts): readonly string[] {
  return parts.plan.inputs.flatMap((input, index) =>
    isKept(input) ? [`CREATE TEMP TABLE ${input.name} AS ${selectOf(parts, input, index)}`] : [],
  );
}

/** Writes the rows of `select` into the answer table; the result is the number of rows. */
export function createAnswerTable(select: string): string {
  return `CREATE TEMP TABLE ${ANSWER_TABLE} AS ${select}`;
}

/** A SELECT of the answer table's first rows. */
export function answerTableSelect(rows: number): string {
  return `SELECT * FROM ${ANSWER_TABLE} LIMIT ${rows}`;
}

/** The answer's rows with the columns c0, c1, ... each of its declared type. */
export function answerSelect(parts: QueryParts): string {
  const { plan, columns } = parts;
  const names = columns.map((_, index) => `c${index}`);
  const casts = columns.map((column, index) => {
    const type = castTo(column.type);
    return type === null ? `c${index}` : `c${index}::${type} AS c${index}`;
  });
  const streamed = plan.inputs.flatMap((input, index) =>
    isKept(input) ? [] : [`${input.name} AS NOT MATERIALIZED (${selectOf(parts, input, index)})`],
  );
  const inputs = streamed.length === 0 ? '' : `WITH ${streamed.join(', ')} `;
  return `${inputs}SELECT ${casts.join(', ')} FROM (${plan.sql}\n) AS answer(${names.join(', ')})`;
}

/** A SELECT of the text of each row, which is never null. */
export function textSelect(rows: string, columns: readonly Column[], answer: AnswerOptions): string {
  return `SELECT ${rowText(columns, answer)} FROM (${rows}) AS r`;
}

/** Writes rows as text; the result is the number of rows. Every row is followed by `rowSeparator`. */
export function copyText(
  rows: string,
  columns: readonly Column[],
  answer: AnswerOptions,
  fifo: string,
): string {
  // Empty quote and escape: the text is finished, and the CSV writer adds nothing but the separator.
  const options = `FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER '\n', NULLSTR '', USE_TMP_FILE false`;
  const newLine = `NEW_LINE ${quoteText(rowSeparator(answer))}`;
  return `COPY (${textSelect(rows, columns, answer)}) TO ${quoteText(fifo)} (${options}, ${newLine})`;
}

/** Writes rows as one Parquet file whose columns have these names; the result is the number of rows. */
export function copyParquet(
  rows: string,
  columns: readonly Column[],
  names: readonly string[],
  fifo: string,
): string {
  const outputs = columns.map(
    ({ name, type }, index) => `${columnarValue(type, `c${index}`, name)} AS ${quoteName(names[index]!)}`,
  );
  return `COPY (SELECT ${outputs.join(', ')} FROM (${rows}) AS r) TO ${quoteText(fifo)} (FORMAT parquet, USE_TMP_FILE false)`;
}

export function rowSeparator(answer: AnswerOptions): string {
  switch (answer.format) {
    case 'json':
      return ',';
    case 'csv':
      return '\r\n';
    default:
      return '\n';
  }
}

/** Returns the text of the answer before its rows. */
export function answerHead(columns: readonly Column[], answer: AnswerOptions): string {
  if (answer.format === 'json') {
    const described = columns.map(({ name, type }) => ({ name, type: typeName(type) }));
    return `{"columns":${JSON.stringify(described)},"rows":[`;
  }
  if (answer.format === 'csv') return answer.head === 'types' ? typesHead(columns) : csvHead(columns);
  return '';
}

/** Returns SQL of one row's text, from the columns c0, c1, ... */
function rowText(columns: readonly Column[], answer: AnswerOptions): string {
  if (answer.format === 'csv') {
    const fields = columns.map((column, index) => csvText(column.type, `c${index}`));
    // concat takes null for nothing, which is what CSV has for it.
    return `concat(${fields.flatMap((field, index) => (index === 0 ? [field] : [`','`, field])).join(', ')}, '')`;
  }
  const objects = answer.rows === 'objects';
  const parts = columns.flatMap((column, index) => {
    const separator = index === 0 ? '' : ',';
    const before = objects ? `${separator}${JSON.stringify(column.name)}:` : separator;
    const value = `coalesce(${jsonText(column.type, `c${index}`, answer.numbers)}, 'null')`;
    return before === '' ? [value] : [quoteText(before), value];
  });
  const [open, close] = objects ? [`'{'`, `'}'`] : [`'['`, `']'`];
  return `concat(${[open, ...parts, close].join(', ')})`;
}
