/**
 * One query in the engine, from its input pipe to the last byte of its answer.
 *
 *   running --the statements end--> ended
 *      |  abort(cause)
 *   aborting --the engine lets go--> ended, and the cause is its error whatever the engine says
 *
 * An abort fails the inputs, interrupts the engine and empties the answer pipe, since the engine may be blocked in it. A
 * cause, once set, always wins.
 */
import type { Socket } from 'node:net';
import type { DslWorkerConfig, RunStagesCall, RunStagesReply } from '../../core/protocol/dsl-worker.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import { type AnswerEnding, dropLast } from './answer-ending.ts';
import { pumpAnswer } from './answer-pump.ts';
import { AnswerWriter } from './answer-writer.ts';
import type { Engine, EnginePipes } from './engine.ts';
import { engineError, type Limits } from './engine-errors.ts';
import { mayHaveFewRows, sendFewRows } from './few-rows.ts';
import { QueryInputs } from './inputs.ts';
import { nameColumns, standInsFor } from './parquet-names.ts';
import { type Run, type SentAnswer, tooManyRows } from './run.ts';
import type { RunningCall } from './service.ts';
import { createStatementRunner } from './statement-runner.ts';
import {
  answerHead,
  answerSelect,
  answerTableSelect,
  copyParquet,
  copyText,
  createAnswerTable,
  createInputTables,
} from './statements.ts';
import { refusedSql } from './user-sql/refused-sql.ts';
import { castTo } from './value-text.ts';

/** Between two interrupts of a query that shall end. */
const INTERRUPT_MS = 2;

export interface QueryRunDeps {
  readonly engine: Engine;
  readonly pipes: EnginePipes;
  readonly config: DslWorkerConfig;
  /** The socket that the answer's bytes go to. */
  readonly socket: Socket;
  /** The SELECT of each input of a plan with scans. */
  readonly selects?: readonly string[];
}

/** Rows to be answered, and whether they are all. */
interface AnswerRows {
  readonly select: string;
  readonly complete: boolean;
}

export function startQuery(
  { engine, pipes, config, socket, selects }: QueryRunDeps,
  call: RunStagesCall,
): RunningCall<RunStagesReply> {
  let cause: QueryError | null = null;
  let ended = false;
  let interrupting: NodeJS.Timeout | undefined;

  function abort(reason: QueryError): void {
    if (ended || cause !== null) return;
    cause = reason;
    run.discardAnswer();
    run.writer.abandon();
    inputs.fail(reason);
    const interrupt = (): void => engine.connection.interrupt();
    interrupt();
    // One that comes before the engine has begun with a statement does not reach it.
    interrupting = setInterval(interrupt, INTERRUPT_MS);
  }

  const { plan, columns, answer, limits, maxRowBytes } = call;
  const inputs = new QueryInputs(plan, pipes.inputs, maxRowBytes, call.keptColumns !== undefined);
  engine.inputs = inputs;
  const run: Run = {
    call,
    parts: { plan, columns, ...(selects !== undefined && { selects }) },
    inputs,
    answerPipe: pipes.answer,
    statements: createStatementRunner(engine.connection, call, () => cause),
    writer: new AnswerWriter(
      socket,
      Buffer.from(answerHead(call.keptColumns ?? columns, answer)),
      limits.maxBytes,
    ),
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
      throw cause ?? errorOfRun(inputs.raised ?? thrown, plan.runsUserSql, config);
    } finally {
      ended = true;
      clearInterval(interrupting);
      clearTimeout(timer);
      engine.inputs = null;
      inputs.close();
    }
  }

  return { queryId: call.queryId, done: execute(), abort };
}

