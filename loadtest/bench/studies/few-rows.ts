/**
 * Measures what a query on few rows costs in the engine, and the two ways of its answer: `COPY ... TO` a pipe that is read here,
 * and the text of the rows taken from the result. 100 rows come in, as a SQL worker sends them; answers have 20, 1,000 and 100,000 rows.
 *
 *   npx tsx loadtest/bench/studies/few-rows.ts [rounds]
 *
 * Ways are interleaved. It prints the least and the median of the time, and the CPU of all threads, in ms and as ratios to COPY.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AnswerOptions } from '../../../core/protocol/answer.ts';
import type { Column } from '../../../core/protocol/types.ts';
import { RowSource } from '../../../workers/dsl/chunks/row-source.ts';
import { createEngine, type Engine, type EnginePipes } from '../../../workers/dsl/engine.ts';
import { textOf } from '../../../workers/dsl/few-rows.ts';
import { createFifos, readFifo } from '../../../workers/dsl/fifo.ts';
import type { QueryInputs } from '../../../workers/dsl/inputs.ts';
import {
  answerSelect,
  copyText,
  type QueryParts,
  rowSeparator,
  textSelect,
} from '../../../workers/dsl/statements.ts';
import { type InputKinds, inputStream, stagesCall } from '../../dsl-process.ts';

const INPUT: InputKinds = { host: 'string', bytes: 'int64' };
const COLUMNS: readonly Column[] = [
  { name: 'host', type: { kind: 'string' } },
  { name: 'n', type: { kind: 'int64' } },
  { name: 'most', type: { kind: 'int64' } },
];
const ANSWER: AnswerOptions = { format: 'json', rows: 'objects', numbers: 'number' };
const STREAM = inputStream(
  INPUT,
  Array.from({ length: 100 }, (_, i) => [`host-${i % 40}`, (i * 104_729) % 1_000_000]),
);

function partsOf(times: number): QueryParts {
  const groups = `SELECT host, count(*) AS n, max(bytes) AS most FROM input WHERE bytes > 1500 GROUP BY 1`;
  const sql = `SELECT host, n, most FROM (${groups} ORDER BY n DESC, host LIMIT 20), range(${times})`;
  return { plan: stagesCall(sql, INPUT, COLUMNS).plan, columns: COLUMNS };
}

type Way = () => Promise<number>;

interface Bench {
  readonly engine: Engine;
  readonly pipes: EnginePipes;
}

function giveRows({ engine }: Bench, { plan }: QueryParts): void {
  const source = new RowSource({
    columns: plan.inputs[0]!.columns,
    maxRowBytes: STREAM.length,
    onRoom: () => {},
  });
  source.push(STREAM);
  // The engine asks for nothing else.
  engine.inputs = { sourceOf: () => source } as unknown as QueryInputs;
}

async function byCopy(bench: Bench, parts: QueryParts): Promise<number> {
  giveRows(bench, parts);
  let bytes = 0;
  const reader = readFifo(bench.pipes.answer, (block) => (bytes += block.length));
  await bench.engine.connection.run(copyText(answerSelect(parts), parts.columns, ANSWER, bench.pipes.answer));
  await reader.writerDone();
  return bytes;
}

async function fromResult(bench: Bench, parts: QueryParts): Promise<number> {
  giveRows(bench, parts);
  const select = textSelect(answerSelect(parts), parts.columns, ANSWER);
  const statement = await bench.engine.connection.prepare(select);
  const result = await statement.run();
  const text = textOf(result, result.rowCount, rowSeparator(ANSWER), true);
  statement.destroySync();
  return text.length;
}

async function plannedOnly(bench: Bench, parts: QueryParts): Promise<number> {
  giveRows(bench, parts);
  const select = textSelect(answerSelect(parts), parts.columns, ANSWER);
  (await bench.engine.connection.prepare(select)).destroySync();
  return 0;
}

async function compare(ways: Readonly<Record<string, Way>>, rounds: number): Promise<void> {
  const found = Object.keys(ways).map((name) => ({ name, ms: [] as number[], cpuMs: 0, bytes: 0 }));
  for (let round = -5; round < rounds; round++) {
    for (const each of found) {
      const cpu = process.cpuUsage();
      const startedAt = performance.now();
      each.bytes = await ways[each.name]!();
      const ms = performance.now() - startedAt;
      const { user, system } = process.cpuUsage(cpu);
      if (round < 0) continue; // warms up
      each.ms.push(ms);
      each.cpuMs += (user + system) / 1000 / rounds;
    }
  }
  const sorted = found.map(({ ms, ...rest }) => ({ ...rest, ms: ms.toSorted((a, b) => a - b) }));
  const [copy] = sorted;
  for (const { name, ms, cpuMs, bytes } of sorted) {
    if (bytes !== 0 && bytes !== copy!.bytes) throw new Error(`${name}: ${bytes} bytes, not ${copy!.bytes}`);
    const figures = [ms[0]!, ms[rounds >> 1]!, cpuMs];
    const base = [copy!.ms[0]!, copy!.ms[rounds >> 1]!, copy!.cpuMs];
    const cells = figures.map(
      (value, index) => `${value.toFixed(2)} (${(value / base[index]!).toFixed(2)} x)`,
    );
    console.log(`  ${name.padEnd(30)} least ${cells[0]}, median ${cells[1]}, CPU ${cells[2]}`);
  }
}

async function main(rounds: number): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'forkline-few-rows-'));
  const spillDir = join(dir, 'spill');
  mkdirSync(spillDir);
  const pipes: EnginePipes = { inputs: [], answer: join(dir, 'answer') };
  createFifos([pipes.answer]);
  const [socketPath, fifoPath] = [join(dir, 'unused'), join(dir, 'unused')];
  const limits = { memoryBytes: 512 * 1024 ** 2, spillBytes: 1024 ** 3, threads: 1 };
  const engine = await createEngine(
    { socketPath, fifoPath, spillDir, files: {}, extensionDir: dir, ...limits },
    pipes,
  );
  try {
    const bench = { engine, pipes };
    for (const [rows, of] of [
      [20, rounds],
      [1000, rounds],
      [100_000, Math.max(1, rounds >> 4)],
    ] as const) {
      const parts = partsOf(rows / 20);
      console.log(`an answer of ${rows} rows, ${of} rounds, in ms`);
      await compare(
        {
          'COPY into a pipe': () => byCopy(bench, parts),
          'prepared, text of the result': () => fromResult(bench, parts),
          'prepared only': () => plannedOnly(bench, parts),
        },
        of,
      );
    }
  } finally {
    engine.close();
    rmSync(dir, { recursive: true });
  }
}

await main(Number(process.argv[2] ?? 200));
