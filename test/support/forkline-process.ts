/**
 * One running `forkline start`, seen from outside: asked over HTTP, watched through /proc, stopped with TERM. What it
 * promises of stop() is said in forkline.ts, which starts them.
 */
import type { ChildProcess } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import type { ProcessRow } from '../../core/protocol/monitor.ts';
import { expectWholeLog } from './log-check.ts';
import { processWide } from './process-wide.ts';
import type { FoundProcess } from './processes.ts';
import { isThere, processesOfRun, treeOf } from './processes.ts';
import { until } from './until.ts';

const GROW_MS = 10_000;
const START_DEADLINE_MS = 30_000;
const STOP_DEADLINE_MS = 15_000;
const GONE_DEADLINE_MS = 3000;
const LOG_SHOWN_CHARS = 4000;

export interface QueryInit {
  readonly params?: Readonly<Record<string, string | number | boolean | null>>;
  readonly format?: string;
  /** Further members of the JSON body: connection, limits, pushdown, rows, numbers. */
  readonly body?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Members of JSON answers and problem documents; an answer has some of them. */
export interface JsonAnswer {
  readonly columns: { name: string; type: string }[];
  readonly rows: Record<string, unknown>[];
  readonly rowCount: number;
  readonly complete: boolean;
  readonly [member: string]: unknown;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Throws when the answer is no JSON. Integers past 2^53 lose digits: look at `text` for those. */
  readonly json: JsonAnswer;
}

export interface Places {
  /** Removed with everything in it when it has stopped. */
  readonly dir: string;
  readonly dataDir: string;
  readonly logFile: string;
  readonly configFile: string;
}

export interface Forkline extends AsyncDisposable, Places {
  readonly url: string;
  readonly port: number;
  /** Pid of the `forkline start` process, which is the monitor. */
  readonly pid: number;
  readonly monitorPid: number;
  /** Directory of sockets, FIFOs, raw logs and spill; removed when it has stopped. */
  readonly runDir: string;
  /** Everything that it printed so far. */
  output(): string;
  query(text: string, init?: QueryInit): Promise<Answer>;
  /** Asks over a connection of its own: over a kept one the server before a reload would answer for some seconds more. */
  get(path: string): Promise<Answer>;
  /** GET /v1/processes */
  processes(): Promise<ProcessRow[]>;
  logLines(): Promise<string[]>;
  /** Ends when the `forkline start` process does, with its exit code or signal. */
  readonly exited: Promise<number | NodeJS.Signals>;
  stop(): Promise<void>;
}

/** Every one that was started and not stopped. */
export const unstopped = processWide('Forklines', () => new Set<ForklineProcess>());

export class ForklineProcess implements Forkline {
  readonly dir: string;
  readonly dataDir: string;
  readonly logFile: string;
  readonly configFile: string;
  readonly exited: Promise<number | NodeJS.Signals>;
  readonly #child: ChildProcess;
  #output = '';
  #port = 0;
  #runDir: string | null = null;
  #ended = false;

