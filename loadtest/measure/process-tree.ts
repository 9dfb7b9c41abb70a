/** The processes of a contender as the kernel sees them: who they are, CPU, memory. Linux; elsewhere there are none. */
import { readdirSync, readFileSync } from 'node:fs';
import { readRssBytes, readSample, TICKS_PER_SECOND } from '../../core/process/proc.ts';

export interface SeenProcess {
  readonly pid: number;
  readonly startTicks: number;
  readonly role: string;
  readonly cpuSeconds: number;
  readonly rssBytes: number;
}

/** By process title, which Forkline's set once they know what they are; by program before that, and of others. */
const ROLES: readonly (readonly [RegExp, string])[] = [
  [/^forkline dsl-|workers\/dsl\//, 'dsl worker'],
  [/^forkline sql-|workers\/sql\//, 'sql worker'],
  [/^forkline server-|\/server\/main/, 'server'],
  [/^forkline logger-|\/logger\/main/, 'logger'],
  [/^forkline monitor|\/cli\/main/, 'monitor'],
  [/loadtest\/baseline\//, 'baseline'],
  [/^postgres|\/postgres/, 'database'],
];

/** A process and everything below it. */
export function readTree(rootPid: number): SeenProcess[] {
  const samples = allPids().flatMap((pid) => readSample(pid) ?? []);
  const inTree = new Set([rootPid]);
  for (let size = 0; size !== inTree.size; ) {
    size = inTree.size;
    for (const { pid, ppid } of samples) if (inTree.has(ppid)) inTree.add(pid);
  }
  return samples
    .filter(({ pid, state }) => inTree.has(pid) && state !== 'Z')
    .map(({ pid, startTicks, cpuTicks }) => ({
      pid,
      startTicks,
      role: roleOf(pid),
      cpuSeconds: cpuTicks / TICKS_PER_SECOND,
      rssBytes: readRssBytes(pid) ?? 0,
    }));
}

/** Memory of its own, and its share of what it shares. null: not ours to look at. */
export function readPssBytes(pid: number): number | null {
  const kilobytes = /^Pss:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/smaps_rollup`) ?? '')?.[1];
  return kilobytes === undefined ? null : Number(kilobytes) * 1024;
}

function roleOf(pid: number): string {
  const command = (read(`/proc/${pid}/cmdline`) ?? '').replaceAll('\0', ' ');
  return ROLES.find(([pattern]) => pattern.test(command))?.[1] ?? 'other';
}

function allPids(): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return []; // no /proc
  }
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null; // gone, or another user's
  }
}
