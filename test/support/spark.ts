/**
 * Servers of Spark Connect for tests. Apache Spark is the directory `deps` of the Python package `pyspark` (FORKLINE_SPARK names it;
 * `.ci/run` unpacks it into the user's cache, where it is found as well) and needs Java 17; LakeSail (`pip install pysail`) speaks the same protocol and is up at once. Where they
 * are missing, tests are counted as skipped, with the reason. A server is up when it answers a query.
 *
 *   const spark = await startSpark(this);   // in a `before`: skips the suite where there is none
 *   spark.url                               // sc://127.0.0.1:port
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCallControl } from '../../connectors/kit/call-control.ts';
import { openChannel } from '../../connectors/spark/channel.ts';
import { QuerySession } from '../../connectors/spark/query-session.ts';
import { readUrl } from '../../connectors/spark/url.ts';
import { atRunEnd } from './run-end.ts';
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

/** Resolves to an Apache Spark in one process: the one that FORKLINE_SPARK_RUNNING=sc://... names (spark-server.ts), or its own. */
export async function startSpark(
  test: Skippable,
  settings: Readonly<Record<string, string>> = {},
): Promise<TestSpark> {
  const running = process.env.FORKLINE_SPARK_RUNNING;
  if (running !== undefined) return runningServer(running);
  const home = sparkHome(test);
  const dir = mkdtempSync(join(tmpdir(), 'forkline-spark-'));
  const port = await freePort();
  const group = new Group(dir);
  group.java(home, '2g', connectArguments('local[2]', port, settings));
  return await up(group, port);
}

/** Settings that make many short queries fast, for oracles. */
export const FOR_SHORT_QUERIES: Readonly<Record<string, string>> = {
  'spark.sql.codegen.wholeStage': 'false',
  'spark.sql.adaptive.enabled': 'false',
  'spark.sql.shuffle.partitions': '1',
  'spark.default.parallelism': '1',
  'spark.log.level': 'WARN',
  'spark.connect.session.planCache.maxSize': '0',
};

/** Starts a standalone cluster of Apache Spark on the loopback. */
export async function startSparkCluster(test: Skippable): Promise<TestCluster> {
  const home = sparkHome(test);
  const dir = mkdtempSync(join(tmpdir(), 'forkline-spark-'));
  const [masterPort, port] = [await freePort(), await freePort()];
  const master = `spark://127.0.0.1:${masterPort}`;
  const group = new Group(dir);
  group.java(home, '512m', [
    ...['org.apache.spark.deploy.master.Master', '--host', '127.0.0.1', '--port', String(masterPort)],
    ...['--webui-port', '0'],
  ]);
  await until(() => answers(masterPort), START_MS, 'a Spark master listens');
  group.java(home, '512m', [
    ...['org.apache.spark.deploy.worker.Worker', '--host', '127.0.0.1', '--cores', '2', '--memory', '1g'],
    ...['--webui-port', '0', '--work-dir', join(dir, 'work'), master],
  ]);
  group.java(home, '1g', connectArguments(master, port, { 'spark.executor.memory': '700m' }));
  const spark = await up(group, port);
  return Object.assign(spark, { killExecutors: () => group.killExecutors() });
}

