/**
 * The processes of one Forkline run, found from outside and also when their parent is gone: every child's stdout is
 * a file in the run directory, whose name is unique. Linux only (elsewhere the lists are empty).
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { readSample } from '../../core/process/proc.ts';

export interface FoundProcess {
  readonly pid: number;
  readonly startTicks: number;
}

/** Living processes whose stdout lies in that run directory. */
export function processesOfRun(runDir: string): FoundProcess[] {
  return allPids().flatMap((pid) => {
    const stdout = readLink(`/proc/${pid}/fd/1`);
    const sample = stdout?.startsWith(`${runDir}/`) ? readSample(pid) : null;
    return sample === null || sample.state === 'Z' ? [] : [{ pid, startTicks: sample.startTicks }];
  });
}

/** The pids of processes with exactly this command line; other runs on the machine have such, so it names something. */
export function pidsRunning(commandLine: string): number[] {
  return allPids().filter((pid) => commandOf(pid) === commandLine);
}

/** The program and its arguments; null when it is gone or, as a zombie, has none any more. */
export function commandOf(pid: number): string | null {
  try {
    const text = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    return text === '' ? null : text;
  } catch {
    return null; // gone
  }
}

/** A process and everything below it. */
export function treeOf(rootPid: number): FoundProcess[] {
  const samples = allPids().flatMap((pid) => readSample(pid) ?? []);
  const inTree = new Set([rootPid]);
  let size = 0;
  while (size !== inTree.size) {
    size = inTree.size;
    for (const { pid, ppid } of samples) if (inTree.has(ppid)) inTree.add(pid);
  }
  return samples.filter(({ pid }) => inTree.has(pid)).map(({ pid, startTicks }) => ({ pid, startTicks }));
}

/** Also true of a zombie: its parent has not waited for it. */
export function isThere({ pid, startTicks }: FoundProcess): boolean {
  return readSample(pid)?.startTicks === startTicks;
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

function readLink(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null; // gone, or another user's
  }
}
