/**
 * The stages of the language, found by reading the stages directory, so that a new stage is a new file and nothing
 * else. This happens once, when the compiler is loaded; it is the only file here that touches the disk. In the bundle of a process
 * (build-bundles.mjs) a list that the build makes of the same directory stands in its place.
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