/** Starts LakeSail. */
export async function startSail(test: Skippable): Promise<TestSpark> {
  const sail = [process.env.FORKLINE_SAIL, 'sail'].find((path) => path !== undefined && runs(path));
  if (sail === undefined) {
    console.log('      skipped: no LakeSail here (FORKLINE_SAIL, or `sail` in PATH); pip install pysail');
    return test.skip();
  }
  const dir = mkdtempSync(join(tmpdir(), 'forkline-sail-'));
  const port = await freePort();
  const group = new Group(dir);
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

/** The packages of Java that Spark's own scripts open for it. */
const OPENED = [
  ...['java.lang', 'java.lang.invoke', 'java.lang.reflect', 'java.io', 'java.net', 'java.nio', 'java.util'],
  ...['java.util.concurrent', 'java.util.concurrent.atomic', 'jdk.internal.ref', 'sun.nio.ch', 'sun.nio.cs'],
  ...['sun.security.action', 'sun.util.calendar'],
].map((name) => `--add-opens=java.base/${name}=ALL-UNNAMED`);

/** The processes of a server, whose files lie in one directory. */
class Group {
  readonly dir: string;
  readonly #children: ChildProcess[] = [];

  constructor(dir: string) {
    this.dir = dir;
    atRunEnd(() => this.stop());
  }

  get last(): ChildProcess {
    return this.#children.at(-1)!;
  }

  /** `heap`: the most memory of Java's objects. */
  java(home: string, heap: string, args: readonly string[]): void {
    // Queries of tests are short: the second compiler would work longer than they run.
    const fixed = [`-Xmx${heap}`, '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', ...OPENED];
    const own = ['-Djdk.reflect.useDirectMethodHandle=false', '-Dio.netty.tryReflectionSetAccessible=true'];
    this.run('java', [...fixed, ...own, '-cp', join(home, 'jars', '*'), ...args], {
      ...{ SPARK_HOME: home, SPARK_LOCAL_IP: '127.0.0.1', SPARK_SCALA_VERSION: '2.13' },
    });
  }

  run(program: string, args: readonly string[], env: NodeJS.ProcessEnv): void {
    const log = openSync(join(this.dir, 'log'), 'a');
    const child = spawn(program, args, {
      ...{ cwd: this.dir, stdio: ['ignore', log, log], env: { ...process.env, ...env } },
    });
    this.#children.push(child);
  }

  /** Throws what the server wrote last, when it ended by itself. */
  check(): void {
    const ended = this.#children.find(({ exitCode, signalCode }) => exitCode !== null || signalCode !== null);
    if (ended !== undefined)
      throw new Error(`the server ended: ${readFileSync(join(this.dir, 'log'), 'utf8').slice(-1500)}`);
  }

  killExecutors(): number {
    const pids = executorsBelow(this.#children.map((child) => child.pid!));
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    return pids.length;
  }

  async kill(): Promise<void> {
    await endOf(this.last, 'SIGKILL');
  }

  async stop(): Promise<void> {
    for (const child of this.#children.toReversed()) await endOf(child, 'SIGKILL');
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** The executors are children of the worker. */
function executorsBelow(parents: readonly number[]): readonly number[] {
  const listed = execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8', maxBuffer: 1 << 26 });
  return listed.split('\n').flatMap((line) => {
    const found = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line);
    const isOurs = found !== null && parents.includes(Number(found[2]));
    return isOurs && found[3]!.includes('CoarseGrainedExecutorBackend') ? [Number(found[1])] : [];
  });
}

function endOf(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill(signal);
  });
}

function runningServer(url: string): TestSpark {
  const dir = mkdtempSync(join(tmpdir(), 'forkline-spark-'));
  return {
    ...{ url, port: Number(url.split(':').at(-1)), pid: 0, dir },
    admin: (sql) => runCommand(url, sql),
    kill: () => Promise.reject(new Error('a server that ran already is not killed')),
    stop: async () => rmSync(dir, { recursive: true }),
  };
}

async function up(group: Group, port: number): Promise<TestSpark> {
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
  const session = await until(() => openSpark(url), START_MS, 'Spark answers');
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
  const channel = await openChannel(readUrl(url), { ca: null }, 'test');
  const control = createCallControl(Date.now() + START_MS);
  const session = new QuerySession(channel, 'admin', control);
  const asked = { plan: { root: { sql: { query: sql } } }, sql, before: 0 };
  for await (const _ of session.execute(asked));
  await session.release();
  channel.close();
  control.dispose();
}

function hasEnded(group: Group): boolean {
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

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
