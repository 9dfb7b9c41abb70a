/**
 * `forkline start`: configuration, the embedded database where none is configured, then the monitor, which this
 * process becomes. What is only needed on the way is imported on the way, or done by processes that end.
 */
import type { Config } from '../core/config/config.ts';
import { STANDARD_OUTPUT } from '../core/logging/standard-output.ts';
import { takeEnvironment } from '../core/process/own-environment.ts';
import type { EmbeddedDatabase } from '../demo/embedded.ts';
import { demoFiles } from '../demo/files.ts';
import { examineInProcess, readStoredConnections } from './connections/child.ts';
import { type ConfigQuestion, readConfig } from './kit/read-config.ts';

export interface StartOptions {
  readonly cwd: string;
  readonly configFile: string | undefined;
  print(line: string): void;
  printError(line: string): void;
}

/** Resolves with the exit code, when everything has ended: 0, 1 (failed), 2 (configuration). */
export async function start(options: StartOptions): Promise<number> {
  const { variables, isCleared } = takeEnvironment();
  const question = { cwd: options.cwd, file: options.configFile, env: variables };
  const loaded = await readConfig(question);
  if ('errors' in loaded) {
    options.printError(`forkline: ${configErrors(loaded.errors)}`);
    return 2;
  }
  // Standard output is the log's then, a JSON object each line.
  const told =
    loaded.config.log.file === STANDARD_OUTPUT ? { ...options, print: options.printError } : options;
  if (isCleared === false)
    options.printError(
      'forkline: /proc still shows the variables of this process to its user, secrets included',
    );
  const hasOwn = Object.keys(loaded.config.connections).length > 0;
  let database: EmbeddedDatabase | null = null;
  try {
    database = hasOwn ? null : await openEmbedded(loaded.config, told);
    return await monitor(loaded.config, database, question, told);
  } catch (error) {
    options.printError(`forkline: ${(error as Error).message}`);
    return 1;
  } finally {
    await database?.stop();
  }
}

async function openEmbedded(config: Config, options: StartOptions): Promise<EmbeddedDatabase> {
  const { startEmbeddedDatabase } = await import('../demo/embedded.ts');
  const { processes, connectionsPerProcess } = config.sql;
  const say = (line: string): void => options.print(`database: ${line}`);
  const database = await startEmbeddedDatabase({
    dataDir: config.dataDir,
    // While a reload goes on there are two generations of SQL workers.
    connections: 2 * processes * connectionsPerProcess,
    onProgress: say,
    onTrouble: say,
  });
  say(
    `PostgreSQL is up with the demo tables flights and airports (its log: ${database.logFile}); @demo reads files`,
  );
  return database;
}

async function monitor(
  config: Config,
  database: EmbeddedDatabase | null,
  question: ConfigQuestion,
  { print }: StartOptions,
): Promise<number> {
  const { runMonitor } = await import('../monitor/run.ts');
  return await runMonitor({
    config: withDatabase(config, database),
    connections: {
      read: (current, stored) => readStoredConnections(placeOf(question, current), stored),
      examine: (current, name, what, open) =>
        examineInProcess(placeOf(question, current), { name, what, open }),
    },
    async reloadConfig() {
      const loaded = await readConfig(question);
      if ('errors' in loaded) throw new Error(configErrors(loaded.errors));
      return withDatabase(loaded.config, database);
    },
    // The pid is read anew, because a restarted database has another one. The URL, which has a password, stays out.
    database: database === null ? null : pidOf(database),
    consoleLog: print,
    onReady: ({ host, port }) => print(nextSteps(host, port, database !== null)),
  });
}

function placeOf(config: ConfigQuestion, { storeDirectories: directories }: Config) {
  return { config, directories };
}

function pidOf(database: EmbeddedDatabase): { readonly pid: number } {
  return {
    get pid() {
      return database.pid;
    },
  };
}

/** The embedded database is the connection `main`, and the demo's files are `demo`, as long as no other is configured. */
function withDatabase(config: Config, database: EmbeddedDatabase | null): Config {
  if (database === null || Object.keys(config.connections).length > 0) return config;
  const { driftCheckSeconds } = config;
  const store = config.store ?? { url: database.storeUrl, migrate: 'auto' as const, driftCheckSeconds };
  return {
    ...config,
    store,
    connections: { main: { kind: 'postgres', url: database.url }, demo: demoFiles() },
  };
}

function configErrors(errors: readonly string[]): string {
  const count = errors.length === 1 ? 'a mistake' : `${errors.length} mistakes`;
  return [`${count} in the configuration`, ...errors.map((line) => `  ${line}`)].join('\n');
}

function nextSteps(host: string, port: number, hasDemo: boolean): string {
  const name =
    host === '127.0.0.1' || host === '0.0.0.0' || host === '::'
      ? 'localhost'
      : host.includes(':')
        ? `[${host}]`
        : host;
  const query = hasDemo
    ? 'select origin, delay from flights | where delay > 0 | stats count() as flights, avg(delay) as mean by origin | sort -flights | head 5'
    : 'select version()';
  return [
    'Try:',
    `  curl -s ${name}:${port}/v1/query -d "${query}"`,
    `  http://${name}:${port}/ in a browser: write queries, look at their rows and charts (the API is at /docs)`,
    `  curl -s ${name}:${port}/v1/processes shows the processes`,
    'Stop with Ctrl-C.',
  ].join('\n');
}
