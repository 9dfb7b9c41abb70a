/**
 * A DSL worker lets everybody else have the CPU first: its work is long, and what light queries need (server, SQL
 * workers, the database) is short. Measured in docs/performance.md.
 */
import { readdirSync, writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';

const NICE = 10;

/**
 * For the threads that there are and those that they start. Every worker is a session of its own, and where the kernel
 * groups processes by session (autogroup), niceness counts for the group only: so both are set.
 */
export function lowerPriority(): void {
  for (const threadId of threadIds()) ignoreRefusal(() => setPriority(threadId, NICE));
  ignoreRefusal(() => writeFileSync('/proc/self/autogroup', String(NICE)));
}

/** Linux has a niceness for each thread; elsewhere the process has one. */
function threadIds(): number[] {
  try {
    return readdirSync('/proc/self/task').map(Number);
  } catch {
    return [process.pid];
  }
}

/** A thread has ended meanwhile, or the system has no such thing: then it competes like everybody else. */
function ignoreRefusal(set: () => void): void {
  try {
    set();
  } catch {}
}
