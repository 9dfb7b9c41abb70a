/** Measures the memory of Forkline at rest: its own process tree, without the database. */
import { startForkline } from '../contender/start-forkline.ts';
import { readPssBytes, readTree } from '../measure/process-tree.ts';
import { median } from '../measure/statistics.ts';
import type { Scenario } from '../scenario.ts';

const MB = 1e6;
const DSL_WORKERS = 2;
const LIMIT_MB = 350;
const SETTLED_SHARE = 0.01;
const SETTLE_MS = 1000;
const MOST_LOOKS = 10;

export const idleMemory: Scenario = {
  name: 'idle-memory',
  title: 'idle: whole process tree, 2 SQL and 2 DSL workers',
  how: 'PSS of every process of a Forkline that was just started, once it has settled',
  needs: { contenders: [], ownServers: true },
  async run(bench, record) {
    const { databaseUrl, children, path, signal, rounds } = bench;
    for (let round = 0; round < Math.min(3, rounds); round++) {
      bench.progress(`round ${round + 1}`);
      const dsl = { spares: DSL_WORKERS, max: DSL_WORKERS };
      const forkline = await startForkline({ databaseUrl, children, path, dsl });
      try {
        await settled(forkline.rootPid!, signal);
        const byRole = pssByRole(forkline.rootPid!);
        for (const [role, bytes] of byRole) record.add('Forkline', `${role} PSS`, 'MB', bytes / MB);
        record.add('Forkline', 'PSS', 'MB', sum(byRole.values()) / MB);
      } finally {
        await forkline.stop();
      }
    }
    const value = median(record.series.find(({ what }) => what === 'PSS')?.values ?? []);
    record.check({
      what: 'PSS of the whole tree',
      value,
      unit: 'MB',
      bound: 'at-most',
      limit: LIMIT_MB,
      measured: `${value.toFixed(0)} MB`,
    });
  },
};

/** Waits until the tree's memory hardly changes any more. */
async function settled(rootPid: number, signal: AbortSignal): Promise<void> {
  let last = 0;
  for (let look = 0; look < MOST_LOOKS; look++) {
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    const now = sum(pssByRole(rootPid).values());
    if (Math.abs(now - last) < SETTLED_SHARE * now) return;
    last = now;
  }
}

/** Throws where the kernel does not tell. */
function pssByRole(rootPid: number): Map<string, number> {
  const byRole = new Map<string, number>();
  for (const { pid, role } of readTree(rootPid)) {
    const bytes = readPssBytes(pid);
    if (bytes === null) throw new Error(`the memory of ${role} (pid ${pid}) cannot be read`);
    byRole.set(role, (byRole.get(role) ?? 0) + bytes);
  }
  if (byRole.size === 0) throw new Error('there is no /proc here');
  return byRole;
}

function sum(values: Iterable<number>): number {
  return [...values].reduce((total, value) => total + value, 0);
}
