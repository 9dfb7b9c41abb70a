/** Work of a test process after its last test: it ends what its spec files shared. */
import { processWide } from './process-wide.ts';

type Ending = () => Promise<void>;

const endings = processWide<Ending[]>('endings', () => []);

/** The endings run in the order in which they were given, each once. */
export function atRunEnd(ending: Ending): void {
  endings.push(ending);
}

/** Rejects with the first failure, after all of them ran. */
export async function endRun(): Promise<void> {
  const failures: unknown[] = [];
  for (const ending of endings.splice(0)) await ending().catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}
