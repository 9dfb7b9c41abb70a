/**
 * Returns the seconds of processor time that a process and everything below it took so far, with what it waited for; 0 where
 * there is no /proc. What was below it and has another parent by now is lost.
 */
import { readdirSync, readFileSync } from 'node:fs';

/** USER_HZ, which is part of Linux's interface to user space. */
const TICKS_PER_SECOND = 100;

export function cpuSecondsOf(rootPid) {
  const rows = readRows();
  const inTree = new Set([rootPid]);
  let size = 0;
  while (size !== inTree.size) {
    size = inTree.size;
    for (const { pid, parent } of rows) if (inTree.has(parent)) inTree.add(pid);
  }
  return rows.reduce((sum, { pid, ticks }) => sum + (inTree.has(pid) ? ticks : 0), 0) / TICKS_PER_SECOND;
}

function readRows() {
  try {
    return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? readRow(name) : []));
  } catch {
    return []; // no /proc on this system
  }
}

/** Returns the time of the process and of the dead processes below it, in user and system mode. */
function readRow(name) {
  try {
    const text = readFileSync(`/proc/${name}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    return [{ pid: Number(name), parent: Number(fields[1]), ticks }];
  } catch {
    return []; // gone
  }
}
