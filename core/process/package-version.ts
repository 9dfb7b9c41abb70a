/** The package's version, found by walking up from here: the sources and the build lie at different depths. */
import { readFileSync } from 'node:fs';

const MAX_LEVELS = 4;

export function packageVersion(): string {
  let folder = new URL('./', import.meta.url);
  for (let level = 0; level < MAX_LEVELS; level++) {
    const found = readVersion(new URL('package.json', folder));
    if (found !== null) return found;
    folder = new URL('../', folder);
  }
  return 'unknown';
}

function readVersion(file: URL): string | null {
  try {
    const { name, version } = JSON.parse(readFileSync(file, 'utf8')) as { name?: string; version?: string };
    return name === 'forkline' ? (version ?? null) : null;
  } catch {
    return null; // none at this level
  }
}
