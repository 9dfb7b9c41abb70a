/**
 * One query in the engine, from its input pipe to the last byte of its answer.
 *
 *   running --the statements end--> ended
 *      |  abort(cause)
 *   aborting --the engine lets go--> ended, and the cause is its error whatever the engine says
 *
 * An abort interrupts the engine, empties the answer pipe and floods the input pipes, since the engine may be blocked
 * in any of them. An input that ends early because of it looks like a short input to the engine: so a cause,
 * once set, always wins.
 */
import type { Socket } from 'node:net';
import { QueryError } from '../errors.ts';
import { pumpAnswer } from './answer-pump.ts';
import { AnswerWriter } from './answer-writer.ts';
import type { Engine, EnginePipes } from './engine.ts';
import { engineError, type Limits } from './engine-errors.ts';
import { floodReader } from './fifo.ts';
import type { DslWorkerConfig, RunStagesCall, RunStagesReply } from './messages.ts';
import { refusedSql } from './refused-sql.ts';
import type { RunningCall } from './service.ts';
import { createStatementRunner, type StatementRunner } from './statement-runner.ts';
import {
  answerHead,
  answerSelect,
  answerTableSelect,
  copyParquet,
  copyText,
  createAnswerTable,
  createInputTables,
  type QueryParts,
} from './statements.ts';

export interface QueryRunDeps {
  readonly engine: Engine;
  readonly pipes: EnginePipes;
  readonly config: DslWorkerConfig;
  /** Where the answer's bytes go. */
  readonly socket: Socket;
}

/** What the steps of one query share. */
interface Run {
  readonly call: RunStagesCall;
  readonly parts: QueryParts;
  readonly answerPipe: string;
  readonly statements: StatementRunner;
  readonly writer: AnswerWriter;
  readonly startedAt: number;
  abort(cause: QueryError): void;
  /** What an abort must empty; set while rows go through the answer pipe. */
  discardAnswer: () => void;
}

/** Rows to be answered, and whether they are all. */
interface AnswerRows {
  readonly select: string;
  readonly complete: boolean;
}

export function startQuery(
  { engine, pipes, config, socket }: QueryRunDeps,
  call: RunStagesCall,
): RunningCall<RunStagesReply> {
  let cause: QueryError | null = null;
  let ended = false;

  function abort(reason: QueryError): void {
    if (ended || cause !== null) return;
    cause = reason;
    run.discardAnswer();
    run.writer.abandon();
    const interrupt = (): void => engine.connection.interrupt();
    for (const input of pipes.inputs.slice(0, call.plan.inputs.length))
      void floodReader(input, () => ended, interrupt);
  }

  const { plan, columns, answer, limits, maxRowBytes } = call;
  const run: Run = {
    call,
    parts: { plan, columns, inputFifos: pipes.inputs, maxRowBytes },
    answerPipe: pipes.answer,
    statements: createStatementRunner(engine.connection, call, () => cause),
    writer: new AnswerWriter(socket, Buffer.from(answerHead(columns, answer)), limits.maxBytes),
    startedAt: performance.now(),
    abort,
    discardAnswer: () => {},
  };

  async function execute(): Promise<RunStagesReply> {
    const timer = setTimeout(() => abort(deadlineExceeded()), remainingMs(call.deadlineAt));
    try {
      const reply = await runStatements(run);
      if (cause !== null) throw cause;
      return reply;
    } catch (thrown) {
      throw cause ?? errorOfRun(thrown, plan.runsUserSql, { ...config, maxRowBytes });
    } finally {
      ended = true;
      clearTimeout(timer);
    }
  }

  return { queryId: call.queryId, done: execute(), abort };
}

async function runStatements(run: Run): Promise<RunStagesReply> {
  const { call, parts, statements, writer } = run;
  const { maxRows } = call.limits;
  let inputRows = -1;
  for (const { index, sql } of createInputTables(parts)) {
    const rows = await statements.runCounted(sql);
    if (index === 0) inputRows = rows;
  }
  const chosen = await chooseRows(run);
  const rows = await sendRows(run, chosen.select);
  if (rows > maxRows) throw tooManyRows(maxRows);
  writer.end();
  const endedAt = performance.now();
  const firstAt = writer.startedAt ?? endedAt;
  const phases = { dslMs: firstAt - run.startedAt, encodeMs: endedAt - firstAt };
  return { rows, bytes: writer.bytes, complete: chosen.complete, inputRows, phases };
}

/** With a cap of the client's own, the rows are set aside first: only then is it known whether it cut any. */
async function chooseRows({ call, parts, statements }: Run): Promise<AnswerRows> {
  const { capRows, maxRows } = call.limits;
  if (capRows === null || capRows > maxRows)
    return { select: `${answerSelect(parts)} LIMIT ${maxRows + 1}`, complete: true };
  const found = await statements.runCounted(createAnswerTable(parts, capRows + 1));
  return { select: answerTableSelect(capRows), complete: found <= capRows };
}

/** Returns how many rows were sent. */
async function sendRows(run: Run, select: string): Promise<number> {
  const { answer, columns } = run.call;
  switch (answer.format) {
    case 'arrow':
      return sendArrow(run, select);
    case 'parquet':
      return sendThroughPipe(run, copyParquet(select, columns, run.answerPipe), 0);
    case 'json':
      // The comma that ends every row must not follow the last.
      return sendThroughPipe(run, copyText(select, columns, answer, run.answerPipe), 1);
    case 'ndjson':
    case 'csv':
      return sendThroughPipe(run, copyText(select, columns, answer, run.answerPipe), 0);
    default:
      throw new Error(`an answer as ${answer.format satisfies never}`);
  }
}

async function sendThroughPipe(run: Run, copySql: string, dropTrailing: number): Promise<number> {
  // Started first: while the engine plans it on a thread of its own, the pipe's reader is opened here.
  const counted = run.statements.runCounted(copySql);
  const pump = pumpAnswer(run.answerPipe, run.writer, dropTrailing, run.abort);
  run.discardAnswer = pump.discard;
  try {
    const rows = await counted;
    await pump.finish();
    return rows;
  } finally {
    pump.close();
  }
}

async function sendArrow({ call, statements, writer }: Run, select: string): Promise<number> {
  const types = await statements.columnTypes(select);
  // Imported only now: it is large, and few queries ask for it.
  const { sendArrowStream } = await import('./arrow.ts');
  return sendArrowStream({ select, columns: call.columns, types, writer, stream: statements.stream });
}

/** SQL of a user's was described with nulls for its parameters: their values may still not suit it. */
function errorOfRun(thrown: unknown, runsUserSql: boolean, limits: Limits): QueryError {
  const error = engineError(thrown, limits);
  if (error.code !== 'internal' || !runsUserSql) return error;
  // The place would be one in our own statement around it.
  const refused = refusedSql(thrown, '', 0);
  return refused === null ? error : new QueryError(refused.code, refused.message, {}, thrown);
}

export function deadlineExceeded(): QueryError {
  return new QueryError('deadline-exceeded', 'the time limit passed while the stages ran', {
    hint: 'filter earlier, or ask for more time',
  });
}

/** setTimeout takes 32 bits. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export function remainingMs(deadlineAt: number): number {
  return Math.max(0, Math.min(MAX_TIMER_MS, deadlineAt - Date.now()));
}

function tooManyRows(maxRows: number): QueryError {
  return new QueryError('result-too-large', `the answer has more than ${maxRows} rows`, {
    hint: 'aggregate, or take fewer rows with head',
    limit: { name: 'resultRows', value: maxRows, observed: maxRows + 1 },
  });
}
