/** Memory at rest and time to start of two builds, measured in turns on the same database. */
import { setTimeout as delay } from 'node:timers/promises';
import { Children } from '../../loadtest/children.ts';
import { startForkline } from '../../loadtest/contender/start-forkline.ts';
import { readPssBytes, readTree } from '../../loadtest/measure/process-tree.ts';
import { median } from '../../loadtest/measure/statistics.ts';

export interface Build {
  readonly name: string;
  /** The path of its dist/cli/main.js. */
  readonly command: string;
}

export interface Comparison {
  readonly databaseUrl: string;
  readonly rounds: number;
  onProgress(text: string): void;
}

/** Figures by what they are of: `start ms`, `idle MB`, and the memory of each role. */
export type Figures = Readonly<Record<string, readonly number[]>>;

const SPARES = 2;
const LOOK_MS = 1000;
const MOST_LOOKS = 12;
const SETTLED_SHARE = 0.01;

/** Resolves to the figures of each build, one of each round. */
export async function compare(builds: readonly Build[], comparison: Comparison): Promise<Figures[]> {
  const figures = builds.map((): Record<string, number[]> => ({}));
  const children = new Children();
  try {
    for (let round = 0; round < comparison.rounds; round++)
      for (const [index, build] of inTurn(builds, round)) {
        comparison.onProgress(`round ${round + 1} of ${comparison.rounds}: ${build.name}`);
        for (const [what, value] of await measure(build, comparison.databaseUrl, children)) {
          const known = figures[index]![what] ?? [];
          figures[index]![what] = [...known, value];
        }
      }
    return figures;
  } finally {
    await children.endAll();
  }
}

function inTurn(builds: readonly Build[], round: number): [number, Build][] {
  const entries = [...builds.entries()];
  return round % 2 === 0 ? entries : entries.reverse();
}

async function measure(
  { command }: Build,
  databaseUrl: string,
  children: Children,
): Promise<Map<string, number>> {
  const dsl = { spares: SPARES, max: SPARES };
  const forkline = await startForkline({ databaseUrl, children, path: process.env.PATH, dsl, command });
  try {
    const memory = await settledMemory(forkline.rootPid!);
    const total = [...memory.values()].reduce((sum, megabytes) => sum + megabytes, 0);
    return new Map([['start ms', forkline.startMs], ['idle MB', total], ...memory]);
  } finally {
    await forkline.stop();
  }
}

/** Resolves to the PSS by role in MB, once the whole tree's hardly changes any more. */
async function settledMemory(rootPid: number): Promise<Map<string, number>> {
  let last = 0;
  for (let look = 0; ; look++) {
    await delay(LOOK_MS);
    const byRole = new Map<string, number>();
    for (const { pid, role } of readTree(rootPid))
      byRole.set(`${role} MB`, (byRole.get(`${role} MB`) ?? 0) + (readPssBytes(pid) ?? 0) / 1e6);
    const now = [...byRole.values()].reduce((sum, megabytes) => sum + megabytes, 0);
    if (Math.abs(now - last) < SETTLED_SHARE * now || look === MOST_LOOKS) return byRole;
    last = now;
  }
}

export interface Ratio {
  readonly what: string;
  readonly before: number;
  readonly after: number;
  readonly ratio: number;
}

/** Returns the medians and their ratios, of what both builds have. */
export function ratiosOf(before: Figures, after: Figures): Ratio[] {
  return Object.keys(after).flatMap((what) => {
    if (before[what] === undefined) return [];
    const [was, is] = [median([...before[what]]), median([...after[what]!])];
    return [{ what, before: was, after: is, ratio: is / was }];
  });
}
