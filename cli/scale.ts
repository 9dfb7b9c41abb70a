/** `forkline scale sql=4 dsl=6`: other sizes of the pools of the running server, until its next reload or restart. */
import type { ScaleReply } from '../core/protocol/control.ts';
import type { PoolSizes } from '../core/protocol/pool-sizes.ts';
import { POOL_TABLE } from '../monitor/pools/table.ts';
import { askMonitor } from './control-client.ts';
import type { Output } from './kit/output.ts';
import type { ConfigQuestion } from './kit/read-config.ts';

export async function runScale(
  question: ConfigQuestion,
  sizes: PoolSizes,
  json: boolean,
  { stdout, stderr }: Output,
): Promise<void> {
  const warn = (line: string) => stderr.write(`${line}\n`);
  const reply = await askMonitor<'scale'>(question, { type: 'scale', sizes }, warn);
  stdout.write(json ? `${JSON.stringify(reply)}\n` : `${describeScale(sizes, reply)}\n`);
}

function describeScale(asked: PoolSizes, { before, after }: ScaleReply): string {
  const lines = POOL_TABLE.filter(({ role }) => asked[role] !== undefined).map(({ role, title }) => {
    const change =
      before[role] === after[role] ? `${after[role]}, as before` : `${before[role]} -> ${after[role]}`;
    return `${title}: ${change}`;
  });
  return [
    ...lines,
    'This lasts until the next reload (HUP), unless that changes only connections, or restart.',
  ].join('\n');
}
