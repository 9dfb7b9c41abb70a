/**
 * A copy of the build whose workers of one role do what a test tells them to: exit without a word, fill their memory, die
 * at their start (test/fixtures/faults/misbehave.mjs says what there is). Everything else is the real thing, so that
 * what is tested is how the others take it.
 */
import { copyFile, cp, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readEnvironment } from '../../core/process/proc.ts';
import { WORKER_ID } from '../../monitor/sweep/strays.ts';

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
  /** The process with that pid or worker id does it, as soon as it sees it; `always`: each one, from now on. */
  trigger(fault: FaultName, who: number | string): Promise<void>;
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
  const path = (fault: FaultName, who: number | string) => join(triggers, `${fault}.${nameOf(who)}`);
  return {
    command: join(dist, 'cli/main.js'),
    async trigger(fault, who) {
      await writeFile(`${triggers}.new`, String(who));
      await rename(`${triggers}.new`, path(fault, who)); // seen with what is in it, or not at all
    },
    end: (fault) => rm(path(fault, 'always'), { force: true }),
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  };
}

/** The worker's id by its pid; a sandboxed worker itself knows another pid. */
function nameOf(who: number | string): string {
  if (typeof who === 'string') return who;
  const id = readEnvironment(who, [WORKER_ID])?.[WORKER_ID];
  if (id === undefined) throw new Error(`${who} is no worker`);
  return id;
}
