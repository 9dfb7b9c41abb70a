/**
 * `npm run loadtest`: measures Forkline against the targets, writes a table, report.json and report.html, and
 * ends with 0 only when every target held. INT and TERM end it in order, with what was measured; a second one at once.
 */
import { resolve } from 'node:path';
import { environment } from '../core/config/config.ts';
import { SCENARIOS } from './catalogue.ts';
import { Children } from './children.ts';
import { type Command, HELP, parseOptions, type RunOptions, UsageError } from './options.ts';
import { Progress } from './progress.ts';
import { listText, summaryText } from './report/terminal.ts';
import { writeReports } from './report/write.ts';
import { isHeld } from './result.ts';
import { runLoadTest } from './run.ts';
import { SetupError } from './setup-error.ts';

/** Limits after which a run ends, whatever happens. */
const QUICK_LIMIT_MS = 110_000;
const FULL_LIMIT_MS = 60 * 60_000;
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  let command: Command;
  try {
    command = parseOptions(
      args,
      SCENARIOS.map(({ name }) => name),
    );
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`loadtest: ${error.message}\n`);
    return 2;
  }
  switch (command.name) {
    case 'help':
      process.stdout.write(`${HELP}\n`);
      return 0;
    case 'list':
      process.stdout.write(listText(SCENARIOS));
      return 0;
    case 'run':
      return await run(command.options);
    default:
      return command satisfies never;
  }
}

async function run(options: RunOptions): Promise<number> {
  const { DATABASE_URL, PATH, LOADTEST_PYTHON } = environment();
  const children = new Children();
  const progress = new Progress(process.stderr);
  const ending = new AbortController();
  let signalled: keyof typeof EXIT_CODES | null = null;
  const interrupt = (signal: keyof typeof EXIT_CODES): void => {
    if (signalled !== null) {
      children.killAll();
      process.exit(EXIT_CODES[signal]);
    }
    signalled = signal;
    progress.print(`${signal}: ending (once more to end at once)`);
    ending.abort(new Error(`interrupted by ${signal}`));
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, interrupt);
  const limitMs = options.quick ? QUICK_LIMIT_MS : FULL_LIMIT_MS;
  const limit = setTimeout(() => ending.abort(new Error(`not done within ${limitMs / 1000} s`)), limitMs);
  try {
    const chosen = SCENARIOS.filter(({ name }) => options.scenarios?.includes(name) ?? true);
    const dir = resolve('data/loadtest');
    const result = await runLoadTest({
      ...{ options, scenarios: chosen, children, progress, dir, path: PATH, signal: ending.signal },
      python: LOADTEST_PYTHON,
      givenUrl: DATABASE_URL === undefined || DATABASE_URL === '' ? null : DATABASE_URL,
    });
    progress.end();
    const files = await writeReports(result, options.outDir ?? dir, options.outDir === null);
    process.stdout.write(summaryText(result, chosen, files));
    if (signalled !== null) return EXIT_CODES[signalled as keyof typeof EXIT_CODES];
    return isHeld(result) ? 0 : 1;
  } catch (error) {
    progress.end();
    return failed(error, signalled);
  } finally {
    clearTimeout(limit);
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, interrupt);
  }
}

/** Nothing was measured: while setting up. */
function failed(error: unknown, signalled: keyof typeof EXIT_CODES | null): number {
  process.stderr.write(`loadtest: ${(error as Error).message}\n`);
  if (signalled !== null) return EXIT_CODES[signalled];
  return error instanceof SetupError ? 2 : 1;
}
