/** Runs plans over the table `data` as a Parquet file: planned, pruned and scanned as DSL workers do, by an engine in this process. */
import { mkdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { DuckDBInstance } from '@duckdb/node-api';
import { QueryError } from '../../core/protocol/errors.ts';
import type { Ask, AskAnswer, Plan, Pushdown } from '../../core/protocol/plan.ts';
import { planQuery } from '../../language/compile.ts';
import { JUDGES_NOTHING } from '../../language/source/judged-functions.ts';
import { describeScan } from '../../workers/dsl/describe-scan.ts';
import { prepareScans } from '../../workers/dsl/prepare-scans.ts';
import { Probes } from '../../workers/dsl/prune-scans.ts';
import type { ScanTools } from '../../workers/dsl/scan-sql.ts';
import { ScanMemory } from '../../workers/dsl/scans/scan-context.ts';
import { type Outcome, outcomeOf } from './engines.ts';
import { runWorker } from './worker-plan.ts';

const MAX_BYTES = 16 * 1024 * 1024;
const CALL = {
  queryId: 'oracle',
  principal: 'oracle',
  connection: 'main',
  deadlineAt: Number.MAX_SAFE_INTEGER,
};

export class FilesEngine {
  readonly #dir: string;
  readonly #tools: ScanTools;
  readonly #duck: DuckDBConnection;

  private constructor(dir: string, duck: DuckDBConnection) {
    this.#dir = dir;
    this.#duck = duck;
    const memory = new ScanMemory();
    this.#tools = {
      ...{ connection: duck, memory, probes: new Probes(), extensions: new Set() },
      treeOf: ({ root }) => memory.treeOf(root),
      ...{ textDir: join(dir, 'text'), textBytes: MAX_BYTES, maxLineBytes: MAX_BYTES, check: () => {} },
      connections: {
        main: { kind: 'files', root: join(dir, 'root'), tables: { data: { path: 'data.parquet' } } },
      },
    };
  }

  static async open(): Promise<FilesEngine> {
    const dir = await mkdtemp(join(tmpdir(), 'forkline-oracle-files-'));
    mkdirSync(join(dir, 'root'));
    const instance = await DuckDBInstance.create(':memory:', {
      ...{ threads: '1', preserve_insertion_order: 'true' },
    });
    const duck = await instance.connect();
    await duck.run("SET TimeZone = 'UTC'");
    return new FilesEngine(dir, duck);
  }

  async close(): Promise<void> {
    this.#duck.closeSync();
    await rm(this.#dir, { recursive: true });
  }

  /** Runs statements that make the table, and writes it as a file. */
  async make(statements: readonly string[]): Promise<void> {
    for (const sql of statements) await this.#duck.run(sql);
    await this.#duck.run(`COPY data TO '${join(this.#dir, 'root/data.parquet')}' (FORMAT parquet)`);
    await this.#duck.run('DROP TABLE data');
  }

  /** Throws QueryError where the query is refused. */
  async plan(text: string, pushdown: Pushdown): Promise<Plan> {
    const answers: Record<string, AskAnswer> = {};
    for (;;) {
      const request = {
        ...{ text, parameters: {}, connection: 'main', dialects: { main: 'files' as const } },
        ...{ pushdown, throughWorker: false, answers },
      };
      const step = planQuery(request, JUDGES_NOTHING);
      if (step.kind === 'plan') return step.plan;
      for (const ask of step.asks) answers[ask.key] = await this.#answer(ask);
    }
  }

  async #answer(ask: Ask): Promise<AskAnswer> {
    if (ask.kind === 'source') {
      const described = await describeScan(this.#tools, {
        ...{ type: 'describe-scan', ...CALL, sql: ask.sql, parameters: [], views: null },
      });
      return { kind: 'source', ...described, parameterTypes: [] };
    }
    if (ask.kind !== 'values') throw new Error(`the oracle's pipelines ask for no ${ask.kind}`);
    const outcome = await this.run(ask.plan);
    if (outcome.kind !== 'rows')
      throw new QueryError('bad-value', `the values were not found: ${outcome.message}`);
    const values = outcome.rows.map(([cell]): unknown => (cell === null ? null : JSON.parse(cell!)));
    return { kind: 'values', values: values.slice(0, ask.atMost), complete: values.length <= ask.atMost };
  }

  async run(plan: Plan): Promise<Outcome> {
    try {
      const { selects } = await prepareScans(this.#tools, plan.worker!, []);
      return await runWorker(this.#duck, plan, [], {}, selects);
    } catch (thrown) {
      return outcomeOf(thrown);
    }
  }
}
