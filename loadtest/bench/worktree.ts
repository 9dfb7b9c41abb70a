/**
 * Another commit, checked out and built beside this one, with the benchmarks of this one laid over it: what is compared
 * is the code, not how it was measured. It goes with its directory, and git forgets it.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Runner } from './runner.ts';

export interface Worktree {
  readonly commit: string;
  readonly dist: string;
  /** Also after an interruption, when no other command is started any more. */
  remove(): void;
}

/** Rejects when there is no such commit, or when it cannot be built. */
export async function openWorktree(
  { root, run }: { readonly root: string; readonly run: Runner },
  given: string,
  dir: string,
): Promise<Worktree> {
  const commit = (
    await run('git', ['rev-parse', '--verify', '--quiet', `${given}^{commit}`], root).catch(() => {
      throw new Error(`there is no commit "${given}"`);
    })
  ).trim();
  const remove = (): void => {
    rmSync(dir, { recursive: true, force: true });
    execFileSync('git', ['worktree', 'prune'], { cwd: root });
  };
  try {
    await run('git', ['worktree', 'add', '--detach', dir, commit], root);
    await build(root, dir, run);
  } catch (error) {
    remove();
    throw error;
  }
  return { commit, dist: join(dir, 'dist'), remove };
}

async function build(root: string, dir: string, run: Runner): Promise<void> {
  cpSync(join(root, 'loadtest'), join(dir, 'loadtest'), { recursive: true });
  const lock = (of: string): string => readFileSync(join(of, 'package-lock.json'), 'utf8');
  if (lock(root) === lock(dir)) symlinkSync(join(root, 'node_modules'), join(dir, 'node_modules'));
  else await run('npm', ['ci', '--no-audit', '--no-fund'], dir);
  // Benchmarks of today may not fit the types of then; what does not run says so when it is run.
  await run(process.execPath, ['build.mjs'], dir).catch(() => {});
  if (!existsSync(join(dir, 'dist/loadtest/bench/run-case.js'))) throw new Error(`${dir} cannot be built`);
}
