/** The work of a process for each line that it logs, before the line is sent. */
import { createLineFormatter, newStreamId } from '../../../core/logging/line.ts';
import { type BenchCase, timeOf } from '../case.ts';

const LINES = 50_000;
const FIELDS = {
  queryId: '0190a6f2-7e1c-7cc0-8a8e-0d6f1f2b3c4d',
  connection: 'main',
  elapsedMs: 12.345,
  rows: 5000,
};

export async function open(): Promise<BenchCase> {
  const source = { process: 'server-1', role: 'server', pid: process.pid, stream: newStreamId() };
  const format = createLineFormatter(source);
  return {
    async measure() {
      let characters = 0;
      const ms = timeOf(() => {
        for (let i = 0; i < LINES; i++) characters += format('info', 'query-ended', FIELDS, i).length;
      });
      if (characters < LINES * 100) throw new Error('the lines are too short to be lines');
      return (ms * 1e6) / LINES;
    },
  };
}
