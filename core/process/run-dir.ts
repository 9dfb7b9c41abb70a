/**
 * The run directory: everything that processes of one run share through the file system, private to the user
 * (mode 0700) and gone with the run. Paths of sockets stay under what a unix-domain address can hold.
 *
 *   sockets/  log, control, <workerId>.sock   fifos/  <workerId>.fifo, .fifo.2 ..., .fifo.answer: rows into and out of the stage engine
 *   owner.json  whose it is (monitor/sweep/dead-runs.ts)
 *   spill/    <workerId>/: the stage engine's  raw/    <workerId>.log: raw stdout and stderr; spilled log lines
 */
import { chmod, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

/** Linux holds 107 bytes, macOS 103. */
const MAX_SOCKET_PATH_BYTES = 100;
const LONGEST_WORKER_ID = 'server-123456';

export interface RunDir {
  readonly path: string;
  readonly rawDir: string;
  readonly logSocket: string;
  readonly controlSocket: string;
  /** The unix socket on which commands ask the server. */
  readonly httpSocket: string;
  /** Has the spill directories of all DSL workers. */
  readonly spillRoot: string;
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
  for (const name of ['sockets', 'fifos', 'spill', 'raw']) await mkdir(join(path, name), { mode: 0o700 });
  return describeRunDir(path);
}

export function describeRunDir(path: string): RunDir {
  return {
    path,
    rawDir: join(path, 'raw'),
    logSocket: join(path, 'sockets', 'log.sock'),
    controlSocket: join(path, 'sockets', 'control.sock'),
    httpSocket: join(path, 'sockets', 'http.sock'),
    socketPath: (workerId) => join(path, 'sockets', `${workerId}.sock`),
    fifoPath: (workerId) => join(path, 'fifos', `${workerId}.fifo`),
    spillRoot: join(path, 'spill'),
    spillDir: (workerId) => join(path, 'spill', workerId),
    rawPath: (workerId) => join(path, 'raw', `${workerId}.log`),
  };
}

/** Removes what a process had of its own. Its raw output stays: the logger merges and removes it. */
export async function removeWorkerFiles(runDir: RunDir, workerId: string): Promise<void> {
  const fifo = runDir.fifoPath(workerId);
  const names = await readdir(dirname(fifo)).catch(() => []); // the whole directory is gone already
  const fifos = names.filter((name) => name.startsWith(basename(fifo)));
  const paths = [
    runDir.socketPath(workerId),
    ...fifos.map((name) => join(dirname(fifo), name)),
    runDir.spillDir(workerId),
  ];
  await Promise.all(paths.map((path) => rm(path, { recursive: true, force: true })));
}

function shortTempDir(): string {
  const longest = join(tmpdir(), `${runDirPrefix()}XXXXXX`, 'sockets', `${LONGEST_WORKER_ID}.sock`);
  return Buffer.byteLength(longest) <= MAX_SOCKET_PATH_BYTES ? tmpdir() : '/tmp';
}
