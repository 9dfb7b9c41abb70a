/** Reads the command line, or throws a usage error that tells how to mend it. */
import { parseArgs } from 'node:util';
import { closestName } from '../core/config/closest-name.ts';

export interface RunOptions {
  readonly quick: boolean;
  /** null: all. */
  readonly scenarios: readonly string[] | null;
  /** Duration of one measured load. */
  readonly durationMs: number;
  readonly rounds: number;
  readonly rows: number;
  /** The address of a server that runs already. */
  readonly against: string | null;
  /** null: a directory named by the time, below data/loadtest. */
  readonly outDir: string | null;
  /** `drop` removes the data at the end; `expect` writes nothing into the database. */
  readonly data: DataPolicy;
  /** For Forkline; 0: any free one. */
  readonly port: number;
}

export type Command =
  | { readonly name: 'help' }
  | { readonly name: 'list' }
  | { readonly name: 'run'; readonly options: RunOptions };

export const DATA_POLICIES = ['drop', 'keep', 'expect'] as const;
export type DataPolicy = (typeof DATA_POLICIES)[number];

/** Medians are of so many, of which targets ask for five. The durations are meant to make a full run last some twelve minutes. */
export const FULL = { rounds: 5, durationMs: 3000, rows: 1_000_000 } as const;
export const QUICK = { rounds: 2, durationMs: 1000, rows: 50_000 } as const;
const LEAST_DURATION_MS = 200;
const MOST_DURATION_MS = 600_000;
const LEAST_ROWS = 10_000;
const MOST_ROWS = 100_000_000;

export class UsageError extends Error {}

export const HELP = `npm run loadtest -- [options]: measures Forkline against one-process servers and plain SQL

  --quick               within 2 minutes: fewer rounds, shorter, fewer rows; for a first look
  --scenario A,B        only these (--list shows them)
  --duration TIME       of each measured load: 500ms, 5s, 1m (${FULL.durationMs / 1000}s; --quick ${QUICK.durationMs / 1000}s)
  --rounds N            how often each figure is taken (${FULL.rounds}; --quick ${QUICK.rounds})
  --rows N              rows of the main table (${FULL.rows}; --quick ${QUICK.rows})
  --against URL         measure the server that runs there; DATABASE_URL must name the database that it reads
  --data POLICY         drop (at the end), keep (for the next run), expect (to be there; write nothing).
                        drop; with --against expect
  --out DIR             where report.json and report.html go (data/loadtest/<time>)
  --port N              Forkline's port (any free one)
  --list, --help

The database is the one that DATABASE_URL names, where a schema forkline_load is made; else an embedded one.
Exit codes: 0 every target held, 1 one was missed or a scenario failed, 2 a mistake in what was asked for, 130 and
143 interrupted (what was measured is written all the same).`;

const OPTIONS = {
  quick: { type: 'boolean' },
  scenario: { type: 'string', multiple: true },
  duration: { type: 'string' },
  rounds: { type: 'string' },
  rows: { type: 'string' },
  against: { type: 'string' },
  data: { type: 'string' },
  out: { type: 'string' },
  port: { type: 'string' },
  list: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** Throws UsageError. `known` are the scenarios that there are. */
export function parseOptions(args: readonly string[], known: readonly string[]): Command {
  const values = parse(args);
  if (values.help === true) return { name: 'help' };
  if (values.list === true) return { name: 'list' };
  const quick = values.quick === true;
  const defaults = quick ? QUICK : FULL;
  const against = values.against === undefined ? null : parseUrl(values.against);
  return {
    name: 'run',
    options: {
      quick,
      scenarios: parseScenarios(values.scenario, known),
      durationMs: values.duration === undefined ? defaults.durationMs : parseDuration(values.duration),
      rounds: parseCount('rounds', values.rounds, 1, 100) ?? defaults.rounds,
      rows: parseCount('rows', values.rows, LEAST_ROWS, MOST_ROWS) ?? defaults.rows,
      against,
      outDir: values.out ?? null,
      data: parsePolicy(values.data) ?? (against === null ? 'drop' : 'expect'),
      port: parseCount('port', values.port, 0, 65_535) ?? 0,
    },
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (error) {
    const { message } = error as Error;
    const unknown = /^Unknown option '--?([^']+)'/.exec(message)?.[1];
    if (unknown === undefined) throw new UsageError(message);
    throw new UsageError(
      `there is no option --${unknown}${suggestion(unknown, Object.keys(OPTIONS), '--', '--help')}`,
    );
  }
}

function suggestion(name: string, known: readonly string[], prefix: string, see: string): string {
  const closest = closestName(name, known);
  return closest === null ? `; see npm run loadtest -- ${see}` : `; did you mean ${prefix}${closest}?`;
}

function parseScenarios(given: readonly string[] | undefined, known: readonly string[]): string[] | null {
  if (given === undefined) return null;
  const names = given.flatMap((list) => list.split(',')).map((name) => name.trim());
  for (const name of names) {
    if (!known.includes(name))
      throw new UsageError(`there is no scenario "${name}"${suggestion(name, known, '', '--list')}`);
  }
  return names;
}

/** Milliseconds. */
function parseDuration(given: string): number {
  const [, number, unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s|m)?$/.exec(given.trim()) ?? [];
  if (number === undefined)
    throw new UsageError(`--duration must be a time such as 500ms, 5s or 1m, not "${given}"`);
  const durationMs = Number(number) * { ms: 1, s: 1000, m: 60_000 }[unit as 'ms' | 's' | 'm'];
  if (durationMs >= LEAST_DURATION_MS && durationMs <= MOST_DURATION_MS) return durationMs;
  throw new UsageError(
    `--duration must be from ${LEAST_DURATION_MS} ms to ${MOST_DURATION_MS / 60_000} minutes, not "${given}"`,
  );
}

function parseCount(option: string, given: string | undefined, least: number, most: number): number | null {
  if (given === undefined) return null;
  const value = /^\d[\d_]*$/.test(given) ? Number(given.replaceAll('_', '')) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new UsageError(`--${option} must be a whole number from ${least} to ${most}, not "${given}"`);
}

function parsePolicy(given: string | undefined): DataPolicy | null {
  if (given === undefined) return null;
  const policy = DATA_POLICIES.find((known) => known === given);
  if (policy !== undefined) return policy;
  throw new UsageError(`--data must be one of ${DATA_POLICIES.join(', ')}, not "${given}"`);
}

function parseUrl(given: string): string {
  const text = given.includes('://') ? given : `http://${given}`;
  if (URL.canParse(text) && new URL(text).protocol === 'http:') return new URL(text).origin;
  throw new UsageError(`--against must be an address such as http://127.0.0.1:8080, not "${given}"`);
}
