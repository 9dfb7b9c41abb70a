/** Runs plans for a kind of database by its own connector, as SQL workers do, and its stages in an engine in this process. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { isLosslessNumber, parse, stringify } from 'lossless-json';
import { createCallControl } from '../../connectors/kit/call-control.ts';
import type { Session } from '../../connectors/kit/connector.ts';
import { MARIADB_CONNECTOR } from '../../connectors/mariadb/connector.ts';
import { SPARK_CONNECTOR } from '../../connectors/spark/connector.ts';
import type { MariadbConnection, SparkConnection, SqliteConnection } from '../../core/protocol/connection.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import { databaseText, parameterKind } from '../../core/protocol/parameters.ts';
import type { Ask, AskAnswer, Plan, Pushdown, SourcePlan } from '../../core/protocol/plan.ts';
import type { DescribeReply } from '../../core/protocol/sql-worker.ts';
import { planQuery } from '../../language/compile.ts';
import { JUDGES_NOTHING } from '../../language/source/judged-functions.ts';
import { takeInput } from '../support/input-taker.ts';
import { openSqliteHere } from '../support/sqlite-session.ts';
import { type Outcome, outcomeOf, type Params, shown } from './engines.ts';
import { runWorker } from './worker-plan.ts';

const CALL_MS = 60_000;
const LIMITS = { capRows: null, maxRows: 1e6, maxBytes: 1e9 };
const MAX_ROW_BYTES = 4 * 1024 * 1024;
const MOST_COPIES = 200;

type Config = MariadbConnection | SqliteConnection | SparkConnection;
type CallSession = Pick<Session, 'describe' | 'run' | 'copyTo' | 'end'>;

export class ConnectorEngine {
  readonly kind: Config['kind'];
  readonly #session: CallSession;
  readonly #duck: DuckDBConnection;
  readonly #dir: string;
  /** Rows by the source that they are of, and columns by SQL; forgotten when the data changes. */
  readonly #copies = new Map<string, Buffer>();
  readonly #described = new Map<string, DescribeReply>();

  private constructor(kind: Config['kind'], session: CallSession, duck: DuckDBConnection, dir: string) {
    this.kind = kind;
    this.#session = session;
    this.#duck = duck;
    this.#dir = dir;
  }

  static async open(config: Config, duck: DuckDBConnection): Promise<ConnectorEngine> {
    const session = config.kind === 'sqlite' ? await openSqliteHere(config.path) : await opened(config);
    const dir = await mkdtemp(join(tmpdir(), 'forkline-oracle-'));
    return new ConnectorEngine(config.kind, session, duck, dir);
  }

  async close(): Promise<void> {
    await this.#session.end();
    await rm(this.#dir, { recursive: true });
  }

  /** The tables are others now. */
  forget(): void {
    this.#copies.clear();
    this.#described.clear();
  }

  /** Throws QueryError where the query is refused. */
  async plan(text: string, pushdown: Pushdown, params: Params = {}): Promise<Plan> {
    const answers: Record<string, AskAnswer> = {};
    const parameters = Object.fromEntries(
      Object.entries(params).map(([name, value]) => [name, parameterKind(name, value)]),
    );
    for (;;) {
      const request = {
        ...{ text, parameters, connection: 'main', dialects: { main: this.kind } },
        ...{ pushdown, throughWorker: false, answers },
      };
      const step = planQuery(request, JUDGES_NOTHING);
      if (step.kind === 'plan') return step.plan;
      for (const ask of step.asks) answers[ask.key] = await this.#answer(ask, params);
    }
  }

  async #answer(ask: Ask, params: Params): Promise<AskAnswer> {
    if (ask.kind === 'source') return { kind: 'source', ...(await this.#describe(ask.sql)) };
    if (ask.kind === 'engine')
      throw new Error('SQL for the stage engine is never placed: nothing to compare');
    if (ask.kind === 'scans') throw new Error('a database has no files to scan');
    if (ask.kind === 'models') throw new Error('there is no catalogue');
    const outcome = await this.run(ask.plan, params);
    if (outcome.kind !== 'rows')
      throw new QueryError('bad-value', `the values were not found: ${outcome.message}`);
    const values = outcome.rows.map(([cell]): unknown => (cell === null ? null : JSON.parse(cell!)));
    return { kind: 'values', values: values.slice(0, ask.atMost), complete: values.length <= ask.atMost };
  }

  async #describe(sql: string): Promise<DescribeReply> {
    const known = this.#described.get(sql);
    if (known !== undefined) return known;
    const described = await this.#session.describe({ ...call(), sql }, createControl());
    this.#described.set(sql, described);
    return described;
  }

  async run(plan: Plan, params: Params = {}): Promise<Outcome> {
    try {
      if (plan.worker === null) return await this.#inDatabase(plan, params);
      const inputs = [];
      for (const source of plan.sources) inputs.push(await this.#copied(source, params));
      return await runWorker(this.#duck, plan, inputs, params);
    } catch (thrown) {
      if (!(thrown instanceof QueryError)) return outcomeOf(thrown);
      const { code, message } = thrown;
      const isValue = code === 'bad-value' || thrown.details.sqlFault === 'value';
      return isValue
        ? { kind: 'failed', message, entering: false }
        : { kind: 'broken', message: `${code}: ${message}` };
    }
  }

  async #inDatabase({ sources: [source], columns }: Plan, params: Params): Promise<Outcome> {
    const pieces: Buffer[] = [];
    const sink = {
      write(bytes: Buffer, onWritten: () => void) {
        pieces.push(Buffer.from(bytes));
        onWritten();
        return true;
      },
      setOnDrain() {},
    };
    const { sql, placed, databaseColumns } = source!;
    await this.#session.run(
      {
        ...{ ...call(), sql, described: placed?.described ?? [], parameters: bound(source!, params) },
        ...(databaseColumns !== null && { expect: databaseColumns }),
        ...{
          answer: { format: 'json', rows: 'arrays', numbers: 'number' },
          limits: LIMITS,
          maxRowBytes: MAX_ROW_BYTES,
        },
      },
      sink,
      createControl(),
    );
    const text = `${Buffer.concat(pieces).toString()}]}`;
    const { columns: found, rows } = parse(text) as {
      columns: { name: string; type: string }[];
      rows: unknown[][];
    };
    const is = found.map(({ name, type }) => `${name} ${type}`).join(', ');
    if (columns !== null && is !== shown(columns))
      return { kind: 'broken', message: `promised ${shown(columns)}, found ${is}` };
    const cells = rows.map((row) => row.map((cell) => (cell === null ? null : cellText(cell))));
    return { kind: 'rows', columns: columns!, rows: cells };
  }

  async #copied(source: SourcePlan, params: Params): Promise<Buffer> {
    const { sql, databaseColumns, parameterTypes, placed } = source;
    const key = JSON.stringify([source, bound(source, params)]);
    const known = this.#copies.get(key);
    if (known !== undefined) return known;
    const fifo = join(this.#dir, 'input');
    const taken = takeInput(fifo);
    await this.#session
      .copyTo(
        {
          ...{
            ...call(),
            sql,
            described: placed?.described ?? [],
            parameters: bound(source, params),
            parameterTypes: parameterTypes ?? [],
          },
          ...{ expect: databaseColumns!, fifo, maxRowBytes: MAX_ROW_BYTES },
        },
        createControl(),
      )
      .catch((thrown: unknown) => {
        taken.close();
        throw thrown;
      });
    const bytes = await taken.bytes;
    if (this.#copies.size === MOST_COPIES) this.#copies.delete(this.#copies.keys().next().value!);
    this.#copies.set(key, bytes);
    return bytes;
  }
}

function bound({ parameters }: SourcePlan, params: Params): readonly (string | null)[] {
  return parameters.map((name) => databaseText(params[name] ?? null));
}

async function opened(config: MariadbConnection | SparkConnection): Promise<Session> {
  const options = { name: 'main', workerId: 'oracle', connectTimeoutMs: CALL_MS };
  const connection =
    config.kind === 'spark'
      ? SPARK_CONNECTOR.connect(config, options)
      : MARIADB_CONNECTOR.connect(config, options);
  return (await connection.open()).session;
}

function cellText(cell: unknown): string {
  return isLosslessNumber(cell) ? cell.value : stringify(cell)!;
}

function call() {
  return { queryId: 'oracle', connection: 'main', functions: [], deadlineAt: Date.now() + CALL_MS };
}

function createControl() {
  const control = createCallControl(Date.now() + CALL_MS);
  control.dispose(); // no timer: the call has the same time
  return control;
}
