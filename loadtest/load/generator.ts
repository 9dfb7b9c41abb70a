/**
 * The process that makes load, so that its work is nobody else's latency: one task, over IPC, then it ends. It ends
 * as well when the load test does.
 */
import { makeBareLoad } from './bare-load.ts';
import { makeLoad } from './make-load.ts';
import type { FromGenerator, ToGenerator } from './messages.ts';
import { readSlowly } from './read-slowly.ts';

process.on('disconnect', () => process.exit(1));
process.once('message', (message: ToGenerator) => void perform(message));

async function perform(message: ToGenerator): Promise<void> {
  let report: FromGenerator;
  try {
    report = await run(message);
  } catch (error) {
    report = { type: 'failed', message: (error as Error).message };
  }
  process.send!(report, () => process.exit(0));
}

async function run(message: ToGenerator): Promise<FromGenerator> {
  const onTick = (answers: number): void => tell({ type: 'tick', answers });
  switch (message.type) {
    case 'run':
      return { type: 'load-done', result: await makeLoad(message.spec, onTick) };
    case 'read-slowly':
      return { type: 'read-done', result: await readSlowly(message.spec, onTick) };
    case 'run-bare':
      return { type: 'bare-done', result: await makeBareLoad(message.spec, onTick) };
    default:
      return message satisfies never;
  }
}

function tell(message: FromGenerator): void {
  process.send!(message);
}
