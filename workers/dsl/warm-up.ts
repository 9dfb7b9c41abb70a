/**
 * A first query through the whole path (input pipe, CSV reader, sort, text, answer pipe) on an engine that has not
 * served yet, so that a user's first query finds code, memory and pipes warm.
 */
import type { Engine, EnginePipes } from './engine.ts';
import { readFifo, writeToFifo } from './fifo.ts';
import { answerSelect, copyText, type QueryParts } from './statements.ts';

const ROWS = Buffer.from('1,a,1.5,2001-01-01 00:00:00\n2,,,\n');

export async function warmUp({ connection }: Engine, pipes: EnginePipes): Promise<void> {
  const parts: QueryParts = {
    plan: {
      sql: 'WITH s1 AS (SELECT n, t, f, d FROM input WHERE n > $1), s2 AS (SELECT t, max(d) AS d, count(*) AS n, sum(f) AS f FROM s1 GROUP BY t) SELECT * FROM s2 ORDER BY n DESC',
      parameters: [{ name: 'least', kind: 'int64' }],
      inputs: [
        {
          name: 'input',
          columns: [
            { name: 'n', csvType: 'BIGINT', expression: null },
            { name: 't', csvType: 'VARCHAR', expression: null },
            { name: 'f', csvType: 'DOUBLE', expression: null },
            { name: 'd', csvType: 'TIMESTAMP', expression: null },
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
    inputFifos: pipes.inputs,
    maxRowBytes: 64 * 1024,
  };
  const answer = { format: 'json', rows: 'objects', numbers: 'number' } as const;
  const reader = readFifo(pipes.answer, () => {});
  let ended = false;
  const written = writeToFifo(pipes.inputs[0]!, ROWS, () => ended);
  try {
    await connection.run(copyText(answerSelect(parts), parts.columns, answer, pipes.answer), [0n]);
    await reader.writerDone();
  } finally {
    ended = true;
    reader.destroy();
    await written;
  }
}
