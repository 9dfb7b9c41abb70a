/**
 * A real Prometheus, where the machine has one: on a free port of 127.0.0.1, its data in a directory of its own,
 * scraping one target each second with the rules of deploy/. Ended and removed at the end of the block.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from './free-port.ts';
import { until } from './until.ts';

export const DEPLOY = fileURLToPath(new URL('../../deploy/', import.meta.url));
const START_DEADLINE_MS = 20_000;

export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

export interface Prometheus extends AsyncDisposable {
  /** An instant query; rejects with the message of an expression that is refused. */
  query(expression: string): Promise<readonly Sample[]>;
  /** GET /api/v1/<path>, its data. */
  api(path: string): Promise<unknown>;
}

/** Whether the program is installed; a test that needs one that is not is skipped, with what it says. */
function hasProgram(name: string): boolean {
  try {
    execFileSync(name, ['--version'], { stdio: 'ignore' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    return true; // the program is there and has no --version
  }
}

/** The path of the program; null when it is in no directory of PATH. */
export function programPath(name: string): string | null {
  const dirs = (process.env.PATH ?? '').split(delimiter);
  return dirs.map((dir) => join(dir, name)).find((path) => existsSync(path)) ?? null;
}

/** Skips the test, saying why, where a program is missing. */
export function needs(test: Mocha.Context, name: string): void {
  if (hasProgram(name)) return;
  console.log(`      skipped: ${name} is not installed`);
  test.skip();
}

export async function startPrometheus(targetPort: number): Promise<Prometheus> {
  const dir = await mkdtemp(join(tmpdir(), 'forkline-prometheus-'));
  for (const file of ['rules.yml', 'alerts.yml'])
    await copyFile(join(DEPLOY, 'prometheus', file), join(dir, file));
  await writeFile(join(dir, 'prometheus.yml'), configOf(targetPort));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(
    'prometheus',
    [
      ...[`--config.file=${dir}/prometheus.yml`, `--storage.tsdb.path=${dir}/data`],
      ...[`--web.listen-address=127.0.0.1:${port}`, '--log.level=warn'],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const prometheus = new RunningPrometheus(child, url, dir);
  try {
    await prometheus.ready();
  } catch (error) {
    await prometheus[Symbol.asyncDispose]();
    throw error;
  }
  return prometheus;
}

class RunningPrometheus implements Prometheus {
  readonly #child: ChildProcess;
  readonly #url: string;
  readonly #dir: string;
  #printed = '';
  readonly #ended: Promise<unknown>;
  #isEnded = false;

  constructor(child: ChildProcess, url: string, dir: string) {
    this.#child = child;
    this.#url = url;
    this.#dir = dir;
    this.#ended = once(child, 'close').then(() => {
      this.#isEnded = true;
    });
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#printed += text;
    });
  }

  async ready(): Promise<void> {
    const isReady = async () => this.#isEnded || (await fetch(`${this.#url}/-/ready`)).ok;
    await until(isReady, START_DEADLINE_MS, 'prometheus is ready');
    if (this.#isEnded) throw new Error(`prometheus ended: ${this.#printed}`);
  }

  async query(expression: string): Promise<readonly Sample[]> {
    const data = await this.api(`query?query=${encodeURIComponent(expression)}`);
    return (data as { result: readonly Sample[] }).result;
  }

  async api(path: string): Promise<unknown> {
    const response = await fetch(`${this.#url}/api/v1/${path}`);
    const body = (await response.json()) as { status: string; error?: string; data: unknown };
    if (body.status !== 'success') throw new Error(`${path}: ${body.error}`);
    return body.data;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.#ended;
    await rm(this.#dir, { recursive: true, force: true });
  }
}

function configOf(targetPort: number): string {
  return JSON.stringify({
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: ['rules.yml', 'alerts.yml'],
    scrape_configs: [{ job_name: 'forkline', static_configs: [{ targets: [`127.0.0.1:${targetPort}`] }] }],
  });
}
