/**
 * Directories of servers that tests start, for all their files, the temporary ones too. A test process that is killed removes nothing: the name
 * tells whose directory it is, and the next one that makes such a directory ends what still runs for a process that is gone, and removes it.
 */
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive, readSample } from '../../core/process/proc.ts';

const KINDS = 'spark|sail';
/** Kind, process that made it, start of that process. */
const NAME = new RegExp(`^forkline-(?:${KINDS})-(\\d+)\\.(\\d*)-`);
const PROCESSES = 'processes';

/** Returns a new directory, after those of processes that are gone were removed. */
export function makeServerDir(kind: 'spark' | 'sail', parent = tmpdir()): string {
  sweepServerDirs(parent);
  return mkdtempSync(join(parent, `forkline-${kind}-${process.pid}.${startTicksOf(process.pid)}-`));
}

/** Writes down a process that ends with the directory. */
export function noteProcess(dir: string, pid: number): void {
  appendFileSync(join(dir, PROCESSES), `${pid}.${startTicksOf(pid)}\n`);
}

/** Ends the servers of processes that are gone, and removes their directories. Returns the names of these. */
export function sweepServerDirs(parent: string): readonly string[] {
  const left = readdirSync(parent).filter((name) => {
    const [, pid, ticks] = NAME.exec(name) ?? [];
    return pid !== undefined && !lives(pid, ticks!);
  });
  for (const name of left) remove(join(parent, name));
  return left;
}

function remove(dir: string): void {
  for (const line of processesIn(dir)) {
    const [pid, ticks] = line.split('.');
    if (lives(pid!, ticks!)) process.kill(Number(pid), 'SIGKILL');
  }
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
}

function processesIn(dir: string): readonly string[] {
  try {
    return readFileSync(join(dir, PROCESSES), 'utf8').trim().split('\n');
  } catch {
    return []; // the process was killed before it had started a server
  }
}

function lives(pid: string, ticks: string): boolean {
  return isAlive({ pid: Number(pid), startTicks: ticks === '' ? null : Number(ticks) });
}

function startTicksOf(pid: number): string {
  return String(readSample(pid)?.startTicks ?? '');
}
