/**
 * A first query through the whole path (input pipe, decoders, sort, text, answer pipe) on an engine that has not
 * served yet, so that a user's first query finds code, memory and pipes warm.
 */
import { WIRE_END, WIRE_HEADER } from '../../core/protocol/wire-rows.ts';
import type { Engine, EnginePipes } from './engine.ts';
import { readFifo, writeToFifo } from './fifo.ts';
import { QueryInputs } from './inputs.ts';
import { answerSelect, copyText, type QueryParts } from './statements.ts';

const MAX_ROW_BYTES = 64 * 1024;
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

export async function warmUp(engine: Engine, pipes: EnginePipes): Promise<void> {
  const parts: QueryParts = {
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
  const answer = { format: 'json', rows: 'objects', numbers: 'number' } as const;
  const reader = readFifo(pipes.answer, () => {});
  const inputs = new QueryInputs(parts.plan, pipes.inputs, MAX_ROW_BYTES);
  engine.inputs = inputs;
  inputs.open();
  let ended = false;
  const written = writeToFifo(pipes.inputs[0]!, ROWS, () => ended);
  try {
    await engine.connection.run(copyText(answerSelect(parts), parts.columns, answer, pipes.answer), [0n]);
    await reader.writerDone();
  } finally {
    ended = true;
    engine.inputs = null;
    inputs.close();
    reader.destroy();
    await written;
  }
}
