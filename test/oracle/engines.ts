/**
 * Runs a plan for real: its sources in a PostgreSQL, over the wire as text, its worker in a DuckDB in this process that
 * reads what PostgreSQL's COPY wrote. The answer is each cell's JSON text, made by the encoders that the workers use.
 */
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import pg from 'pg';
import { ByteWriter } from '../../connectors/kit/encode/byte-writer.ts';
import { jsonEncoder } from '../../connectors/kit/encode/cell-encoders.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import { databaseText, type ParameterValue, parameterKind } from '../../core/protocol/parameters.ts';
import type { Ask, AskAnswer, Plan, Pushdown, SourcePlan } from '../../core/protocol/plan.ts';
import { type Column, type DatabaseColumn, typeName } from '../../core/protocol/types.ts';
import { planQuery } from '../../language/compile.ts';
import { databaseColumnToColumn, nativeType } from '../../language/dialects/postgres/types.ts';
import { JUDGES_NOTHING } from '../../language/source/judged-functions.ts';
import { engineError } from '../../workers/dsl/engine-errors.ts';
import { copyBinary } from '../support/engine-inputs.ts';
import { TEST_CONNECTIONS } from '../support/test-connections.ts';
import { runWorker } from './worker-plan.ts';

export type Params = Readonly<Record<string, ParameterValue>>;
export type Cells = readonly (string | null)[];

export type Outcome =
  | { readonly kind: 'rows'; readonly columns: readonly Column[]; readonly rows: readonly Cells[] }
  /** A value could not be computed. `entering`: it could not even enter the stage engine. */
  | { readonly kind: 'failed'; readonly message: string; readonly entering: boolean }
  /** A failure that no data may cause: a statement that does not parse, a type that is not the promised one. */
  | { readonly kind: 'broken'; readonly message: string };

/** Thrown where a query that must run before there is a plan fails of a value. */
export class ValuesFailed extends Error {
  readonly outcome: Extract<Outcome, { kind: 'failed' }>;

  constructor(outcome: Extract<Outcome, { kind: 'failed' }>) {
    super(outcome.message);
    this.outcome = outcome;
  }
}

const SETTINGS = `SET timezone = 'UTC'; SET datestyle = 'ISO, MDY'; SET intervalstyle = 'postgres';
  SET bytea_output = 'hex'; SET extra_float_digits = 1; SET standard_conforming_strings = on`;
const LIMITS = {
  memoryBytes: 1,
  spillBytes: 1,
  spillDir: '/nowhere',
  fifoPath: '/nowhere/in',
};
const MOST_COPIES = 500;

export class Engines {
  readonly client: pg.Client;
  readonly #duck: DuckDBConnection;
  /** Rows by the SQL that gives them; forgotten when the data changes. */
  readonly #copies = new Map<string, Buffer>();
  readonly #described = new Map<string, readonly DatabaseColumn[]>();

  private constructor(client: pg.Client, duck: DuckDBConnection) {
    this.client = client;
    this.#duck = duck;
  }

