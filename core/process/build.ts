/**
 * Tells which build this process runs, and where its files are. The build writes `build-id.json` at the root of what it
 * makes; it is found by walking up from this module, so that bundling does not matter. Monitor and child each read
 * their own: after an upgrade in place the two differ, and the child is refused instead of half-understood.
 */
import { readFileSync } from 'node:fs';

/** The id when the sources run as they are (tests); everybody then has the same one. */
const UNBUILT = 'unbuilt';
const MAX_LEVELS = 4;

export interface Build {
  readonly id: string;
  readonly root: URL;
}

/** The program of each role, as a path. */
export type Entries = Readonly<Record<string, string>>;

/** Reads one tiny file, synchronously, once at a process's start. */
export function findBuild(from: string | URL = import.meta.url): Build {
  let folder = new URL('./', from);
  for (let level = 0; level < MAX_LEVELS; level++) {
    const id = readBuildId(new URL('build-id.json', folder));
    if (id !== null) return { id, root: folder };
    folder = new URL('../', folder);
  }
  return { id: UNBUILT, root: new URL('../../', from) };
}

/** The programs of a build as absolute paths; `within` has their paths within it. */
export function entriesOf(build: Build, within: Entries): Entries {
  const path = (entry: string) => decodeURIComponent(new URL(entry, build.root).pathname);
  return Object.fromEntries(Object.entries(within).map(([role, entry]) => [role, path(entry)]));
}

function readBuildId(file: URL): string | null {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return null; // there is no build id in this folder: the caller looks further up
  }
  const value: unknown = JSON.parse(text);
  const id = typeof value === 'object' && value !== null && 'buildId' in value ? value.buildId : value;
  if (typeof id !== 'string' || id === '') throw new Error(`${file.pathname} has no build id`);
  return id;
}