async function runStatements(run: Run): Promise<RunStagesReply> {
  const { parts, inputs, statements, writer } = run;
  const mayBeFew = mayHaveFewRows(run);
  if (!mayBeFew) inputs.open();
  const few = mayBeFew ? await sendFewRows(run) : null;
  for (const sql of few === null ? createInputTables(parts) : []) await statements.runCounted(sql);
  const { rows, complete } = few ?? (await sendMany(run));
  writer.end();
  const endedAt = performance.now();
  const firstAt = writer.startedAt ?? endedAt;
  const phases = { dslMs: firstAt - run.startedAt, encodeMs: endedAt - firstAt };
  return { rows, bytes: writer.bytes, complete, inputRows: inputs.rows, phases };
}

async function sendMany(run: Run): Promise<SentAnswer> {
  return run.call.answer.format === 'arrow' ? sendArrow(run) : sendCopied(run, await chooseRows(run));
}

/** Chooses the rows to send. With a cap of the client's own they are set aside first, to know whether the cap cut any. */
async function chooseRows({ call, parts, statements }: Run): Promise<AnswerRows> {
  const { capRows, maxRows } = call.limits;
  if (capRows === null || capRows > maxRows)
    return { select: `${answerSelect(parts)} LIMIT ${maxRows + 1}`, complete: true };
  const found = await statements.runCounted(createAnswerTable(`${answerSelect(parts)} LIMIT ${capRows + 1}`));
  return { select: answerTableSelect(capRows), complete: found <= capRows };
}

/** Sends rows that the engine itself writes into the answer pipe. */
async function sendCopied(run: Run, { select, complete }: AnswerRows): Promise<SentAnswer> {
  const { answer, columns, limits } = run.call;
  const rows =
    answer.format === 'parquet'
      ? await sendParquet(run, select)
      : await sendThroughPipe(
          run,
          copyText(select, columns, answer, run.answerPipe),
          // The comma that ends every row of JSON must not follow the last.
          dropLast(answer.format === 'json' ? 1 : 0),
        );
  if (rows > limits.maxRows) throw tooManyRows(limits.maxRows);
  return { rows, complete };
}

function sendParquet(run: Run, select: string): Promise<number> {
  const { columns } = run.call;
  const standIns = standInsFor(columns);
  const names = standIns?.names ?? columns.map(({ name }) => name);
  const ending = standIns === null ? dropLast(0) : nameColumns(standIns, columns);
  return sendThroughPipe(run, copyParquet(select, columns, names, run.answerPipe), ending);
}

async function sendThroughPipe(run: Run, copySql: string, ending: AnswerEnding): Promise<number> {
  // Started first: while the engine plans it on a thread of its own, the pipe's reader is opened here.
  const counted = run.statements.runCounted(copySql);
  const pump = pumpAnswer(run.answerPipe, run.writer, ending, run.abort);
  run.discardAnswer = pump.discard;
  try {
    const rows = await counted;
    await pump.finish();
    return rows;
  } finally {
    pump.close();
  }
}

async function sendArrow({ call, parts, statements, writer }: Run): Promise<SentAnswer> {
  const { columns, limits } = call;
  const select = answerSelect(parts);
  const declared = columns.map(({ type }) => castTo(type));
  const isDeclared = (type: string | null): type is string => type !== null;
  const types = declared.every(isDeclared) ? declared : await statements.columnTypes(select);
  // Imported only now: it is large, and few queries ask for it.
  const { arrowSchema, arrowSelect, sendArrowStream } = await import('./arrow.ts');
  const most = Math.min(limits.capRows ?? limits.maxRows, limits.maxRows);
  const limited = `${select} LIMIT ${most + 1}`;
  const found = await statements.runCounted(createAnswerTable(arrowSelect(limited, columns, types)));
  const complete = found <= most;
  if (!complete && most !== limits.capRows) throw tooManyRows(limits.maxRows);
  const count = Math.min(found, most);
  const rows = await statements.stream(answerTableSelect(most));
  await sendArrowStream({ schema: arrowSchema(columns, types), writer, rows, count });
  return { rows: count, complete };
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
