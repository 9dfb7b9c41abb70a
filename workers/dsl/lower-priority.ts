/**
 * A DSL worker lets everybody else have the CPU first: its work is long, and what light queries need (server, SQL
 * workers, the database) is short. Measured in docs/performance.md.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';

const NICE = 10;
const RETRY_MS = 150;
const MOST_TRIES = 20;

/**
 * Lowers the priority of all threads and of those that they start. A worker that the monitor started is a session of its own,
 * and where the kernel groups processes by session (autogroup), niceness counts for the group only, so that both are set. A sandboxed
 * worker cannot see that the session is its own.
 */
export function lowerPriority({ ownSession = leadsSession() } = {}): void {
  for (const threadId of threadIds()) ignoreRefusal(() => setPriority(threadId, NICE));
  ignoreRefusal(() => ownSession && lowerSession(MOST_TRIES));
}

/** Lowers the session; tries again, since the kernel takes one such write of ordinary users in a tenth of a second. */
function lowerSession(tries: number): void {
  try {
    writeFileSync('/proc/self/autogroup', String(NICE));
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException; // fs throws nothing else
    if (code === 'EAGAIN' && tries > 1)
      setTimeout(lowerSession, RETRY_MS * (1 + Math.random()), tries - 1).unref();
  }
}

/** Says whether this process leads its session. If not, the session is another's: a terminal, with all that runs in it. */
function leadsSession(): boolean {
  const stat = readFileSync('/proc/self/stat', 'utf8');
  // Behind the name, which may hold anything: state, parent, process group, session.
  const session = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3];
  return Number(session) === process.pid;
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
