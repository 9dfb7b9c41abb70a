/**
 * Every stage by name and alias, found by reading the stages directory, so that a new stage is a new file and nothing
 * else. This happens once, when the compiler is loaded; it is the only file here that touches the disk.
 */
import { readdirSync } from 'node:fs';
import type { AnyStage } from './stage.ts';

const directory = new URL('../', import.meta.url);
const files = readdirSync(directory)
  .filter((name) => /\.[jt]s$/.test(name) && !name.endsWith('.d.ts'))
  .sort();

export const STAGES: readonly AnyStage[] = await Promise.all(
  files.map(async (name) => {
    const module: { stage: AnyStage } = await import(new URL(name, directory).href);
    return module.stage;
  }),
);

const byName = new Map<string, AnyStage>();
for (const stage of STAGES)
  for (const name of [stage.name, ...stage.aliases]) {
    if (byName.has(name)) throw new Error(`two stages are called ${name}`);
    byName.set(name, stage);
  }

export function findStage(name: string): AnyStage | null {
  return byName.get(name) ?? null;
}

export const STAGE_NAMES: readonly string[] = [...byName.keys()];
