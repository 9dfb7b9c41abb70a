/**
 * The logger's own log: the same lines as everybody's, straight into the pipeline. What is logged before the file
 * is open is kept until then; if that never comes it goes to stderr, which is a file too.
 */
import type { LogIdentity } from '../../core/logging/client.ts';
import { levelRank } from '../../core/logging/client.ts';
import { createLineFormatter, type LineFormatter, newStreamId } from '../../core/logging/line.ts';
import type { LogClient, LogLevel } from '../../core/logging/log.ts';
import type { Pipeline } from './pipeline.ts';

export interface OwnLog extends LogClient {
  attach(pipeline: Pipeline): void;
}

export function createOwnLog({ identity, level }: { identity: LogIdentity; level: string }): OwnLog {
  const format: LineFormatter = createLineFormatter({
    process: identity.workerId,
    role: identity.role,
    pid: process.pid,
    stream: newStreamId(),
  });
  const rank = levelRank(level);
  let pipeline: Pipeline | null = null;
  let early: string[] = [];
  let seq = 0;

  function log(lineLevel: LogLevel, event: string, fields?: object): void {
    if (levelRank(lineLevel) < rank) return;
    seq += 1;
    const line = `${format(lineLevel, event, fields, seq)}\n`;
    if (pipeline === null) early.push(line);
    else pipeline.write(Buffer.from(line), () => {});
  }

  return {
    debug: (event, fields) => log('debug', event, fields),
    info: (event, fields) => log('info', event, fields),
    warn: (event, fields) => log('warn', event, fields),
    error: (event, fields) => log('error', event, fields),
    attach(opened) {
      pipeline = opened;
      for (const line of early) opened.write(Buffer.from(line), () => {});
      early = [];
    },
    async close(timeoutMs) {
      for (const line of early) process.stderr.write(line);
      early = [];
      if (pipeline !== null) await within(timeoutMs, pipeline.drained());
    },
  };
}

/** Waits for `done`, at most `timeoutMs`; tells whether it came. */
export async function within(timeoutMs: number, done: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, Math.max(0, timeoutMs), false);
  });
  try {
    return await Promise.race([done.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