  constructor(child: ChildProcess, { dir, dataDir, logFile, configFile }: Places) {
    this.#child = child;
    this.dir = dir;
    this.dataDir = dataDir;
    this.logFile = logFile;
    this.configFile = configFile;
    unstopped.add(this);
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
      });
    }
    this.exited = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        this.#ended = true;
        resolve(signal ?? code!);
      });
    });
  }

  async listening(): Promise<void> {
    const line = /forkline is listening on https?:\/\/127\.0\.0\.1:(\d+)/;
    try {
      await until(() => this.#ended || line.test(this.#output), START_DEADLINE_MS, 'forkline is listening');
    } catch (error) {
      await this.#kill();
      throw new Error(`${(error as Error).message}; it printed:\n${this.#output}`);
    }
    const port = line.exec(this.#output)?.[1];
    if (port === undefined) {
      const log = await readFile(this.logFile, 'utf8').catch(() => '(no log file)');
      await this.#remove();
      const printed = `it printed:\n${this.#output}\nand logged:\n${log.slice(-LOG_SHOWN_CHARS)}`;
      throw new Error(`forkline start ended with ${await this.exited}; ${printed}`);
    }
    this.#port = Number(port);
    const state = JSON.parse(await readFile(join(this.dataDir, 'run', 'monitor.json'), 'utf8')) as {
      runDir: string;
    };
    this.#runDir = state.runDir;
  }

  /**
   * DSL workers start after it listens: until the first of them is ready, or, where none gets ready, for a while, so that no
   * test depends on how soon it comes.
   */
  async grown(): Promise<void> {
    const isWhole = async () => (await this.logLines()).some((line) => line.includes('"event":"whole"'));
    await until(isWhole, GROW_MS).catch(() => {});
  }

  /** From now on it does not keep this process running. */
  unref(): void {
    this.#child.unref();
    for (const stream of this.#child.stdio) (stream as Socket).unref();
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  get monitorPid(): number {
    return this.pid;
  }

  get runDir(): string {
    if (this.#runDir === null) throw new Error('it does not listen yet');
    return this.#runDir;
  }

  output(): string {
    return this.#output;
  }

  async query(text: string, { params, format, body, headers, signal }: QueryInit = {}): Promise<Answer> {
    const response = await fetch(`${this.url}/v1/query`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query: text, ...(params && { params }), ...(format && { format }), ...body }),
      signal: signal ?? null,
    });
    return await readAnswer(response);
  }

  async get(path: string): Promise<Answer> {
    return await readAnswer(await fetch(`${this.url}${path}`, { headers: { connection: 'close' } }));
  }

  async processes(): Promise<ProcessRow[]> {
    const answer = await this.get('/v1/processes');
    return answer.json.processes as ProcessRow[];
  }

  async logLines(): Promise<string[]> {
    const text = await readFile(this.logFile, 'utf8');
    return text.split('\n').filter((line) => line !== '');
  }

  async stop(): Promise<void> {
    if (!unstopped.delete(this)) return;
    const tree = this.#processes();
    if (!this.#ended) this.#child.kill('SIGTERM');
    try {
      await until(() => this.#ended, STOP_DEADLINE_MS, 'forkline stops after TERM');
      await this.#expectNoneLeft(tree);
    } catch (error) {
      await this.#kill();
      throw new Error(`${(error as Error).message}; it printed:\n${this.#output}`, { cause: error });
    }
    const code = await this.exited;
    try {
      // A killed monitor leaves lines that only the next start merges.
      if (code !== 'SIGKILL') await expectWholeLog(this.logFile);
    } finally {
      await this.#remove();
    }
    // A test that killed the monitor itself knows; anything else must have been graceful.
    if (code !== 0 && code !== 'SIGKILL')
      throw new Error(`forkline ended with ${code}; it printed:\n${this.#output}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #processes(): FoundProcess[] {
    const ofRun = this.#runDir === null ? [] : processesOfRun(this.#runDir);
    return [...treeOf(this.pid), ...ofRun].filter(({ pid }) => pid !== this.pid);
  }

  async #expectNoneLeft(tree: readonly FoundProcess[]): Promise<void> {
    const left = () => [
      ...tree.filter(isThere),
      ...(this.#runDir === null ? [] : processesOfRun(this.#runDir)),
    ];
    await until(() => left().length === 0, GONE_DEADLINE_MS, 'no process of the run is left').catch(
      (error: Error) => {
        throw new Error(`${error.message}: pids ${left().map(({ pid }) => pid)}`);
      },
    );
  }

  async #kill(): Promise<void> {
    for (const { pid } of [...this.#processes(), { pid: this.pid }]) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // gone already
      }
    }
    await this.exited;
    await this.#remove();
  }

  async #remove(): Promise<void> {
    unstopped.delete(this);
    await rm(this.dir, { recursive: true, force: true });
  }
}

async function readAnswer(response: Response): Promise<Answer> {
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    get json() {
      return JSON.parse(text) as JsonAnswer;
    },
  };
}
