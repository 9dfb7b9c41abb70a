/**
 * Servers of Spark Connect for tests. Apache Spark is the directory `deps` of the Python package `pyspark` (FORKLINE_SPARK names it;
 * `.ci/run` unpacks it into the user's cache, where it is found as well) and needs Java 17; LakeSail (`pip install pysail`) speaks the same protocol and is up at once. Where they
 * are missing, tests are counted as skipped, with the reason. A server is up when it answers a query.
 *
 *   const spark = await startSpark(this);   // in a `before`: skips the suite where there is none
 *   spark.url                               // sc://127.0.0.1:port
 */
import { execFileSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createCallControl } from '../../connectors/kit/call-control.ts';
import { openChannel } from '../../connectors/spark/channel.ts';
import { QuerySession } from '../../connectors/spark/query-session.ts';
import { readUrl } from '../../core/config/urls/spark-url.ts';
import { freePort } from './free-port.ts';
import { makeServerDir } from './server-dir.ts';
import { SparkProcesses } from './spark-processes.ts';
import { askSpark, openSpark } from './spark-session.ts';
import { until } from './until.ts';

const START_MS = 180_000;
const VERSION = '4.2.0';

export interface TestSpark {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** The directory of the server, where tests put their files. */
  readonly dir: string;
  /** Runs a command, which the connector never does. */
  admin(sql: string): Promise<void>;
  /** Ends the server at once, as a crash would. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/** A master, a worker, and a Connect server that uses them. */
export interface TestCluster extends TestSpark {
  /** Ends the processes that compute (executors) at once; returns their number. */
  killExecutors(): number;
}

/** The part of mocha's context that skips. */
interface Skippable {
  skip(): never;
}

/** Resolves to an Apache Spark in one process: the one that FORKLINE_SPARK_RUNNING=sc://... names (spark-server.ts), or (`isOwn`: always) one of its own. */
export async function startSpark(
  test: Skippable,
  settings: Readonly<Record<string, string>> = {},
  isOwn = false,
): Promise<TestSpark> {
  const running = isOwn ? undefined : process.env.FORKLINE_SPARK_RUNNING;
  if (running !== undefined) return runningServer(running);
  const home = sparkHome(test);
  const dir = makeServerDir('spark');
  const port = await freePort();
  const group = new SparkProcesses(dir);
  group.java(home, '2g', connectArguments('local[2]', port, settings), isForShortQueries(settings));
  return await up(group, port);
}

/** Settings of a server that a session of ours must not follow. */
export const OTHER_SETTINGS: Readonly<Record<string, string>> = {
  'spark.sql.session.timeZone': 'Asia/Seoul',
  'spark.sql.ansi.enabled': 'false',
  'spark.sql.execution.arrow.useLargeVarTypes': 'true',
  'spark.sql.execution.arrow.compression.codec': 'zstd',
};

/** Settings that make many short queries fast, for oracles. */
export const FOR_SHORT_QUERIES: Readonly<Record<string, string>> = {
  ...OTHER_SETTINGS,
  'spark.sql.codegen.wholeStage': 'false',
  'spark.sql.adaptive.enabled': 'false',
  'spark.sql.shuffle.partitions': '1',
  'spark.default.parallelism': '1',
  'spark.log.level': 'WARN',
  'spark.connect.session.planCache.maxSize': '0',
};

function isForShortQueries(settings: Readonly<Record<string, string>>): boolean {
  return settings['spark.sql.codegen.wholeStage'] === 'false';
}

/** The token that the Connect server of the cluster asks for. */
export const CLUSTER_TOKEN = 'token-of-the-cluster';

/** Starts a standalone cluster of Apache Spark on the loopback. */
export async function startSparkCluster(test: Skippable): Promise<TestCluster> {
  const home = sparkHome(test);
  const dir = makeServerDir('spark');
  const [masterPort, port] = [await freePort(), await freePort()];
  const master = `spark://127.0.0.1:${masterPort}`;
  const group = new SparkProcesses(dir);
  group.java(home, '512m', [
    ...['org.apache.spark.deploy.master.Master', '--host', '127.0.0.1', '--port', String(masterPort)],
    ...['--webui-port', '0'],
  ]);
  await until(() => answers(masterPort), START_MS, 'a Spark master listens');
  group.java(home, '512m', [
    ...['org.apache.spark.deploy.worker.Worker', '--host', '127.0.0.1', '--cores', '2', '--memory', '1g'],
    ...['--webui-port', '0', '--work-dir', join(dir, 'work'), master],
  ]);
  const settings = {
    'spark.executor.memory': '700m',
    'spark.executor.extraJavaOptions': group.javaFiles.join(' '),
    'spark.connect.authenticate.token': CLUSTER_TOKEN,
  };
  group.java(home, '1g', connectArguments(master, port, settings));
  const spark = await up(group, port, CLUSTER_TOKEN);
  return Object.assign(spark, { killExecutors: () => group.killExecutors() });
}

/** Starts LakeSail. */
export async function startSail(test: Skippable): Promise<TestSpark> {
  const sail = [process.env.FORKLINE_SAIL, 'sail'].find((path) => path !== undefined && runs(path));
  if (sail === undefined) {
    console.log('      skipped: no LakeSail here (FORKLINE_SAIL, or `sail` in PATH); pip install pysail');
    return test.skip();
  }
  const dir = makeServerDir('sail');
  const port = await freePort();
  const group = new SparkProcesses(dir);
  group.run(sail, ['spark', 'server', '--ip', '127.0.0.1', '--port', String(port)], {});
  return await up(group, port);
}

function sparkHome(test: Skippable): string {
  const homes = [process.env.FORKLINE_SPARK, join(cacheDirectory(), `spark-${VERSION}`)];
  const home = homes.find(
    (path) => path !== undefined && existsSync(join(path, 'jars', `spark-connect_2.13-${VERSION}.jar`)),
  );
  const missing =
    home === undefined
      ? `FORKLINE_SPARK names no directory \`deps\` of the Python package pyspark ${VERSION}`
      : javaProblem();
  if (missing === null) return home!;
  console.log(`      skipped: no Apache Spark here: ${missing}`);
  return test.skip();
}

function cacheDirectory(): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'forkline');
}

