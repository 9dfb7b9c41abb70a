/** The processor's time of one process, to the nanosecond: of all its threads that still run, from the kernel's scheduler. */
import { readdirSync, readFileSync } from 'node:fs';
import { readTree } from './process-tree.ts';

/** Returns microseconds. Throws where the kernel does not tell. */
export function cpuMicroseconds(pid: number): number {
  const tasks = readdirSync(`/proc/${pid}/task`);
  return tasks.reduce((sum, task) => sum + nanosecondsOf(pid, task), 0) / 1000;
}

/** The first number of a thread's schedstat is its time on a processor. */
function nanosecondsOf(pid: number, task: string): number {
  return Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ', 1)[0]);
}

/** Returns the pid of the one process of a tree with the role. Throws when there is none. */
export function pidOfRole(rootPid: number, role: string): number {
  const found = readTree(rootPid).find((each) => each.role === role);
  if (found === undefined) throw new Error(`no process below ${rootPid} is a ${role}`);
  return found.pid;
}
