/**
 * The two small programs of util-linux through which the monitor starts its children, if they exist and support what is
 * needed (older ones and BusyBox's do not): `setpriv --pdeathsig --no-new-privs` and `prlimit --data`. Each is tried once with exactly the
 * options that will be used, because a tool that prevents a child from starting would be worse than no tool.
 */
import { execFile } from 'node:child_process';
import type { Log } from '../../core/logging/log.ts';
import { findExecutable } from '../sandbox/child-path.ts';

/** The absolute paths of the programs; null for one that does not exist or does not work. */
export interface Tools {
  readonly setpriv: string | null;
  readonly prlimit: string | null;
}

export async function findTools(dataLimitBytes: number): Promise<Tools> {
  const [setpriv, prlimit] = await Promise.all([
    findWorking('setpriv', (path) => [...setprivArgs, path, '--version']),
    findWorking('prlimit', (path) => [...dataLimitArgs(dataLimitBytes), path, '--version']),
  ]);
  return { setpriv, prlimit };
}

/** A child ends with the monitor, and no program that it may start gives it more rights than it has. */
export const setprivArgs = ['--pdeathsig', 'KILL', '--no-new-privs', '--'] as const;

export function dataLimitArgs(bytes: number): string[] {
  return [`--data=${bytes}`, '--'];
}

/** Logs once what does not work without them. */
export function logMissingTools(tools: Tools, log: Log): void {
  if (tools.setpriv === null)
    log.warn('no-setpriv', {
      lost:
        'if the monitor is killed, a child whose event loop is blocked outlives it until the next start sweeps; ' +
        'and a child could gain rights by a setuid program',
    });
  if (tools.prlimit === null)
    log.warn('no-prlimit', {
      lost: 'no hard limit on the memory of a DSL worker; the engine keeps to its own limit',
    });
}

async function findWorking(name: string, args: (path: string) => string[]): Promise<string | null> {
  const path = await findExecutable(name);
  return path !== null && (await succeeds(path, args(path))) ? path : null;
}

function succeeds(path: string, args: string[]): Promise<boolean> {
  return new Promise((resolve) => {
    execFile(path, args, { timeout: 2000 }, (error) => resolve(error === null));
  });
}
