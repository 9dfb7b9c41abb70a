/** `forkline scale sql=4 dsl=6`: other sizes of the pools of the running server, until its next reload or restart. */
import { POOLS, type PoolName, type PoolSizes, type ScaleReply } from '../core/protocol/control.ts';
import { askMonitor } from './control-client.ts';
import type { Output } from './output.ts';
import type { ConfigQuestion } from './read-config.ts';

export async function runScale(
  question: ConfigQuestion,
  sizes: Partial<PoolSizes>,
  json: boolean,
  { stdout, stderr }: Output,
): Promise<void> {
  const warn = (line: string) => stderr.write(`${line}\n`);
  const reply = await askMonitor<'scale'>(question, { type: 'scale', sizes }, warn);
  stdout.write(json ? `${JSON.stringify(reply)}\n` : `${describeScale(sizes, reply)}\n`);
}

const WHAT: Readonly<Record<PoolName, string>> = { sql: 'SQL workers', dsl: 'DSL workers at once, at most' };

function describeScale(asked: Partial<PoolSizes>, { before, after }: ScaleReply): string {
  const lines = POOLS.filter((pool) => asked[pool] !== undefined).map((pool) => {
    const change =
      before[pool] === after[pool] ? `${after[pool]}, as before` : `${before[pool]} -> ${after[pool]}`;
    return `${WHAT[pool]}: ${change}`;
  });
  return [...lines, 'This lasts until the next reload (HUP) or restart.'].join('\n');
}
