/**
 * The database of those who have not named one: a real PostgreSQL (cluster.ts) with public demo data, set up at
 * the first start by a process of its own (load-demo.ts) and read by a role that can do nothing else. state.json
 * tells what the set-up was made for, so that later starts skip it.
 */
import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Cluster } from './cluster.ts';
import { openCluster } from './cluster.ts';
import type { FromLoadDemo, LoadDemoRequest } from './messages.ts';
import { DEMO_DATABASE, DEMO_VERSION, READER_ROLE, STORE_ROLE, STORE_VERSION } from './messages.ts';
import { databaseEnvironment } from './postmaster.ts';
import { writeWhole } from './secrets.ts';

/** Beside the others: the superuser's set-up, and what PostgreSQL keeps for superusers. */
const SPARE_CONNECTIONS = 10;
/** For the catalogue of two servers, while a reload goes on, and `forkline migrate`. */
const STORE_CONNECTIONS = 16;
const LEAST_READER_CONNECTIONS = 50;

export interface EmbeddedOptions {
  /** Absolute; the data goes to <dataDir>/postgres (see home.ts for the exception). */
  readonly dataDir: string;
  /** The most that Forkline will open. */
  readonly connections: number;
  onProgress(line: string): void;
  onTrouble(line: string): void;
}

export interface EmbeddedDatabase {
  /** The reading role's. Holds its password. */
  readonly url: string;
  /** The URL of the catalogue's store, for a role of its own. Holds its password. */
  readonly storeUrl: string;
  /** Pid of the postmaster that runs or ran last; changes with each restart. */
  readonly pid: number;
  readonly logFile: string;
  stop(): Promise<void>;
}

/** Resolves when it answers and holds the demo data. */
export async function startEmbeddedDatabase(options: EmbeddedOptions): Promise<EmbeddedDatabase> {
  const readerConnections = Math.max(LEAST_READER_CONNECTIONS, options.connections);
  const cluster = await openCluster({
    ...options,
    maxConnections: readerConnections + STORE_CONNECTIONS + SPARE_CONNECTIONS,
  });
  try {
    await setUp(cluster, readerConnections, options.onProgress);
  } catch (error) {
    await cluster.stop();
    throw error;
  }
  const { secrets, port, logFile } = cluster;
  const place = `127.0.0.1:${port}/${DEMO_DATABASE}`;
  return {
    url: `postgresql://${READER_ROLE}:${secrets.readerPassword}@${place}`,
    storeUrl: `postgresql://${STORE_ROLE}:${secrets.storePassword}@${place}`,
    get pid() {
      return cluster.pid;
    },
    logFile,
    stop: () => cluster.stop(),
  };
}

async function setUp(
  cluster: Cluster,
  readerConnections: number,
  onProgress: (line: string) => void,
): Promise<void> {
  const stateFile = join(cluster.home.dir, 'state.json');
  const wanted = JSON.stringify({
    demo: DEMO_VERSION,
    store: STORE_VERSION,
    readerConnections,
    cluster: cluster.secrets.clusterId,
  });
  if (readText(stateFile) === wanted) return;
  await loadDemo(
    {
      type: 'load-demo',
      adminUrl: cluster.adminUrl,
      readerPassword: cluster.secrets.readerPassword,
      readerConnections,
      storePassword: cluster.secrets.storePassword,
      storeConnections: STORE_CONNECTIONS,
      importDir: join(cluster.home.dir, 'import'),
    },
    onProgress,
  );
  writeWhole(stateFile, wanted);
}

function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null; // the first start
  }
}

/** Runs load-demo.ts to its end. */
function loadDemo(request: LoadDemoRequest, onProgress: (line: string) => void): Promise<void> {
  const script = fileURLToPath(new URL('./load-demo.js', import.meta.url));
  const child = fork(script, {
    env: databaseEnvironment,
    execArgv: [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  return new Promise((resolve, reject) => {
    let outcome: FromLoadDemo | null = null;
    child.on('message', (message: FromLoadDemo) => {
      switch (message.type) {
        case 'progress':
          onProgress(message.line);
          break;
        case 'done':
        case 'failed':
          outcome = message;
          break;
        default:
          message satisfies never;
      }
    });
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      if (outcome?.type === 'done') resolve();
      else if (outcome?.type === 'failed')
        reject(new Error(`setting up the demo data failed: ${outcome.message}`));
      else reject(new Error(`setting up the demo data ended early (${signal ?? `exit code ${code}`})`));
    });
    child.send(request);
  });
}
