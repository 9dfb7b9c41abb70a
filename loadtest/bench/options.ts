/** Reads the command line of `npm run bench`, or throws a usage error. */
import { parseArgs } from 'node:util';
import { closestName } from '../../core/config/closest-name.ts';

export interface BenchOptions {
  /** null: all. */
  readonly cases: readonly string[] | null;
  /** Processes for each case. */
  readonly rounds: number;
  /** Two commits. */
  readonly compare: readonly [string, string] | null;
  /** null: named by the time, below data/bench. */
  readonly out: string | null;
}

export class BenchUsageError extends Error {}

export const BENCH_HELP = `npm run bench -- [options]: what is hot, each alone in a process of its own

  --case A,B            only these
  --rounds N            processes for each case; the median of all figures counts (5)
  --compare A B         two commits in turns, each built in a worktree that is removed again
  --out FILE            where the figures go as JSON (data/bench/<time>.json)`;

const MOST_ROUNDS = 100;

/** null: help was asked for. Throws BenchUsageError. */
export function parseBenchOptions(args: readonly string[], known: readonly string[]): BenchOptions | null {
  const { values, positionals } = parse(args);
  if (values.help === true) return null;
  const rounds = Number(values.rounds ?? 5);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > MOST_ROUNDS)
    throw new BenchUsageError(
      `--rounds must be a whole number from 1 to ${MOST_ROUNDS}, not "${values.rounds}"`,
    );
  const wanted = values.compare === true ? 2 : 0;
  if (positionals.length !== wanted)
    throw new BenchUsageError(
      wanted === 2 ? '--compare takes two commits' : `"${positionals[0]}" is no option`,
    );
  const [a, b] = positionals;
  return {
    cases:
      values.case?.flatMap((list) => list.split(',')).map((name) => knownCase(name.trim(), known)) ?? null,
    rounds,
    compare: a === undefined || b === undefined ? null : [a, b],
    out: values.out ?? null,
  };
}

function parse(args: readonly string[]) {
  const options = {
    case: { type: 'string', multiple: true },
    rounds: { type: 'string' },
    compare: { type: 'boolean' },
    out: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  } as const;
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new BenchUsageError((error as Error).message);
  }
}

function knownCase(name: string, known: readonly string[]): string {
  if (known.includes(name)) return name;
  const closest = closestName(name, known);
  const hint = closest === null ? `there are ${known.join(', ')}` : `did you mean ${closest}?`;
  throw new BenchUsageError(`there is no case "${name}"; ${hint}`);
}
