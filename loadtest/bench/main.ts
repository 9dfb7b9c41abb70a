/** `npm run bench`: micro-benchmarks of what is hot, as a table and as JSON; `--compare A B` measures two commits in turns. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { environment } from '../../core/config/config.ts';
import { Children } from '../children.ts';
import { BENCH_CASES } from './catalogue.ts';
import { type Build, casesTable, measureCases } from './measure-cases.ts';
import { BENCH_HELP, type BenchOptions, BenchUsageError, parseBenchOptions } from './options.ts';
import { createRunner, type Runner } from './runner.ts';
import { commitOf, openWorktree, type Worktree } from './worktree.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const LANGUAGE_BENCH = 'bench:language';

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const children = new Children();
  const ending = new AbortController();
  const interrupt = (signal: NodeJS.Signals): void =>
    ending.abort(Object.assign(new Error(`interrupted by ${signal}`), { name: 'AbortError' }));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, interrupt);
  try {
    const options = parseBenchOptions(
      args,
      BENCH_CASES.map(({ name }) => name),
    );
    if (options === null) process.stdout.write(`${BENCH_HELP}\n`);
    else await bench(options, createRunner(children, environment(), ending.signal));
    return 0;
  } catch (error) {
    process.stderr.write(`bench: ${(error as Error).message}\n`);
    return error instanceof BenchUsageError ? 2 : ending.signal.aborted ? 130 : 1;
  } finally {
    await children.endAll();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, interrupt);
  }
}

async function bench(options: BenchOptions, run: Runner): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), 'forkline-bench-'));
  const worktrees: Worktree[] = [];
  const onProgress = (text: string): void => void process.stderr.write(`${text}\n`);
  try {
    const builds = await openBuilds(options, run, scratch, worktrees, onProgress);
    const cases = BENCH_CASES.filter(({ name }) => options.cases?.includes(name) ?? true);
    const figures = await measureCases({ run, rounds: options.rounds, onProgress }, cases, builds);
    const out = resolve(
      options.out ?? `data/bench/${new Date().toISOString().replaceAll(/[:.]/g, '-')}.json`,
    );
    mkdirSync(dirname(out), { recursive: true });
    writeFileSync(out, `${JSON.stringify({ node: process.version, figures }, null, 1)}\n`);
    process.stdout.write(`${casesTable(figures, builds)}${out}\n`);
    const unmeasured = figures.filter(({ trouble }) => trouble !== null);
    if (options.compare === null && unmeasured.length > 0)
      throw new Error(`${unmeasured.length} cases failed`);
  } finally {
    for (const worktree of worktrees) worktree.remove();
    rmSync(scratch, { recursive: true, force: true });
  }
  if (options.compare === null && options.cases === null) await benchLanguage(run);
}

async function openBuilds(
  { compare }: BenchOptions,
  run: Runner,
  scratch: string,
  worktrees: Worktree[],
  onProgress: (text: string) => void,
): Promise<Build[]> {
  if (compare === null) return [{ label: 'this build', dist: join(ROOT, 'dist-dev') }];
  const checkout = { root: ROOT, run };
  const commits: string[] = [];
  for (const given of compare) commits.push(await commitOf(checkout, given));
  const builds: Build[] = [];
  for (const [index, commit] of commits.entries()) {
    const label = `${compare[index]} (${commit.slice(0, 9)})`;
    onProgress(`checking out and building ${label}`);
    const worktree = await openWorktree(checkout, commit, join(scratch, `${index}`));
    worktrees.push(worktree);
    builds.push({ label, dist: worktree.dist });
  }
  return builds;
}

/** The language has its own, when it has one. */
async function benchLanguage(run: Runner): Promise<void> {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  if (scripts[LANGUAGE_BENCH] === undefined) return;
  process.stdout.write(await run('npm', ['run', '--silent', LANGUAGE_BENCH], ROOT));
}
