/** The options of the group `monitor`: when a process is given up, and what happens when memory or files run short. */
import { GIB, group, MIB, number, sizeText, whole } from './option.ts';

export function monitorOptions() {
  return group({
    heartbeatTimeoutMs: number(
      'FORKLINE_HEARTBEAT_TIMEOUT_MS',
      'A process silent for so long is killed.',
      1500,
      600_000,
      5000,
    ),
    bootTimeoutMs: number(
      'FORKLINE_BOOT_TIMEOUT_MS',
      'A process that is not ready by then is killed.',
      500,
      600_000,
      10_000,
    ),
    drainMs: number(
      'FORKLINE_DRAIN_MS',
      'Time that running queries have to finish at a stop.',
      0,
      3_600_000,
      25_000,
    ),
    termAfterMs: number(
      'FORKLINE_TERM_AFTER_MS',
      "From a query's deadline to TERM for its DSL worker, when the server did not end it.",
      0,
      600_000,
      500,
    ),
    killAfterMs: number('FORKLINE_KILL_AFTER_MS', 'From TERM to KILL.', 0, 600_000, 1000),
    uninterruptibleMs: number(
      'FORKLINE_UNINTERRUPTIBLE_MS',
      'A process that the kernel holds (state D) for so long is killed, and replaced even if it does not end.',
      1000,
      3_600_000,
      10_000,
    ),
    killRssBytes: processMemory('FORKLINE_KILL_RSS_BYTES', 'resident memory'),
    killPssBytes: processMemory('FORKLINE_KILL_PSS_BYTES', 'proportional memory (PSS)'),
    ...openFilesOptions(),
    ...memoryOptions(),
  });
}

function processMemory(variable: string, what: string) {
  return whole(64 * MIB, Number.MAX_SAFE_INTEGER)
    .optional()
    .meta({
      variable,
      about: `A process with more ${what} is ended, and the query in it with \`memory-exceeded\`.`,
      example: sizeText(4 * GIB),
      unit: 'bytes',
      defaultText: '`dsl.dataLimitBytes` + 1 GiB',
    });
}

function openFilesOptions() {
  return {
    openFilesWarnPercent: number(
      'FORKLINE_OPEN_FILES_WARN_PERCENT',
      'Open files of a process, in percent of its limit, from which on it is logged.',
      1,
      100,
      80,
    ),
    openFilesKillPercent: number(
      'FORKLINE_OPEN_FILES_KILL_PERCENT',
      'The same, from which on a SQL or DSL worker is replaced.',
      1,
      100,
      95,
    ),
  };
}

function memoryOptions() {
  return {
    memoryStopForkPercent: number(
      'FORKLINE_MEMORY_STOP_FORK_PERCENT',
      'Memory in use (of the control group if it has a limit, else of the machine) from which on nothing is started that is not indispensable.',
      1,
      100,
      80,
    ),
    memoryKillPercent: number(
      'FORKLINE_MEMORY_KILL_PERCENT',
      'Memory in use from which on the biggest query in a DSL worker is ended, one at a time.',
      1,
      100,
      90,
    ),
    memorySettleMs: number(
      'FORKLINE_MEMORY_SETTLE_MS',
      'From one query ended for memory to the next.',
      0,
      600_000,
      5000,
    ),
  };
}
