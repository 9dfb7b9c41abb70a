/**
 * Starts a Forkline as users do, on the load test's database, with its data and log in a directory that goes with it.
 * Its queues are made long enough that waiting is measured and nothing is refused.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Children, firstMatch } from '../children.ts';
import { QUERY_TIMEOUT_MS } from '../queries.ts';
import { type Contender, DSL_SLOTS, LABELS, POOL_SIZE } from './contender.ts';

const CLI = fileURLToPath(new URL('../../cli/main.js', import.meta.url));
const START_TIMEOUT_MS = 30_000;
const MOST_QUERIES = 2048;

export interface ForklineOptions {
  readonly databaseUrl: string;
  readonly children: Children;
  /** PATH, for the programs that Forkline looks for. */
  readonly path: string | undefined;
  /** 0: any free one. */
  readonly port?: number;
  readonly dsl?: Readonly<Record<string, string | number>>;
  /** More sections of the configuration. */
  readonly config?: Readonly<Record<string, object>>;
  /** Is called with the data directory before the start. */
  prepare?(dataDir: string): Promise<void>;
  /** The command of another build; this build's when left out. */
  readonly command?: string;
}

export interface StartedForkline extends Contender {
  /** From the start of the command until /readyz said so. */
  readonly startMs: number;
  readonly dataDir: string;
}

export async function startForkline(options: ForklineOptions): Promise<StartedForkline> {
  const { children, databaseUrl, path, port = 0, dsl = {}, config = {}, command = CLI } = options;
  const dir = await mkdtemp(join(tmpdir(), 'forkline-loadtest-'));
  const removeDir = (): Promise<void> => rm(dir, { recursive: true, force: true });
  try {
    await writeFile(
      join(dir, 'forkline.config.json'),
      JSON.stringify({ ...configOf(dir, port, dsl), ...config }),
    );
    await options.prepare?.(dir);
    const startedAt = performance.now();
    const child = children.start({
      what: 'forkline start',
      args: [command, 'start'],
      cwd: dir,
      // The load test fills the database with the role that is measured with.
      env: { PATH: path, DATABASE_URL: databaseUrl, FORKLINE_ALLOW_POWERFUL_ROLE: 'yes' },
    });
    child.once('exit', () => void removeDir());
    const url = await firstMatch(child, 'forkline start', /listening on (http:\S+)/, START_TIMEOUT_MS);
    await untilReady(url);
    const startMs = performance.now() - startedAt;
    const stop = async (): Promise<void> => {
      await children.end(child);
      await removeDir();
    };
    return {
      name: 'forkline',
      label: LABELS.forkline,
      url,
      rootPid: child.pid!,
      startMs,
      dataDir: dir,
      stop,
    };
  } catch (error) {
    await removeDir();
    throw error;
  }
}

function configOf(dir: string, port: number, dsl: object): object {
  return {
    listen: { port },
    dataDir: dir,
    log: { file: join(dir, 'forkline.log') },
    sql: { processes: 2, connectionsPerProcess: POOL_SIZE / 2 },
    dsl: { max: DSL_SLOTS, ...dsl },
    limits: {
      perClient: MOST_QUERIES,
      connectionsPerClient: MOST_QUERIES,
      clientSharePercent: 100, // many clients come from one address here
      queueLength: MOST_QUERIES,
      queueWaitMs: QUERY_TIMEOUT_MS,
      maxTimeoutMs: QUERY_TIMEOUT_MS,
    },
  };
}

const READY_POLL_MS = 5;

/** Throws when it is not ready in time. */
async function untilReady(url: string): Promise<void> {
  const giveUpAt = performance.now() + START_TIMEOUT_MS;
  for (;;) {
    const status = await fetch(`${url}/readyz`).then(
      (response) => response.status,
      () => 0, // the server does not listen yet
    );
    if (status === 200) return;
    if (performance.now() > giveUpAt)
      throw new Error(`${url} was not ready within ${START_TIMEOUT_MS / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, READY_POLL_MS));
  }
}
