/**
 * Reads from /proc what the kernel says about a process. A process is known by (pid, start time): a pid alone may be
 * somebody else's by now. Every read is tiny and synchronous, and answers null where there is no /proc or no such
 * process: the caller cannot tell the two apart and need not.
 */
import { readdirSync, readFileSync } from 'node:fs';

export interface KernelSample {
  readonly pid: number;
  readonly ppid: number;
  /** The kernel's letter: R, S, D, T, Z ... */
  readonly state: string;
  /** Clock ticks from boot to the process's start. */
  readonly startTicks: number;
  /** User and system time in clock ticks. */
  readonly cpuTicks: number;
}

/** USER_HZ, which is part of Linux's interface to user space. */
export const TICKS_PER_SECOND = 100;

/** The text of /proc/<pid>/stat; null when it is none. The name in parentheses may hold spaces and parentheses. */
export function parseStat(text: string): KernelSample | null {
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  if (open < 0 || close < open) return null;
  const fields = text.slice(close + 2).split(' ');
  const number = (index: number) => Number(fields[index]);
  const sample = {
    pid: Number(text.slice(0, open)),
    state: fields[0] ?? '',
    ppid: number(1),
    cpuTicks: number(11) + number(12),
    startTicks: number(19),
  };
  return Number.isNaN(sample.cpuTicks + sample.startTicks + sample.ppid) ? null : sample;
}

export function readSample(pid: number): KernelSample | null {
  const text = readProc(`${pid}/stat`);
  return text === null ? null : parseStat(text);
}

/** Bytes in memory. From `status` rather than `statm`, whose unit is a page of unknown size. */
export function readRssBytes(pid: number): number | null {
  const match = /^VmRSS:\s+(\d+) kB$/m.exec(readProc(`${pid}/status`) ?? '');
  return match === null ? null : Number(match[1]) * 1024;
}

/**
 * Proportional memory: what is shared counts by share. The kernel walks all pages of the process for it (measured:
 * 2 ms at 60 MB, 4 ms at 300 MB; RSS takes 0.05 ms), so not of every process at every look.
 */
export function readPssBytes(pid: number): number | null {
  const match = /^Pss:\s+(\d+) kB$/m.exec(readProc(`${pid}/smaps_rollup`) ?? '');
  return match === null ? null : Number(match[1]) * 1024;
}

export function countOpenFiles(pid: number): number | null {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return null; // the process is gone, or another user's: see readProc
  }
}

/** The soft limit, which is what `open` fails at; null too when there is none. */
export function readOpenFilesLimit(pid: number): number | null {
  const match = /^Max open files\s+(\d+)\s/m.exec(readProc(`${pid}/limits`) ?? '');
  return match === null ? null : Number(match[1]);
}

/** The kernel function that it sleeps in; null while it runs and where the kernel does not tell. */
export function readWchan(pid: number): string | null {
  const name = readProc(`${pid}/wchan`);
  return name === null || name === '0' || name === '' ? null : name;
}

/** The name of its program, as the kernel shortens it. */
export function readCommand(pid: number): string | null {
  return readProc(`${pid}/comm`)?.trim() ?? null;
}

/** The processes there are; empty where there is no /proc. */
export function listPids(): number[] {
  try {
    return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
  } catch {
    return []; // no /proc on this system
  }
}

/** Returns these variables of the environment that a process was started with; null for another user's process. */
export function readEnvironment(pid: number, names: readonly string[]): Record<string, string> | null {
  const text = readProc(`${pid}/environ`);
  if (text === null) return null;
  const found: Record<string, string> = {};
  for (const entry of text.split('\0')) {
    const name = names.find((each) => entry.startsWith(`${each}=`));
    if (name !== undefined) found[name] = entry.slice(name.length + 1);
  }
  return found;
}

/** Returns the children that the first thread of a process started, the oldest first. */
export function readChildPids(pid: number): number[] {
  const text = readProc(`${pid}/task/${pid}/children`) ?? '';
  return text.split(' ').flatMap((child) => (child === '' ? [] : [Number(child)]));
}

/** Returns the pid of a process in each pid namespace that it is in, that of this process first; null for no such process. */
export function readNamespacePids(pid: number): number[] | null {
  const match = /^NSpid:\s+([\d\s]+?)$/m.exec(readProc(`${pid}/status`) ?? '');
  return match === null ? null : match[1]!.split(/\s+/).map(Number);
}

/** Dead children of a process that it has not waited for (those that its first thread started). */
export function readZombiesUnder(pid: number): KernelSample[] {
  const samples = readChildPids(pid).map((child) => readSample(child));
  return samples.filter((sample): sample is KernelSample => sample?.state === 'Z');
}

/** Start times are only comparable within one boot of the machine. */
export function readBootId(): string | null {
  return readProc('sys/kernel/random/boot_id')?.trim() ?? null;
}

/** Whether that very process is still there, as a zombie too. null: it cannot be known here. */
export function isSameProcess(pid: number, startTicks: number | null): boolean | null {
  if (startTicks === null || readSample(process.pid) === null) return null;
  return readSample(pid)?.startTicks === startTicks;
}

/** Whether that very process lives. A pid alone must do where start times cannot be known; a zombie is dead. */
export function isAlive({ pid, startTicks }: { pid: number; startTicks: number | null }): boolean {
  const same = isSameProcess(pid, startTicks) ?? pidExists(pid);
  return same && readSample(pid)?.state !== 'Z';
}

/** Whosever it is. */
export function pidExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function readProc(path: string): string | null {
  try {
    return readFileSync(`/proc/${path}`, 'utf8');
  } catch {
    return null; // gone, another user's, or no /proc on this system
  }
}
