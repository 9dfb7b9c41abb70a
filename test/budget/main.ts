/**
 * `npm run budget -- [COMMIT] [ROUNDS]`: builds a commit (HEAD~ when left out) in a temporary folder, and measures what this working tree
 * takes against it: memory at rest and time to start, as medians of rounds in turns. Exits with 1 when a ratio is above
 * test/budget/limits.ts.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startTestDatabase } from '../support/database.ts';
import { compare, type Ratio, ratiosOf } from './compare.ts';
import { RATIOS } from './limits.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const LIMITS: Readonly<Record<string, number>> = { 'idle MB': RATIOS.idleMemory, 'start ms': RATIOS.start };

process.exitCode = await main(process.argv.slice(2));

async function main([commit = 'HEAD~', rounds = '5']: readonly string[]): Promise<number> {
  if (!/^[1-9]\d?$/.test(rounds)) {
    console.error('budget: write `npm run budget -- HEAD~ 5`: a commit, and how many rounds (1 to 99)');
    return 2;
  }
  const folder = join(mkdtempSync(join(tmpdir(), 'forkline-budget-')), 'before');
  try {
    build(ROOT);
    checkOut(commit, folder);
    const database = await startTestDatabase();
    try {
      const figures = await compare(
        [
          { name: commit, command: join(folder, 'dist/cli/main.js') },
          { name: 'this working tree', command: join(ROOT, 'dist/cli/main.js') },
        ],
        { databaseUrl: database.url, rounds: Number(rounds), onProgress: (text) => console.error(text) },
      );
      return judge(ratiosOf(figures[0]!, figures[1]!));
    } finally {
      await database.stop();
    }
  } catch (error) {
    console.error(`budget: ${(error as Error).message}`);
    return 2;
  } finally {
    rmSync(join(folder, '..'), { recursive: true, force: true });
    git('worktree', 'prune');
  }
}

function git(...args: readonly string[]): void {
  execFileSync('git', args, { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] });
}

/** Makes a worktree of the commit and builds it, with the packages of its own lock file. */
function checkOut(commit: string, folder: string): void {
  git('worktree', 'add', '--detach', folder, commit);
  const lockOf = (root: string): string => readFileSync(join(root, 'package-lock.json'), 'utf8');
  if (lockOf(ROOT) === lockOf(folder)) symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  else execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder, stdio: 'inherit' });
  build(folder);
}

function build(root: string): void {
  execFileSync(process.execPath, ['build.mjs'], { cwd: root, stdio: 'inherit' });
}

function judge(ratios: readonly Ratio[]): number {
  const over = ratios.filter(({ what, ratio }) => ratio > (LIMITS[what] ?? Number.POSITIVE_INFINITY));
  for (const { what, before, after, ratio } of ratios) {
    const limit = LIMITS[what] === undefined ? '' : `, at most ${LIMITS[what]} x`;
    console.log(
      `${what.padEnd(14)} ${before.toFixed(0)} -> ${after.toFixed(0)}, ${ratio.toFixed(3)} x${limit}`,
    );
  }
  console.log(
    over.length === 0 ? 'within the budget' : `over the budget: ${over.map(({ what }) => what).join(', ')}`,
  );
  return over.length === 0 ? 0 : 1;
}