  static async open(url: string): Promise<Engines> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(SETTINGS);
    const instance = await DuckDBInstance.create(':memory:', {
      threads: '1',
      preserve_insertion_order: 'true',
    });
    const duck = await instance.connect();
    await duck.run("SET TimeZone = 'UTC'");
    return new Engines(client, duck);
  }

  /** The engine that runs the stages. */
  get duck(): DuckDBConnection {
    return this.#duck;
  }

  async close(): Promise<void> {
    this.#duck.closeSync();
    await this.client.end();
  }

  /** The tables are others now. */
  forget(): void {
    this.#copies.clear();
    this.#described.clear();
  }

  /** Throws QueryError where the query is refused, and ValuesFailed. */
  async plan(text: string, pushdown: Pushdown, params: Params = {}): Promise<Plan> {
    const answers: Record<string, AskAnswer> = {};
    const parameters = Object.fromEntries(
      Object.entries(params).map(([name, value]) => [name, parameterKind(name, value)]),
    );
    for (;;) {
      const request = {
        text,
        parameters,
        connection: 'main',
        dialects: TEST_CONNECTIONS,
        pushdown,
        throughWorker: false,
        answers,
      };
      const step = planQuery(request, JUDGES_NOTHING);
      if (step.kind === 'plan') return step.plan;
      for (const ask of step.asks) {
        answers[ask.key] = await this.#answer(ask, params);
      }
    }
  }

  async #answer(ask: Ask, params: Params): Promise<AskAnswer> {
    if (ask.kind === 'source')
      return { kind: 'source', columns: await this.describe(ask.sql), parameterTypes: [] };
    if (ask.kind === 'models') throw new Error('there is no catalogue');
    if (ask.kind === 'engine')
      throw new Error('SQL for the stage engine is never placed: nothing to compare');
    if (ask.kind === 'scans') throw new Error('a database has no files to scan');
    const outcome = await this.run(ask.plan, params);
    if (outcome.kind === 'broken')
      throw new QueryError('bad-value', `the values were not found: ${outcome.message}`);
    if (outcome.kind === 'failed') throw new ValuesFailed(outcome);
    const values = outcome.rows.map(([cell]): unknown => (cell === null ? null : JSON.parse(cell!)));
    return { kind: 'values', values: values.slice(0, ask.atMost), complete: values.length <= ask.atMost };
  }

  async run(plan: Plan, params: Params = {}): Promise<Outcome> {
    try {
      const [source] = plan.sources;
      return plan.worker === null
        ? await this.#inDatabase(source!, plan.columns!, params)
        : await this.#inWorker(plan, params);
    } catch (thrown) {
      return outcomeOf(thrown);
    }
  }

  async describe(sql: string): Promise<readonly DatabaseColumn[]> {
    const known = this.#described.get(sql);
    if (known !== undefined) return known;
    const { fields } = await this.client.query(`SELECT * FROM (\n${sql}\n) AS described LIMIT 0`);
    const columns = fields.map((field) => ({
      name: field.name,
      type: nativeType(field.dataTypeID, field.dataTypeModifier),
    }));
    this.#described.set(sql, columns);
    return columns;
  }

  async #inDatabase(source: SourcePlan, columns: readonly Column[], params: Params): Promise<Outcome> {
    const result = await this.client.query({
      text: source.sql,
      values: source.parameters.map((name) => databaseText(params[name] ?? null)),
      rowMode: 'array',
      types: { getTypeParser: () => (value: string) => value },
    });
    const found = result.fields.map((field) =>
      databaseColumnToColumn({
        name: field.name,
        type: nativeType(field.dataTypeID, field.dataTypeModifier),
      }),
    );
    if (shown(found) !== shown(columns))
      return { kind: 'broken', message: `promised ${shown(columns)}, found ${shown(found)}` };
    const encoders = columns.map(({ type }) => jsonEncoder(type, 'number'));
    const rows = result.rows.map((row: (string | null)[]) =>
      row.map((value, index) => (value === null ? null : encoded(encoders[index]!, value))),
    );
    return { kind: 'rows', columns, rows };
  }

  async #inWorker(plan: Plan, params: Params): Promise<Outcome> {
    const bytes: Buffer[] = [];
    for (const source of plan.sources) bytes.push(await this.#copy(source, params));
    return runWorker(this.#duck, plan, bytes, params);
  }

  /** Returns the source's rows. Bound values are not supported here: COPY takes none. */
  async #copy(source: SourcePlan, params: Params): Promise<Buffer> {
    const sql = withValues(source, params);
    const known = this.#copies.get(sql);
    if (known !== undefined) return known;
    const bytes = await copyBinary(this.client, sql);
    if (this.#copies.size === MOST_COPIES) this.#copies.delete(this.#copies.keys().next().value!);
    this.#copies.set(sql, bytes);
    return bytes;
  }
}

/** One writer for all cells: each new one takes a buffer, and those of a cell each took most of the oracle's time. */
let emitted = '';
const writer = new ByteWriter((bytes) => {
  emitted += bytes.toString();
});

function encoded(encode: ReturnType<typeof jsonEncoder>, value: string): string {
  emitted = '';
  const bytes = Buffer.from(value);
  encode(writer, bytes, 0, bytes.length);
  const text = emitted + writer.buffer.toString('utf8', 0, writer.position);
  writer.position = 0;
  return text;
}

/** Only the oracle's own values get here, so that quoting them is safe. */
function withValues({ sql, parameters }: SourcePlan, params: Params): string {
  return parameters.reduceRight((text, name, index) => {
    const value = databaseText(params[name] ?? null);
    const literal = value === null ? 'NULL' : `'${value.replaceAll("'", "''")}'`;
    return text.replaceAll(`$${index + 1}`, literal);
  }, sql);
}

/** Names and types. */
export function shown(columns: readonly Column[]): string {
  return columns.map(({ name, type }) => `${name} ${typeName(type)}`).join(', ');
}

/** Values that a worker's input refuses, and the canonical form of a column in the database likewise. */
const ENTERING =
  /BC' is not a valid|Error when converting column|before Christ|several dimensions|bigint: "NaN"/;

export function outcomeOf(thrown: unknown): Outcome {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const entering = ENTERING.test(message);
  if (thrown instanceof pg.DatabaseError) {
    const isData = /^(22|21000)/.test(thrown.code ?? '');
    return isData ? { kind: 'failed', message, entering } : { kind: 'broken', message };
  }
  const error = thrown instanceof QueryError ? thrown : engineError(thrown, LIMITS);
  if (error.code === 'internal') return { kind: 'broken', message };
  return { kind: 'failed', message, entering };
}