function javaProblem(): string | null {
  return runs('java', '-version') ? null : 'there is no Java 17 in PATH';
}

function runs(program: string, flag = '--version'): boolean {
  try {
    execFileSync(program, [flag], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function connectArguments(
  master: string,
  port: number,
  settings: Readonly<Record<string, string>>,
): readonly string[] {
  const all: Readonly<Record<string, string>> = {
    'spark.connect.grpc.binding.address': '127.0.0.1',
    'spark.connect.grpc.binding.port': String(port),
    'spark.driver.bindAddress': '127.0.0.1',
    'spark.driver.host': '127.0.0.1',
    'spark.ui.enabled': 'false',
    'spark.sql.shuffle.partitions': '2',
    'spark.sql.session.timeZone': 'UTC',
    ...settings,
  };
  return [
    ...['org.apache.spark.deploy.SparkSubmit', '--master', master],
    ...['--class', 'org.apache.spark.sql.connect.service.SparkConnectServer'],
    ...Object.entries(all).flatMap(([name, value]) => ['--conf', `${name}=${value}`]),
    'spark-internal',
  ];
}

function runningServer(url: string): TestSpark {
  const dir = makeServerDir('spark');
  return {
    ...{ url, port: Number(url.split(':').at(-1)), pid: 0, dir },
    admin: (sql) => runCommand(url, sql),
    kill: () => Promise.reject(new Error('a server that ran already is not killed')),
    stop: async () => rmSync(dir, { recursive: true }),
  };
}

async function up(group: SparkProcesses, port: number, token?: string): Promise<TestSpark> {
  const url = `sc://127.0.0.1:${port}`;
  let isUp = false;
  await until(
    async () => {
      if (!isUp && !hasEnded(group)) isUp = await answers(port);
      return isUp || hasEnded(group);
    },
    START_MS,
    'Spark listens',
  );
  group.check();
  // The first query ever takes seconds, while Java loads classes.
  const session = await until(
    () => openSpark(url, token === undefined ? {} : { token }),
    START_MS,
    'Spark answers',
  );
  await askSpark(session, 'select 1 as one');
  await session.end();
  return {
    ...{ url, port, pid: group.last.pid!, dir: group.dir },
    admin: (sql) => runCommand(url, sql),
    kill: () => group.kill(),
    stop: () => group.stop(),
  };
}

async function runCommand(url: string, sql: string): Promise<void> {
  const channel = await openChannel(readUrl(url), {
    tls: { ca: null },
    userAgent: 'test',
    guardsAddress: false,
  });
  const control = createCallControl(Date.now() + START_MS);
  const session = new QuerySession(channel, 'admin', control);
  const asked = { plan: { root: { sql: { query: sql } } }, sql, before: 0 };
  for await (const _ of session.execute(asked));
  await session.release();
  channel.close();
  control.dispose();
}

function hasEnded(group: SparkProcesses): boolean {
  try {
    group.check();
    return false;
  } catch {
    return true;
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
