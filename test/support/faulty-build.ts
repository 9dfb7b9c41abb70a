/**
 * A copy of the build whose workers of one role do what a test tells them to: exit without a word, fill their memory, die
 * at their start (test/fixtures/faults/misbehave.mjs says what there is). Everything else is the real thing, so that
 * what is tested is how the others take it.
 */
import { copyFile, cp, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
const ENTRIES = { sql: 'workers/sql/worker.js', dsl: 'workers/dsl/worker.js' };

export type FaultName =
  | 'exit-0'
  | 'fill-heap'
  | 'fill-native-memory'
  | 'block-event-loop'
  | 'double-fork'
  | 'fail-to-start'
  | 'crash-at-start'
  | 'die-after-reply';

export interface FaultyBuild extends AsyncDisposable {
  /** For `startForkline`. */
  readonly command: string;
  /** One process of the role does it, as soon as it sees it: the one with that pid, or any; `always`: each one, from now on. */
  trigger(fault: FaultName, who?: 'always' | number): Promise<void>;
  end(fault: FaultName): Promise<void>;
}

export async function faultyBuild(role: keyof typeof ENTRIES): Promise<FaultyBuild> {
  const root = await mkdtemp(join(tmpdir(), 'forkline-faulty-'));
  const dist = join(root, 'dist');
  await cp(join(REPOSITORY, 'dist'), dist, { recursive: true, force: true });
  for (const name of ['node_modules', 'package.json'])
    await symlink(join(REPOSITORY, name), join(root, name));
  const entry = join(dist, ENTRIES[role]);
  const triggers = join(dirname(entry), 'triggers');
  await mkdir(triggers);
  await rename(entry, entry.replace(/\.js$/, '.real.js'));
  await copyFile(
    join(REPOSITORY, 'test/fixtures/faults/misbehave.mjs'),
    join(dirname(entry), 'misbehave.mjs'),
  );
  await writeFile(entry, "await import('./misbehave.mjs');\nawait import('./worker.real.js');\n");
  const path = (fault: FaultName, who?: 'always' | number) =>
    join(triggers, who === undefined ? fault : `${fault}.${who}`);
  return {
    command: join(dist, 'cli/main.js'),
    trigger: (fault, who) => writeFile(path(fault, who), ''),
    end: (fault) => rm(path(fault, 'always'), { force: true }),
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  };
}
