/**
 * Everything the logger does, put together: the file, the pipeline into it, the socket, and a regular look at
 * spill files and raw output. Stopping is draining: it ends when nothing came for a while and all is written.
 */
import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { LogAnalysis } from './analysis.ts';
import type { LoggerConfig } from './config.ts';
import { eachLine, readStamp } from './line.ts';
import { Listener } from './listener.ts';
import type { Log } from './log.ts';
import { type LogFile, openLogFile } from './log-file.ts';
import { Merger } from './merger.ts';
import { within } from './own-log.ts';
import { createPipeline, type Pipeline } from './pipeline.ts';
import { Questions } from './questions.ts';
import { RawTail } from './raw-tail.ts';
import { findLastSeq } from './resume.ts';
import { searchLog } from './search.ts';
import { SpillMerge } from './spill-merge.ts';

export interface LogService {
  /** Opens the log file anew: it was moved away. */
  reopen(): void;
  /** Drains within timeoutMs; rejects when it could not. The pipeline still works afterwards. */
  stop(timeoutMs: number): Promise<void>;
}

export interface LogServiceDeps {
  readonly config: LoggerConfig;
  readonly log: Log;
  /** Called as soon as lines can be written. */
  onPipeline(pipeline: Pipeline): void;
}

const WRITE_RETRY_MS = 1000;
const LOOK_MS = 250;
const LOOK_AFTER_ERROR_MS = 5000;
const QUIET_MS = 25;
const QUIET_ROUNDS = 3;

interface Parts {
  readonly pipeline: Pipeline;
  readonly merger: Merger;
  readonly spills: SpillMerge;
  readonly tail: RawTail;
  readonly listener: Listener;
  readonly log: Log;
}

export async function startLogService({ config, log, onPipeline }: LogServiceDeps): Promise<LogService> {
  const { rawDir, socketPath } = config;
  const startedAtMs = Date.now();
  const logFiles = { path: config.file, maxFiles: config.maxFiles };
  const analysis = new LogAnalysis(Date.now);
  const gaps = { count: 0, totalMs: 0 };
  const file = await openLogFile({
    ...logFiles,
    maxBytes: config.maxBytes,
    onRotationFailed: (error) => log.error('log-rotation-failed', { file: config.file, error }),
    onWritten: (lines) =>
      eachLine(lines, (line) => {
        const stamp = readStamp(line);
        if (stamp !== null) analysis.observe(line, stamp);
      }),
  });
  const pipeline = createPipeline({
    file,
    retryMs: WRITE_RETRY_MS,
    onGap: (gap) => {
      gaps.count += 1;
      gaps.totalMs += gap.gapMs;
      log.error('log-write-gap', gap);
    },
  });
  onPipeline(pipeline);
  const merger = new Merger({ pipeline, findLastSeq: (stream) => findLastSeq(logFiles, stream) });
  const spills = new SpillMerge({ rawDir, merger, pipeline, log });
  await rm(socketPath, { force: true }); // left by a logger that was killed
  const answers = new Questions({
    search: (filter) => searchLog(logFiles, filter),
    stats: () => ({
      instance: `${process.pid}-${startedAtMs}`,
      ...analysis.totals(),
      ...analysis.shapeStats(),
      writeGaps: gaps.count,
      writeGapMs: gaps.totalMs,
      rotations: file.rotations,
      pendingBytes: pipeline.pendingBytes,
    }),
    summary: (filter) => analysis.summary(filter),
  });
  const listener = new Listener({ merger, pipeline, spills, log, answers });
  await listener.listen(socketPath);
  const tail = new RawTail({ rawDir, merger, pipeline, processes: listener.processes, now: Date.now });
  return run({ pipeline, merger, spills, tail, listener, log }, file);
}

function run(parts: Parts, file: LogFile): LogService {
  const { pipeline, spills, tail, listener } = parts;
  const looking = new AbortController();
  const looked = lookRegularly(parts, looking.signal);

  async function drain(): Promise<void> {
    looking.abort();
    await looked;
    await quiet(listener, pipeline);
    listener.close();
    await spills.mergeOrphans();
    await tail.poll(true);
    await spills.settled();
    await pipeline.drained();
  }

  return {
    reopen: () => file.reopen(),
    async stop(timeoutMs) {
      if (await within(timeoutMs, drain())) return;
      pipeline.giveUp();
      throw new Error(`the log could not be drained in ${timeoutMs} ms`);
    },
  };
}

/** Until aborted; never rejects. */
async function lookRegularly({ merger, spills, tail, log }: Parts, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    let pauseMs = LOOK_MS;
    try {
      await spills.mergeOrphans();
      await tail.poll(false);
      merger.forgetGone();
    } catch (error) {
      log.error('raw-dir-unreadable', { error });
      pauseMs = LOOK_AFTER_ERROR_MS;
    }
    await delay(pauseMs, undefined, { signal }).catch(() => {}); // aborted: the loop's condition ends it
  }
}

/** Resolves when for some rounds nothing came over the sockets and all that had come was written. */
async function quiet(listener: Listener, pipeline: Pipeline): Promise<void> {
  let quietRounds = 0;
  let seenBytes = listener.receivedBytes;
  while (quietRounds < QUIET_ROUNDS) {
    await delay(QUIET_MS);
    await pipeline.drained();
    quietRounds = listener.receivedBytes === seenBytes ? quietRounds + 1 : 0;
    seenBytes = listener.receivedBytes;
  }
}
