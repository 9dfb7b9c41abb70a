/** The time that the stock of DSL workers saves: from fork to a worker that takes queries, as built. */
import { startDslProcess } from '../../dsl-process.ts';
import type { BenchCase } from '../case.ts';

export async function open(): Promise<BenchCase> {
  return {
    async measure() {
      await using worker = await startDslProcess();
      return worker.bootMs;
    },
  };
}
