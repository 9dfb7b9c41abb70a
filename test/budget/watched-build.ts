/** A copy of the build whose processes write down which modules they load (test/fixtures/budget/record-modules.mjs). */
import { existsSync } from 'node:fs';
import { copyFile, cp, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
const RECORDERS = ['record-modules.mjs', 'record-imports.mjs'];
const ENTRIES = [
  'cli/main.js',
  'logger/main.js',
  'server/main.js',
  'workers/sql/worker.js',
  'workers/dsl/worker.js',
];

export interface WatchedBuild extends AsyncDisposable {
  /** The command for `startForkline`. */
  readonly command: string;
  /** Returns the packages whose files a process has loaded, sorted; none of a process that has just begun. */
  packagesOf(pid: number): Promise<string[]>;
}

export async function watchedBuild(): Promise<WatchedBuild> {
  const root = await mkdtemp(join(tmpdir(), 'forkline-watched-'));
  const dist = join(root, 'dist');
  await cp(join(REPOSITORY, 'dist'), dist, { recursive: true, force: true });
  for (const name of ['node_modules', 'package.json'])
    await symlink(join(REPOSITORY, name), join(root, name));
  for (const name of RECORDERS)
    await copyFile(join(REPOSITORY, 'test/fixtures/budget', name), join(dist, name));
  for (const entry of ENTRIES) await recordIn(dist, entry);
  return {
    command: join(dist, 'cli/main.js'),
    async packagesOf(pid) {
      const file = join(dist, 'loaded', String(pid));
      const addresses = existsSync(file) ? (await readFile(file, 'utf8')).split('\n').filter(Boolean) : [];
      return packagesIn(addresses);
    },
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  };
}

/** Puts a program in the place of an entry that loads the recorder, then the entry. */
async function recordIn(dist: string, entry: string): Promise<void> {
  const path = join(dist, entry);
  const real = `${basename(entry, '.js')}.real.js`;
  await rename(path, join(dirname(path), real));
  const recorder = relative(dirname(path), join(dist, 'record-modules.mjs'));
  await writeFile(path, `await import('./${recorder}');\nawait import('./${real}');\n`);
}

/** Returns the names of the packages that have these files, sorted. */
export function packagesIn(paths: readonly string[]): string[] {
  const names = paths.flatMap((path) => {
    const [, name] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path) ?? [];
    return name === undefined ? [] : [name];
  });
  return [...new Set(names)].sort();
}
