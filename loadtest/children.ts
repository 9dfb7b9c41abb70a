/**
 * Every process that the load test starts, each the leader of a group of its own: a terminal's Ctrl-C reaches the load
 * test alone, which then ends them in order. `endAll` leaves none behind: TERM to each, after a while KILL to its
 * group, always by number.
 */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const TERM_WAIT_MS = 20_000;
const LAST_LINES = 20;

export interface StartRequest {
  readonly what: string;
  readonly args: readonly string[];
  /** Node itself when left out. */
  readonly command?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  readonly stdio?: SpawnOptions['stdio'];
}

export class Children {
  readonly #running = new Set<ChildProcess>();

  /** Throws when it cannot be started. */
  start({ what, command = process.execPath, args, env, cwd, stdio }: StartRequest): ChildProcess {
    const child = spawn(command, args, {
      detached: true,
      stdio: stdio ?? ['ignore', 'pipe', 'pipe'],
      ...(env && { env }),
      ...(cwd && { cwd }),
      serialization: 'advanced',
    });
    // A program that is not there has no pid, which is told below.
    child.on('error', () => {});
    if (child.pid === undefined) throw new Error(`${what} does not start (${command})`);
    this.#running.add(child);
    child.once('exit', () => this.#running.delete(child));
    return child;
  }

  async end(child: ChildProcess): Promise<void> {
    if (!this.#running.has(child)) return;
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGTERM');
    const timer = setTimeout(() => killGroup(child), TERM_WAIT_MS);
    await exited;
    clearTimeout(timer);
  }

  async endAll(): Promise<void> {
    await Promise.all([...this.#running].map((child) => this.end(child)));
  }

  /** Without waiting; for a second Ctrl-C. */
  killAll(): void {
    for (const child of this.#running) killGroup(child);
  }
}

function killGroup(child: ChildProcess): void {
  try {
    process.kill(-child.pid!, 'SIGKILL');
  } catch {
    // the process has ended already
  }
}

/**
 * The first capture of the first line on stdout that matches. What follows is read and dropped, so that the child
 * never blocks. Rejects with its last lines when it ends first or takes too long.
 */
export function firstMatch(
  child: ChildProcess,
  what: string,
  pattern: RegExp,
  timeoutMs: number,
): Promise<string> {
  const last: string[] = [];
  return new Promise((resolve, reject) => {
    const fail = (how: string): void => reject(new Error([`${what} ${how}`, ...last].join('\n  ')));
    const timer = setTimeout(() => fail(`was not ready within ${timeoutMs / 1000} s`), timeoutMs);
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (line) => {
        last.push(line);
        if (last.length > LAST_LINES) last.shift();
        const match = pattern.exec(line);
        if (match !== null) resolve(match[1]!);
        if (match !== null) clearTimeout(timer);
      });
    }
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      fail(`ended with ${signal ?? code} before it was ready`);
    });
  });
}
