/**
 * Everything that stands while scenarios run: database, data, contenders, the plain SQL session. What was started is
 * ended again in reverse order, however far it came.
 */
import { createServer } from 'node:net';
import type { Children } from './children.ts';
import { findContender } from './contender/against.ts';
import type { Contender, ContenderName } from './contender/contender.ts';
import { startBaseline } from './contender/start-baseline.ts';
import { startForkline } from './contender/start-forkline.ts';
import { pythonWithPolars, startPolars } from './contender/start-polars.ts';
import { dropData, expectData, loadData } from './data.ts';
import { type LoadDatabase, openDatabase } from './database.ts';
import { openPlainSql, type PlainSql } from './limit/plain-sql.ts';
import type { RunOptions } from './options.ts';
import type { Scenario } from './scenario.ts';
import { SetupError } from './setup-error.ts';
import { Verifier } from './verify.ts';

export interface Setup {
  readonly database: LoadDatabase;
  readonly plainSql: PlainSql;
  readonly verifier: Verifier;
  /** Holds the contenders that are needed; polars is missing where no Python has it. */
  readonly contenders: ReadonlyMap<ContenderName, Contender>;
}

export interface SetupDeps {
  readonly options: RunOptions;
  readonly scenarios: readonly Scenario[];
  readonly children: Children;
  readonly givenUrl: string | null;
  readonly path: string | undefined;
  /** A Python that may have polars. */
  readonly python: string | undefined;
  /** The directory of an embedded database. */
  readonly dir: string;
  readonly signal: AbortSignal;
  onProgress(text: string): void;
}

export type Cleanup = () => Promise<void>;

/** Pushes onto `cleanups` what ends each thing, as soon as it stands. */
export async function setUp(deps: SetupDeps, cleanups: Cleanup[]): Promise<Setup> {
  const { options, givenUrl, children, path, signal } = deps;
  if (options.against !== null && givenUrl === null)
    throw new SetupError('--against needs DATABASE_URL: the database that that server reads');
  await expectFreePort(options.port);
  const database = await openDatabase({ givenUrl, dir: deps.dir, onProgress: deps.onProgress });
  const keep = options.data !== 'drop';
  cleanups.push(() => database.close(keep));
  signal.throwIfAborted();
  await prepareData(deps, database, cleanups);
  signal.throwIfAborted();
  const plainSql = await openPlainSql({ children, url: database.url, path });
  const verifier = new Verifier(database.url);
  cleanups.push(() => verifier.close());
  const contenders = await startContenders(deps, database.url);
  return { database, plainSql, verifier, contenders };
}

async function prepareData(deps: SetupDeps, database: LoadDatabase, cleanups: Cleanup[]): Promise<void> {
  const { options, scenarios, onProgress } = deps;
  const { url } = database;
  if (options.data === 'expect') return await expectData({ url, rows: options.rows });
  // An embedded one goes as a whole.
  if (options.data === 'drop' && database.kind === 'given') cleanups.push(() => dropData(url));
  const withSizes = scenarios.some(({ needs }) => needs.sizes === true);
  await loadData({ url, rows: options.rows, withSizes, onProgress });
}

async function startContenders(
  { options, scenarios, children, path, python, signal, onProgress }: SetupDeps,
  databaseUrl: string,
): Promise<Map<ContenderName, Contender>> {
  const wanted = new Set(scenarios.flatMap(({ needs }) => needs.contenders));
  const started = new Map<ContenderName, Contender>();
  for (const name of wanted) {
    signal.throwIfAborted();
    onProgress(`starting ${name}`);
    if (name === 'polars') {
      const command = await pythonWithPolars(python);
      if (command !== null) started.set(name, await startPolars(command, databaseUrl, children));
    } else if (name !== 'forkline') started.set(name, await startBaseline(name, databaseUrl, children));
    else if (options.against !== null)
      started.set(name, await findContender(options.against, options.rows, signal));
    else started.set(name, await startForkline({ databaseUrl, children, path, port: options.port }));
  }
  return started;
}

/** Throws SetupError when somebody listens there. */
async function expectFreePort(port: number): Promise<void> {
  if (port === 0) return;
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
  } catch (error) {
    throw new SetupError(`port ${port} cannot be used (${(error as Error).message}); choose another --port`);
  }
  await new Promise((resolve) => server.close(resolve));
}
