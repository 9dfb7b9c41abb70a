/** `forkline status --local`: what the monitor knows, asked of it directly; works while no server answers. */
import type { StatusReply } from '../core/protocol/control.ts';
import { askMonitor } from './control-client.ts';
import type { Output } from './kit/output.ts';
import type { ConfigQuestion } from './kit/read-config.ts';
import { processTable } from './status.ts';

export async function showLocal(
  question: ConfigQuestion,
  json: boolean,
  { stdout, stderr }: Output,
): Promise<void> {
  const warn = (line: string) => stderr.write(`${line}\n`);
  const status = await askMonitor<'status'>(question, { type: 'status' }, warn);
  stdout.write(json ? `${JSON.stringify(status, null, 2)}\n` : `${renderStatus(status)}\n`);
}

export function renderStatus({ processes, stats, sizes }: StatusReply): string {
  const { memory, forksStopped, zombies, straysKilled, unkillable } = stats;
  const percent = memory === null ? null : Math.round((memory.usedBytes / memory.totalBytes) * 100);
  const restarted = stats.ends.filter(({ cause }) => cause === 'signal' || cause === 'error-exit');
  const died = restarted.map(({ role, cause, count }) => `${count} ${role} (${cause})`).join(', ');
  const lines = [
    `pools: ${sizes.sql} SQL workers, at most ${sizes.dsl} DSL workers`,
    percent === null
      ? 'memory: unknown'
      : `memory: ${percent} % in use (${memory?.source})${forksStopped ? ', nothing more is started' : ''}`,
    `died by themselves: ${died === '' ? 'none' : died}`,
    `zombies: ${zombies}; strays killed: ${straysKilled}; unkillable: ${unkillable}`,
  ];
  return `${processTable(processes)}\n\n${lines.join('\n')}`;
}
