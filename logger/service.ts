/**
 * Everything the logger does, put together: the file, the pipeline into it, the socket, and a regular look at
 * spill files and raw output. Stopping is draining: it ends when nothing came for a while and all is written.
 */
import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '../core/logging/log.ts';
import { registerSecrets } from '../core/logging/redact.ts';
import { STANDARD_OUTPUT, STANDARD_OUTPUT_FD, StandardOutput } from '../core/logging/standard-output.ts';
import type { LogFilter } from '../core/logging/wire.ts';
import type { LogStats } from '../core/protocol/log-stats.ts';
import type { LoggerConfig } from '../core/protocol/logger-config.ts';
import { LogAnalysis } from './analysis/analysis.ts';
import type { Audit } from './audit/audit.ts';
import type { WriteGap } from './intake/file-transport.ts';
import { Listener } from './intake/listener.ts';
import { Merger } from './intake/merger.ts';
import { within } from './intake/own-log.ts';
import { createPipeline, type Pipeline } from './intake/pipeline.ts';
import { Questions } from './intake/questions.ts';
import { RawTail } from './intake/raw-tail.ts';
import { SpillMerge } from './intake/spill-merge.ts';
import { Archive, ledgerOfRotated } from './store/archive.ts';
import { type LogFile, openLogFile } from './store/log-file.ts';
import { type FoundLines, searchLog } from './store/search.ts';

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
  readonly archive: Keeper;
  readonly audit: Audit | null;
  readonly log: Log;
}

export async function startLogService({ config, log, onPipeline }: LogServiceDeps): Promise<LogService> {
  const { linesSocketPath, rawDir, socketPath, workersDir } = config;
  registerSecrets(config.secrets);
  const analysis = new LogAnalysis(Date.now);
  const gaps = new WriteGaps((gap) => log.error('log-write-gap', gap));
  const { file, archive, search } = await openStore(config, log, analysis);
  const pipeline = createPipeline({ file, retryMs: WRITE_RETRY_MS, onGap: (gap) => gaps.add(gap) });
  onPipeline(pipeline);
  const audit = await openAuditIn(config, log);
  const merger = new Merger({
    log: { pipeline, lastSeq: (stream) => file.lastSeq(stream) },
    audit: audit?.route ?? null,
  });
  const spills = new SpillMerge({ rawDir, workersDir, merger, log });
  // Sockets are left by a logger that was killed.
  await Promise.all([socketPath, linesSocketPath].map((path) => rm(path, { force: true })));
  const answers = new Questions({
    search,
    stats: createStats({ analysis, gaps, file, archive, pipeline, audit }),
    summary: (filter) => analysis.summary(filter),
  });
  const listener = new Listener({ merger, spills, log, answers });
  await listener.listen(socketPath, linesSocketPath);
  const tail = new RawTail({ rawDir, merger, pipeline, processes: listener.processes, now: Date.now });
  archive.look();
  return run({ pipeline, merger, spills, tail, listener, archive, audit, log }, file);
}

/** Loaded only where it is configured. */
async function openAuditIn({ audit }: LoggerConfig, log: Log): Promise<Audit | null> {
  if (audit === null) return null;
  const { openAudit } = await import('./audit/audit.ts');
  return await openAudit(audit, WRITE_RETRY_MS, log, (gap) => log.error('audit-write-gap', gap));
}

/** The file that lines are written to. */
type LineFile = Pick<LogFile, 'append' | 'lastSeq' | 'reopen' | 'rotations'>;
/** The part that looks after full files. */
type Keeper = Pick<Archive, 'look' | 'stop' | 'size'>;

interface Store {
  readonly file: LineFile;
  readonly archive: Keeper;
  search(filter: LogFilter): Promise<FoundLines>;
}

async function openStore(config: LoggerConfig, log: Log, analysis: LogAnalysis): Promise<Store> {
  return config.file === STANDARD_OUTPUT ? openStandardOutput(analysis) : openFiles(config, log, analysis);
}

