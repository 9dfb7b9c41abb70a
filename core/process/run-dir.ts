/**
 * The run directory: everything that processes of one run share through the file system, private to the user
 * (mode 0700) and gone with the run. Paths of sockets stay under what a unix-domain address can hold.
 *
 *   sockets/  log, control, http   lines/  lines.sock: the logger, for processes that may write lines and ask nothing
 *   workers/<workerId>/  what one worker shares with others, so that a sandbox shows it this directory and no other:
 *                        sock, and of DSL workers rows, rows.2 ... (sockets into the stage engine), rows.answer (a pipe out of it),
 *                        spill/ (the stage engine's), raw/ (its spilled log lines)
 *   owner.json  whose it is (monitor/sweep/dead-runs.ts)     raw/  <workerId>.log: raw stdout and stderr; spilled log lines
 */
import { chmod, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Linux holds 107 bytes, macOS 103. */
const MAX_SOCKET_PATH_BYTES = 100;
const LONGEST_WORKER_ID = 'server-123456';

export interface RunDir {
  readonly path: string;
  readonly rawDir: string;
  readonly logSocket: string;
  /** The logger's socket for processes that may write lines and ask nothing; alone in its directory. */
  readonly linesSocket: string;
  readonly controlSocket: string;
  /** The unix socket on which commands ask the server. */
  readonly httpSocket: string;
  /** Has the directories of all workers. */
  readonly workersDir: string;
  workerDir(workerId: string): string;
  socketPath(workerId: string): string;
  fifoPath(workerId: string): string;
  spillDir(workerId: string): string;
  rawPath(workerId: string): string;
}

export function runDirPrefix(): string {
  return `forkline-${process.getuid?.() ?? 0}-`;
}

export async function createRunDir(): Promise<RunDir> {
  const path = await mkdtemp(join(shortTempDir(), runDirPrefix()));
  await chmod(path, 0o700);
  for (const name of ['sockets', 'lines', 'workers', 'raw']) await mkdir(join(path, name), { mode: 0o700 });
  return describeRunDir(path);
}

export function describeRunDir(path: string): RunDir {
  const workersDir = join(path, 'workers');
  return {
    path,
    rawDir: join(path, 'raw'),
    logSocket: join(path, 'sockets', 'log.sock'),
    linesSocket: join(path, 'lines', 'lines.sock'),
    controlSocket: join(path, 'sockets', 'control.sock'),
    httpSocket: join(path, 'sockets', 'http.sock'),
    workersDir,
    workerDir: (workerId) => join(workersDir, workerId),
    socketPath: (workerId) => join(workersDir, workerId, 'sock'),
    fifoPath: (workerId) => join(workersDir, workerId, 'rows'),
    spillDir: (workerId) => join(workersDir, workerId, 'spill'),
    rawPath: (workerId) => join(path, 'raw', `${workerId}.log`),
  };
}

/** Removes what a process had of its own. Its raw output stays, and so do lines that it spilled: the logger merges and removes them. */
export async function removeWorkerFiles(runDir: RunDir, workerId: string): Promise<void> {
  const own = runDir.workerDir(workerId);
  const spilled = await readdir(join(own, 'raw')).catch(() => []); // most have no such directory
  const names = spilled.length === 0 ? [''] : (await readdir(own)).filter((name) => name !== 'raw');
  await Promise.all(names.map((name) => rm(join(own, name), { recursive: true, force: true })));
}

function shortTempDir(): string {
  const longest = join(tmpdir(), `${runDirPrefix()}XXXXXX`, 'workers', LONGEST_WORKER_ID, 'rows.8');
  return Buffer.byteLength(longest) <= MAX_SOCKET_PATH_BYTES ? tmpdir() : '/tmp';
}
