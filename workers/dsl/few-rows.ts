/**
 * The short way of a query on few rows: its statement is planned while its rows come, runs once they are all here, and its
 * answer is taken from the result. So nothing waits for the engine's planning, for a sleep between two looks at an input, or
 * for the answer pipe, which together took longer than such a query's work.
 *
 * An input or an answer that turns out to be longer takes the usual way: the rows that came are read once more.
 */
import type { DuckDBDataChunk, DuckDBMaterializedResult } from '@duckdb/node-api';
import duckdb from '@duckdb/node-bindings';
import type { RunStagesCall } from '../../core/protocol/dsl-worker.ts';
import type { AnswerWriter } from './answer-writer.ts';
import { type Run, type SentAnswer, tooManyRows } from './run.ts';
import { answerSelect, rowSeparator, textSelect } from './statements.ts';
import { StringVector } from './string-vector.ts';

/** The most rows of an answer that is gathered: half of what the engine has in its hands at a time anyway. */
const MOST_ROWS = 1024;

/**
 * Says whether the query may go the short way. What is read twice is kept in tables, Arrow and Parquet have ways of their own, and
 * files would be read once more when the answer turns out to be long.
 */
export function mayHaveFewRows({ call, parts }: Pick<Run, 'call' | 'parts'>): boolean {
  const { format } = call.answer;
  const isText = format === 'json' || format === 'ndjson' || format === 'csv';
  return (
    isText &&
    call.manyRows !== true &&
    parts.selects === undefined &&
    parts.plan.inputs.every(({ scans }) => scans <= 1)
  );
}

/** The parts of a run that the short way needs. */
export interface ShortRun extends Pick<Run, 'parts' | 'inputs' | 'statements'> {
  readonly call: Pick<RunStagesCall, 'answer' | 'limits'>;
  readonly writer: Pick<AnswerWriter, 'writeLast'>;
}

/** Sends the whole answer of a query on few rows; null: it is not one, and nothing was sent. */
export async function sendFewRows({
  call,
  parts,
  inputs,
  statements,
  writer,
}: ShortRun): Promise<SentAnswer | null> {
  const { answer, limits } = call;
  const allowed = Math.min(limits.capRows ?? limits.maxRows, limits.maxRows);
  const most = Math.min(allowed, MOST_ROWS);
  const select = `${answerSelect(parts)} LIMIT ${most + 1}`;
  const planned = statements.prepare(textSelect(select, parts.columns, answer));
  // The engine plans on a thread of its own: meanwhile the pipes are opened here.
  inputs.open();
  const areWhole = inputs.comeWhole();
  const statement = await planned;
  try {
    if (!(await areWhole)) return null;
    const result = await statements.runPrepared(statement);
    const found = result.rowCount;
    if (found > most && most < allowed) {
      inputs.rewind();
      return null;
    }
    if (found > most && most !== limits.capRows) throw tooManyRows(limits.maxRows);
    const rows = Math.min(found, most);
    // Between the rows of JSON there is a comma, behind the last one there is none.
    if (rows > 0) writer.writeLast(textOf(result, rows, rowSeparator(answer), answer.format !== 'json'));
    return { rows, complete: found <= most };
  } finally {
    statement.destroySync();
  }
}

/** Returns the first rows of a result of one column of text, with a separator between them and, if wanted, behind the last. */
export function textOf(
  result: DuckDBMaterializedResult,
  rows: number,
  separator: string,
  endsWithSeparator: boolean,
): Buffer {
  const between = Buffer.from(separator);
  const blocks: Buffer[] = [];
  for (let index = 0, read = 0; read < rows; index++) {
    const chunk = result.getChunk(index);
    const count = Math.min(chunk.rowCount, rows - read);
    blocks.push(rowsOf(chunk, count, between));
    // The engine's memory is read above: it must live until here.
    read += chunk.rowCount;
  }
  const text = blocks.length === 1 ? blocks[0]! : Buffer.concat(blocks);
  return endsWithSeparator ? text : text.subarray(0, text.length - between.length);
}

function rowsOf({ chunk }: DuckDBDataChunk, rows: number, separator: Buffer): Buffer {
  const strings = new StringVector(duckdb.data_chunk_get_vector(chunk, 0), rows);
  const pieces: Uint8Array[] = [];
  for (let row = 0; row < rows; row++) pieces.push(strings.at(row), separator);
  return Buffer.concat(pieces);
}
