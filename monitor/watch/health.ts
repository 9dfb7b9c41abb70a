/**
 * Judges the health of one process by the kernel's facts about it: a pure function of one sample.
 *
 * - Stopped (T): it is killed at once, since it does not react to TERM and its query would wait for ever. (A process that a
 *   debugger stopped, `t`, is left alone.)
 * - Held by the kernel (D) for long: it is reported and killed. If the kill has no effect, another takes its place.
 * - Memory: above its hard limit it is ended, and its query fails with that reason.
 * - Open files: it is reported when it nears its limit, and a worker at the limit is replaced. Server and logger are only
 *   reported: ending them would end every query, and the cause may just be many clients.
 */
import type { Ending } from '../../core/protocol/endings.ts';
import type { Role } from '../../core/protocol/monitor.ts';
import type { Measured } from './sampler.ts';

export interface HealthPolicy {
  /** The time in state D after which a process is killed. */
  readonly uninterruptibleMs: number;
  readonly killRssBytes: number;
  readonly killPssBytes: number;
  /** The percentage of the soft limit of open files at which a warning is logged. */
  readonly openFilesWarnPercent: number;
  readonly openFilesKillPercent: number;
}

export type HealthFinding =
  | { readonly type: 'kill'; readonly ending: Ending }
  /** The process uses more memory than it may: its query ends with an error that says so, and the process with it. */
  | { readonly type: 'end-query'; readonly ending: Ending }
  | { readonly type: 'warn'; readonly event: string; readonly fields: object };

type Look = Omit<Measured, 'ppid' | 'cpuSeconds' | 'cpuPercent' | 'ageMs'>;

export function examine(role: Role, look: Look, policy: HealthPolicy, nowMs: number): HealthFinding[] {
  const held = stateFinding(look, policy, nowMs);
  if (held.length > 0) return held;
  const memory = memoryFinding(look, policy);
  return memory.length > 0 ? memory : filesFindings(role, look, policy);
}

function stateFinding(
  { kernelState, stateSinceMs, wchan }: Look,
  policy: HealthPolicy,
  nowMs: number,
): HealthFinding[] {
  if (kernelState === 'T') return [kill('stopped', 'it was stopped (state T)')];
  const heldMs = Math.round(nowMs - (stateSinceMs ?? nowMs));
  if (kernelState !== 'D' || heldMs < policy.uninterruptibleMs) return [];
  const fields = { heldMs, wchan };
  return [
    { type: 'warn', event: 'uninterruptible', fields },
    kill('uninterruptible', `the kernel has held it for ${heldMs} ms (state D in ${wchan ?? 'unknown'})`),
  ];
}

function memoryFinding({ rssBytes, pssBytes }: Look, policy: HealthPolicy): HealthFinding[] {
  const over = (name: string, bytes: number | null, limit: number): HealthFinding[] =>
    bytes === null || bytes <= limit
      ? []
      : [
          {
            type: 'end-query',
            ending: {
              cause: 'memory',
              reason: `its process uses ${mib(bytes)} MiB of memory (${name}), more than the ${mib(limit)} MiB allowed`,
            },
          },
        ];
  const rss = over('RSS', rssBytes, policy.killRssBytes);
  return rss.length > 0 ? rss : over('PSS', pssBytes, policy.killPssBytes);
}

function filesFindings(
  role: Role,
  { openFiles, openFilesLimit }: Look,
  policy: HealthPolicy,
): HealthFinding[] {
  if (openFiles === null || openFilesLimit === null) return [];
  const percent = (openFiles / openFilesLimit) * 100;
  const replaceable = role !== 'server' && role !== 'logger';
  if (replaceable && percent >= policy.openFilesKillPercent)
    return [kill('open-files', `it has ${openFiles} open files of ${openFilesLimit}`)];
  if (percent < policy.openFilesWarnPercent) return [];
  return [{ type: 'warn', event: 'many-open-files', fields: { openFiles, openFilesLimit } }];
}

function kill(cause: Ending['cause'], reason: string): HealthFinding {
  return { type: 'kill', ending: { cause, reason } };
}

function mib(bytes: number): number {
  return Math.round(bytes / 1024 ** 2);
}
