/** The further cases of the legacy language, planned and run in a stage engine of this process, which also holds their tables. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { expect } from 'chai';
import type { Ask, AskAnswer, Plan, PlanRequest } from '../../../../../core/protocol/plan.ts';
import type { DatabaseColumn } from '../../../../../core/protocol/types.ts';
import { planQuery } from '../../../../../language/compile.ts';
import { quoteName } from '../../../../../language/dialects/duckdb/sql.ts';
import { nativeType } from '../../../../../language/dialects/postgres/types.ts';
import { JUDGES_NOTHING } from '../../../../../language/source/judged-functions.ts';
import type { LegacyCase } from '../../../../fixtures/legacy/cases/case.ts';
import { CASES, legacyTables, mistake } from '../../../../support/legacy-cases.ts';
import { TEST_CONNECTIONS } from '../../../../support/test-connections.ts';
import { openDuckDb } from '../../run-plan.ts';

/** The object ids of PostgreSQL's types. */
const OIDS: Readonly<Record<string, number>> = {
  BOOLEAN: 16,
  BIGINT: 20,
  INTEGER: 23,
  VARCHAR: 25,
  DOUBLE: 701,
  DATE: 1082,
  TIMESTAMP: 1114,
};

function columnsOf(prepared: Awaited<ReturnType<DuckDBConnection['prepare']>>) {
  return Array.from({ length: prepared.columnCount }, (_, index) => ({
    name: prepared.columnName(index),
    engineType: String(prepared.columnType(index)),
  }));
}

class CaseRunner {
  readonly #duck: DuckDBConnection;

  constructor(duck: DuckDBConnection) {
    this.#duck = duck;
  }

  async answer({
    query,
    model,
  }: LegacyCase): Promise<{ readonly columns: readonly string[]; readonly rows: unknown[][] }> {
    const request: PlanRequest = {
      ...{ text: query, language: 'legacy', parameters: {}, connection: 'main' },
      ...(model !== undefined && { model }),
      ...{ dialects: TEST_CONNECTIONS, pushdown: 'off', throughWorker: true },
      answers: {},
    };
    const plan = await this.#plan(request);
    return { columns: plan.columns!.map(({ name }) => name), rows: await this.#run(plan) };
  }

  async #plan(request: PlanRequest): Promise<Plan> {
    const answers: Record<string, AskAnswer> = {};
    for (;;) {
      const step = planQuery({ ...request, answers }, JUDGES_NOTHING);
      if (step.kind === 'plan') return step.plan;
      for (const ask of step.asks) answers[ask.key] = await this.#tell(ask);
    }
  }

  async #tell(ask: Ask): Promise<AskAnswer> {
    if (ask.kind === 'source')
      return { kind: 'source', columns: await this.#describe(ask.sql), parameterTypes: [] };
    if (ask.kind === 'engine') {
      for (const { name, columns } of ask.relations) {
        const items = columns.map((column) => `${quoteName(column.name)} ${column.engineType}`);
        await this.#duck.run(`CREATE OR REPLACE TEMP TABLE ${name} (${items.join(', ')})`);
      }
      const prepared = await this.#duck.prepare(`SELECT * FROM (${ask.sql}\n) AS described`);
      return { kind: 'engine', columns: columnsOf(prepared) };
    }
    if (ask.kind === 'values') {
      const values = (await this.#run(ask.plan)).map(([value]) => value as string);
      return { kind: 'values', values: values.slice(0, ask.atMost), complete: values.length <= ask.atMost };
    }
    throw new Error(`nobody asks for ${ask.kind} here`);
  }

  async #describe(sql: string): Promise<readonly DatabaseColumn[]> {
    return columnsOf(await this.#duck.prepare(sql)).map(({ name, engineType }) => ({
      name,
      type: nativeType(OIDS[engineType] ?? 1700),
    }));
  }

  async #run({ worker, sources }: Plan): Promise<unknown[][]> {
    for (const [index, { name, columns }] of worker!.inputs.entries()) {
      const counted = columns.length === 1 && columns[0]!.name === 'row';
      const items = counted ? '1 AS "row"' : columns.map((column) => quoteName(column.name)).join(', ');
      const rows = `SELECT ${items} FROM (${sources[index]!.sql})`;
      await this.#duck.run(`CREATE OR REPLACE TEMP TABLE ${name} AS ${rows}`);
    }
    const read = await this.#duck.runAndReadAll(worker!.sql);
    const whole = read.columnTypes().map((type) => ['BIGINT', 'HUGEINT'].includes(String(type)));
    const rows = read.getRowsJson() as unknown[][];
    return rows.map((row) => row.map((cell, index) => (whole[index] && cell !== null ? Number(cell) : cell)));
  }
}

describe('further cases of the legacy language, in the stage engine', function () {
  this.timeout(60_000);
  let duck: DuckDBConnection;
  let runner: CaseRunner;

  before(async () => {
    duck = await openDuckDb();
    await duck.run(legacyTables('main'));
    runner = new CaseRunner(duck);
  });
  after(() => duck.closeSync());

  for (const each of CASES)
    it(each.query, async () => {
      expect(mistake(each, await runner.answer(each))).to.equal(null);
    });
});
