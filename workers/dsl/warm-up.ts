/**
 * First queries through both ways of an answer on an engine that has not served yet, so that a user's first query finds code, memory
 * and pipes warm: one through the answer pipe (input, decoders, sort, text), and some by the short way of few rows, whose time
 * is mostly that of JavaScript's first calls.
 */
import { openInput } from '../../core/process/input-socket.ts';
import { WIRE_END, WIRE_HEADER } from '../../core/protocol/wire-rows.ts';
import type { Engine, EnginePipes } from './engine.ts';
import { sendFewRows } from './few-rows.ts';
import { readFifo } from './fifo.ts';
import { QueryInputs } from './inputs.ts';
import { createStatementRunner } from './statement-runner.ts';
import { answerSelect, copyText, type QueryParts } from './statements.ts';

const MAX_ROW_BYTES = 64 * 1024;
/** The number of queries on few rows. */
const SHORT_QUERIES = 4;
/** 1, 'a', 1.5, 2001-01-01 00:00:00, and a row of nulls. */
const ROWS = Buffer.concat([
  WIRE_HEADER,
  Buffer.from(
    '0004 00000008 0000000000000001 00000001 61 00000008 3ff8000000000000'.replaceAll(' ', ''),
    'hex',
  ),
  Buffer.from(
    '00000008 00001cc2a9eb4000 0004 ffffffff ffffffff ffffffff ffffffff'.replaceAll(' ', ''),
    'hex',
  ),
  WIRE_END,
]);

const PARTS: QueryParts = {
  plan: {
    sql: 'WITH s1 AS (SELECT n, t, f, d FROM input WHERE n > $1), s2 AS (SELECT t, max(d) AS d, count(*) AS n, sum(f) AS f FROM s1 GROUP BY t) SELECT * FROM s2 ORDER BY n DESC',
    parameters: [{ name: 'least', kind: 'int64' }],
    inputs: [
      {
        name: 'input',
        columns: [
          { name: 'n', wire: 'int64', expression: null },
          { name: 't', wire: 'text', expression: null },
          { name: 'f', wire: 'float64', expression: null },
          { name: 'd', wire: 'timestamp', expression: null },
        ],
        scans: 1,
      },
    ],
    runsUserSql: false,
  },
  columns: [
    { name: 't', type: { kind: 'string' } },
    { name: 'd', type: { kind: 'timestamp' } },
    { name: 'n', type: { kind: 'int64' } },
    { name: 'f', type: { kind: 'float64' } },
  ],
};
const ANSWER = { format: 'json', rows: 'objects', numbers: 'number' } as const;
const LIMITS = { maxRows: 100, maxBytes: 64 * 1024, capRows: null };

export async function warmUp(engine: Engine, pipes: EnginePipes): Promise<void> {
  await withRows(engine, pipes, (inputs) => throughPipe(engine, pipes, inputs));
  for (let index = 0; index < SHORT_QUERIES; index++)
    await withRows(engine, pipes, (inputs) => byShortWay(engine, inputs));
}

/** Runs a query on the rows, which are written into its input. */
async function withRows(
  engine: Engine,
  pipes: EnginePipes,
  run: (inputs: QueryInputs) => Promise<void>,
): Promise<void> {
  const inputs = new QueryInputs(PARTS.plan, pipes.inputs, MAX_ROW_BYTES);
  engine.inputs = inputs;
  let ended = false;
  const written = openInput(pipes.inputs[0]!, () => ended).then((socket) =>
    socket?.on('error', () => {}).end(ROWS),
  );
  try {
    await run(inputs);
  } finally {
    ended = true;
    engine.inputs = null;
    inputs.close();
    await written;
  }
}

async function throughPipe(engine: Engine, pipes: EnginePipes, inputs: QueryInputs): Promise<void> {
  const reader = readFifo(pipes.answer, () => {});
  try {
    inputs.open();
    await engine.connection.run(copyText(answerSelect(PARTS), PARTS.columns, ANSWER, pipes.answer), [0n]);
    await reader.writerDone();
  } finally {
    reader.destroy();
  }
}

async function byShortWay(engine: Engine, inputs: QueryInputs): Promise<void> {
  const statements = createStatementRunner(
    engine.connection,
    { plan: PARTS.plan, parameters: [0] },
    () => null,
  );
  const call = { answer: ANSWER, limits: LIMITS };
  // Null, where the machine is so slow that the rows did not come in time, does no harm.
  await sendFewRows({ call, parts: PARTS, inputs, statements, writer: { writeLast: () => {} } });
}