function openStandardOutput(analysis: LogAnalysis): Store {
  return {
    file: new StandardOutput(STANDARD_OUTPUT_FD, (line, stamp) => {
      if (stamp !== null) analysis.observe(line, stamp);
    }),
    archive: {
      look() {},
      stop: () => Promise.resolve(),
      size: () => Promise.resolve({ keptFiles: 0, keptBytes: 0 }),
    },
    search: () => Promise.reject(new Error('there is no stored log: it goes to standard output')),
  };
}

async function openFiles(config: LoggerConfig, log: Log, analysis: LogAnalysis): Promise<Store> {
  const file = await openLogFile({
    path: config.file,
    maxBytes: config.maxBytes,
    daily: config.rotateEvery === 'day',
    now: Date.now,
    ledgerBefore: () => ledgerOfRotated(config.file),
    onRotated: () => archive.look(),
    onRotationFailed: (error) => log.error('log-rotation-failed', { file: config.file, error }),
    onLine: (line, stamp) => {
      if (stamp !== null) analysis.observe(line, stamp);
    },
  });
  const archive = new Archive({
    path: config.file,
    maxFiles: config.maxFiles - 1,
    maxAgeDays: config.maxAgeDays,
    compress: config.compress === 'gzip',
    log,
    now: Date.now,
    isCurrent: (path) => file.isCurrent(path),
  });
  const stored = { path: config.file, openCurrent: () => file.openCurrent() };
  return { file, archive, search: (filter) => searchLog(stored, filter) };
}

interface StatsSources {
  readonly analysis: LogAnalysis;
  readonly gaps: WriteGaps;
  readonly file: LineFile;
  readonly archive: Keeper;
  readonly pipeline: Pipeline;
  readonly audit: Audit | null;
}

function createStats({
  analysis,
  gaps,
  file,
  archive,
  pipeline,
  audit,
}: StatsSources): () => Promise<LogStats> {
  const instance = `${process.pid}-${Date.now()}`;
  return async () => ({
    instance,
    ...analysis.totals(),
    ...analysis.shapeStats(),
    writeGaps: gaps.count,
    writeGapMs: gaps.totalMs,
    rotations: file.rotations,
    ...(await archive.size()),
    pendingBytes: pipeline.pendingBytes,
    auditRecords: audit?.head.n ?? 0,
  });
}

/** The disk's refusals, counted for the metrics and told in the log when they are over. */
class WriteGaps {
  readonly #tell: (gap: WriteGap) => void;
  count = 0;
  totalMs = 0;

  constructor(tell: (gap: WriteGap) => void) {
    this.#tell = tell;
  }

  add(gap: WriteGap): void {
    this.count += 1;
    this.totalMs += gap.gapMs;
    this.#tell(gap);
  }
}

function run(parts: Parts, file: LineFile): LogService {
  const { pipeline, spills, tail, listener, archive, audit } = parts;
  const looking = new AbortController();
  const looked = lookRegularly(parts, looking.signal);

  async function drain(): Promise<void> {
    looking.abort();
    await looked;
    await quiet(listener, audit === null ? [pipeline] : [pipeline, audit.route.pipeline]);
    listener.close();
    await spills.mergeOrphans();
    await tail.poll(true);
    await spills.settled();
    await Promise.all([pipeline.drained(), audit?.route.pipeline.drained()]);
    await Promise.all([archive.stop(), audit?.stop()]);
  }

  return {
    reopen: () => file.reopen(),
    async stop(timeoutMs) {
      if (await within(timeoutMs, drain())) return;
      pipeline.giveUp();
      audit?.route.pipeline.giveUp();
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
async function quiet(listener: Listener, pipelines: readonly Pipeline[]): Promise<void> {
  let quietRounds = 0;
  let seenBytes = listener.receivedBytes;
  while (quietRounds < QUIET_ROUNDS) {
    await delay(QUIET_MS);
    await Promise.all(pipelines.map((pipeline) => pipeline.drained()));
    quietRounds = listener.receivedBytes === seenBytes ? quietRounds + 1 : 0;
    seenBytes = listener.receivedBytes;
  }
}
