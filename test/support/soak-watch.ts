/**
 * Checks what must hold every second of a soak, whatever is done to the processes: looked at from outside, through /proc and
 * pg_stat_activity, so that no answer of the server's own is trusted.
 */
import { readdirSync } from 'node:fs';
import { readRssBytes, readSample } from '../../core/process/proc.ts';
import type { TestDatabase } from './database.ts';
import type { Forkline } from './forkline.ts';
import { treeOf } from './processes.ts';

const EVERY_MS = 1000;
/** Two generations at once during a reload, and what is being killed or started beside them. */
const MAX_PROCESSES = 40;
const MAX_BACKENDS = 30;
/** A zombie is reaped within a moment; one that stays is a leak. */
const MAX_ZOMBIE_SECONDS = 10;

export interface Sample {
  readonly seconds: number;
  readonly processes: number;
  readonly backends: number;
  /** Figures of the monitor, the one process that lives through all of it. */
  readonly monitorRssBytes: number;
  readonly monitorFds: number;
}

export interface WatchResult {
  readonly samples: readonly Sample[];
  readonly violations: readonly string[];
}

export interface SoakWatch {
  stop(): Promise<WatchResult>;
}

export function watchSoak(forkline: Forkline, database: TestDatabase): SoakWatch {
  const startedAt = Date.now();
  const samples: Sample[] = [];
  const violations = new Set<string>();
  const zombieSince = new Map<string, number>();
  let looking = Promise.resolve();

  async function look(): Promise<void> {
    const now = Date.now();
    const tree = treeOf(forkline.monitorPid);
    for (const name of oldZombies(tree, zombieSince, now)) violations.add(`a zombie stays: ${name}`);
    const { rows } = await database.admin(
      "select count(*)::int as n from pg_stat_activity where usename = 'reader'",
    );
    const sample = {
      seconds: Math.round((now - startedAt) / 1000),
      processes: tree.length,
      backends: (rows[0] as { n: number }).n,
      monitorRssBytes: readRssBytes(forkline.monitorPid) ?? 0,
      monitorFds: readdirSync(`/proc/${forkline.monitorPid}/fd`).length,
    };
    samples.push(sample);
    if (sample.processes > MAX_PROCESSES) violations.add(`${sample.processes} processes`);
    if (sample.backends > MAX_BACKENDS) violations.add(`${sample.backends} database connections`);
  }

  const timer = setInterval(() => {
    looking = looking
      .then(look)
      .catch((error: Error) => void violations.add(`cannot look: ${error.message}`));
  }, EVERY_MS);
  return {
    async stop() {
      clearInterval(timer);
      await looking;
      return { samples, violations: [...violations] };
    },
  };
}

function oldZombies(
  tree: readonly { pid: number; startTicks: number }[],
  since: Map<string, number>,
  now: number,
): string[] {
  const zombies = new Set(
    tree.flatMap(({ pid, startTicks }) => (readSample(pid)?.state === 'Z' ? [`${pid}/${startTicks}`] : [])),
  );
  for (const name of since.keys()) if (!zombies.has(name)) since.delete(name);
  for (const name of zombies) if (!since.has(name)) since.set(name, now);
  return [...since].flatMap(([name, at]) => (now - at > MAX_ZOMBIE_SECONDS * 1000 ? [name] : []));
}

/** The median of the last fifth over the median of the first, settled, fifth. */
export function growth(samples: readonly Sample[], of: (sample: Sample) => number): number {
  const fifth = Math.max(1, Math.floor(samples.length / 5));
  const median = (part: readonly Sample[]): number =>
    part.map(of).sort((a, b) => a - b)[Math.floor(part.length / 2)] ?? 0;
  return median(samples.slice(-fifth)) / Math.max(1, median(samples.slice(fifth, 2 * fifth)));
}
