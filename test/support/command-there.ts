/** Whether a command of the machine can be run, for tests of what users do with it. */
import { spawnSync } from 'node:child_process';

/** Returns the text that the command prints; null: it is not here, or it fails. */
export function printedBy(command: string, ...args: readonly string[]): string | null {
  const done = spawnSync(command, args, { encoding: 'utf8', timeout: 120_000 });
  return done.error === undefined && done.status === 0 ? done.stdout + done.stderr : null;
}

/** Runs a command that must go well, and returns what it prints. */
export function run(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): string {
  const done = spawnSync(command, args, {
    encoding: 'utf8',
    timeout: 120_000,
    env: { ...process.env, ...env },
  });
  if (done.error !== undefined) throw done.error;
  if (done.status !== 0) throw new Error(`${command} ends with ${done.status}: ${done.stderr}${done.stdout}`);
  return done.stdout;
}
