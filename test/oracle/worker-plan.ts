/** Runs a plan's statement of stages in an engine of this process over rows that sources have sent. */
import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api';
import { engineValue } from '../../core/protocol/parameters.ts';
import type { Plan } from '../../core/protocol/plan.ts';
import { answerSelect, createInputTables } from '../../workers/dsl/statements.ts';
import { jsonText } from '../../workers/dsl/value-text.ts';
import { giveInputs } from '../support/engine-inputs.ts';
import type { Cells, Outcome, Params } from './engines.ts';

/** `bytes`: what each source has sent; none where each of `selects` reads one from files. */
export async function runWorker(
  duck: DuckDBConnection,
  plan: Plan,
  bytes: readonly Uint8Array[],
  params: Params = {},
  selects?: readonly string[],
): Promise<Outcome> {
  const worker = plan.worker!;
  const columns = plan.columns!;
  giveInputs(
    duck,
    bytes.map((each, index) => ({ columns: worker.inputs[index]!.columns, bytes: each })),
  );
  const parts = { plan: worker, columns, ...(selects !== undefined && { selects }) };
  for (const sql of createInputTables(parts)) await duck.run(sql);
  try {
    const cells = columns.map(({ type }, index) => `${jsonText(type, `c${index}`, 'number')} AS c${index}`);
    const values = worker.parameters.map(({ name, kind }): DuckDBValue => {
      const value = engineValue(params[name]!);
      return kind === 'int64' ? BigInt(value!) : value;
    });
    const reader = await duck.runAndReadAll(
      `SELECT ${cells.join(', ')} FROM (${answerSelect(parts)}) AS r`,
      values,
    );
    return { kind: 'rows', columns, rows: reader.getRowsJson() as Cells[] };
  } finally {
    for (const { name, scans } of worker.inputs)
      if (scans > 1) await duck.run(`DROP TABLE IF EXISTS ${name}`);
  }
}
