/** The Java processes of a Spark, or the process of LakeSail, for tests: one directory, one log, one end. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { atRunEnd } from './run-end.ts';
import { noteProcess } from './server-dir.ts';

/** The packages of Java that Spark's own scripts open for it. */
const OPENED = [
  ...['java.lang', 'java.lang.invoke', 'java.lang.reflect', 'java.io', 'java.net', 'java.nio', 'java.util'],
  ...['java.util.concurrent', 'java.util.concurrent.atomic', 'jdk.internal.ref', 'sun.nio.ch', 'sun.nio.cs'],
  ...['sun.security.action', 'sun.util.calendar'],
].map((name) => `--add-opens=java.base/${name}=ALL-UNNAMED`);

/** The processes of a server, whose files lie in one directory. */
export class SparkProcesses {
  readonly dir: string;
  readonly #children: ChildProcess[] = [];

  constructor(dir: string) {
    this.dir = dir;
    mkdirSync(this.#temporary, { recursive: true });
    atRunEnd(() => this.stop());
  }

  /** The options of a Java process that keep its files in the directory. */
  get javaFiles(): readonly string[] {
    return [`-Djava.io.tmpdir=${this.#temporary}`, '-XX:-UsePerfData'];
  }

  get #temporary(): string {
    return join(this.dir, 'tmp');
  }

  get last(): ChildProcess {
    return this.#children.at(-1)!;
  }

  /** `heap`: the most memory of Java's objects. `isShort`: queries are short, so that the second compiler would work longer than they run. */
  java(home: string, heap: string, args: readonly string[], isShort = true): void {
    const fixed = [
      `-Xmx${heap}`,
      ...(isShort ? ['-XX:TieredStopAtLevel=1'] : []),
      ...(isShort ? ['-XX:+UseSerialGC'] : []),
      ...OPENED,
      ...this.javaFiles,
    ];
    const own = ['-Djdk.reflect.useDirectMethodHandle=false', '-Dio.netty.tryReflectionSetAccessible=true'];
    this.run('java', [...fixed, ...own, '-cp', join(home, 'jars', '*'), ...args], {
      ...{ SPARK_HOME: home, SPARK_LOCAL_IP: '127.0.0.1', SPARK_SCALA_VERSION: '2.13' },
    });
  }

  run(program: string, args: readonly string[], env: NodeJS.ProcessEnv): void {
    const log = openSync(join(this.dir, 'log'), 'a');
    const places = { TMPDIR: this.#temporary, SPARK_LOCAL_DIRS: this.#temporary };
    const child = spawn(program, args, {
      ...{ cwd: this.dir, stdio: ['ignore', log, log], env: { ...process.env, ...places, ...env } },
    });
    if (child.pid !== undefined) noteProcess(this.dir, child.pid);
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
