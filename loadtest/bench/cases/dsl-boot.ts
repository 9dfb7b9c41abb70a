/** The time that the stock of DSL workers saves: from fork to a worker that takes queries, as built. */
import { fileURLToPath } from 'node:url';
import { startDslProcess } from '../../dsl-process.ts';
import type { BenchCase } from '../case.ts';

const ENTRY = fileURLToPath(new URL('../../../workers/dsl/worker.js', import.meta.url));

export async function open(): Promise<BenchCase> {
  return {
    async measure() {
      await using worker = await startDslProcess({ entry: ENTRY });
      return worker.bootMs;
    },
  };
}
