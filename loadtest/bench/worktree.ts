/**
 * Another commit, checked out and built beside this one, with the benchmarks of this one laid over it: what is compared
 * is the code, not how it was measured. It goes with its directory, and git forgets it.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { BenchUsageError } from './options.ts';
import type { Runner } from './runner.ts';

export interface Worktree {
  /** The directory in which the load test's code is built. */
  readonly dist: string;
  /** Also after an interruption, when no other command is started any more. */
  remove(): void;
}

export interface Checkout {
  readonly root: string;
  readonly run: Runner;
}

/** The full id of a commit. Throws BenchUsageError when there is none of that name. */
export async function commitOf({ root, run }: Checkout, given: string): Promise<string> {
  const args = ['rev-parse', '--verify', '--quiet', `${given}^{commit}`];
  const found = await run('git', args, root).catch((error: Error) => {
    throw error.name === 'AbortError' ? error : new BenchUsageError(`there is no commit "${given}"`);
  });
  return found.trim();
}

/** Rejects when it cannot be built. */
export async function openWorktree({ root, run }: Checkout, commit: string, dir: string): Promise<Worktree> {
  const remove = (): void => {
    rmSync(dir, { recursive: true, force: true });
    execFileSync('git', ['worktree', 'prune'], { cwd: root });
  };
  try {
    await run('git', ['worktree', 'add', '--detach', dir, commit], root);
    return { dist: await build(root, dir, run), remove };
  } catch (error) {
    remove();
    throw error;
  }
}

/** Resolves to the directory in which the built benchmarks lie: builds of early commits put them into dist itself. */
async function build(root: string, dir: string, run: Runner): Promise<string> {
  cpSync(join(root, 'loadtest'), join(dir, 'loadtest'), { recursive: true });
  const lock = (of: string): string => readFileSync(join(of, 'package-lock.json'), 'utf8');
  if (lock(root) === lock(dir)) symlinkSync(join(root, 'node_modules'), join(dir, 'node_modules'));
  else await run('npm', ['ci', '--no-audit', '--no-fund'], dir);
  // Benchmarks of today may not fit the types of then; what does not run says so when it is run.
  await run(process.execPath, ['build.mjs', '--loadtest'], dir).catch((error: Error) => {
    if (error.name === 'AbortError') throw error;
  });
  const isBuilt = (dist: string): boolean => existsSync(join(dist, 'loadtest/bench/run-case.js'));
  const dist = [join(dir, 'dist-dev'), join(dir, 'dist')].find(isBuilt);
  if (dist === undefined) throw new Error(`${dir} cannot be built`);
  return dist;
}
