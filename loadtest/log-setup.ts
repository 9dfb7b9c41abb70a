/**
 * Real logger and writer processes for benchmarks and tests, in a run directory of their own that goes when the scope
 * ends. They are the built ones.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LoggerConfig } from '../core/protocol/logger-config.ts';
import type { ToChild } from '../core/protocol/monitor.ts';
import type { FromWriter, WriterTask } from './log-writer.ts';

const BUILT = import.meta.url.endsWith('.ts') ? '../dist-dev/' : '../';
const LOGGER = new URL(`${BUILT}logger/main.js`, import.meta.url);
const WRITER = new URL(`${BUILT}loadtest/log-writer.js`, import.meta.url);
const FORK_OPTIONS = { execArgv: [] };

export interface LogSetup extends AsyncDisposable {
  readonly runDir: string;
  readonly rawDir: string;
  readonly logSocket: string;
  readonly file: string;
  /** Resolves when the logger is ready. */
  startLogger(): Promise<ChildProcess>;
  /** KILLs it and waits until it is gone. */
  killLogger(logger: ChildProcess): Promise<void>;
  /** `stop`, as the monitor does it; resolves with the exit code. */
  stopLogger(logger: ChildProcess): Promise<number | null>;
  startWriter(task: Partial<WriterTask> & { readonly workerId: string }): Writer;
}

export interface Writer {
  readonly process: ChildProcess;
  readonly handedOver: Promise<Extract<FromWriter, { type: 'handed-over' }>>;
  readonly exited: Promise<void>;
}

export interface SetupOptions {
  readonly maxBytes?: number;
  readonly maxFiles?: number;
  readonly compress?: 'gzip' | 'none';
  /** The directory of the log, instead of the run directory. */
  readonly logDir?: string;
  readonly secrets?: readonly string[];
  /** The audit of the same logger; left out: none. */
  readonly audit?: LoggerConfig['audit'];
}

export function setUpLog(options: SetupOptions = {}): LogSetup {
  const { maxBytes = 2 ** 30, maxFiles = 5, compress = 'gzip', secrets = [] } = options;
  const runDir = mkdtempSync(join(tmpdir(), 'flog-'));
  const rawDir = join(runDir, 'raw');
  mkdirSync(rawDir);
  const logSocket = join(runDir, 'log.sock');
  const logDir = options.logDir ?? runDir;
  const file = join(logDir, 'forkline.log');
  const children = new Set<ChildProcess>();
  let loggers = 0;

  function track(child: ChildProcess): ChildProcess {
    children.add(child);
    child.once('exit', () => children.delete(child));
    return child;
  }

  async function startLogger(): Promise<ChildProcess> {
    const logger = track(fork(LOGGER, FORK_OPTIONS));
    const ready = new Promise<void>((resolve, reject) => {
      logger.on('message', (message: { type: string }) => {
        if (message.type === 'ready') resolve();
        if (message.type === 'init-failed') reject(new Error(JSON.stringify(message)));
      });
      logger.once('exit', (code) => reject(new Error(`the logger exited with ${code}`)));
    });
    loggers += 1;
    const workerId = `logger-${loggers}`;
    const init: ToChild = {
      type: 'init',
      identity: { role: 'logger', workerId, slot: 0, buildId: 'unbuilt', runDir, logSocket },
      child: {
        role: 'logger',
        config: {
          file,
          maxBytes,
          maxFiles,
          maxAgeDays: 0,
          rotateEvery: 'never',
          compress,
          socketPath: logSocket,
          linesSocketPath: join(runDir, 'lines.sock'),
          rawDir,
          workersDir: join(runDir, 'workers'),
          secrets,
          audit: options.audit ?? null,
        },
      },
      logLevel: 'debug',
      redactLiterals: false,
    };
    logger.send(init);
    await ready;
    return logger;
  }

  async function killLogger(logger: ChildProcess): Promise<void> {
    logger.kill('SIGKILL');
    if (logger.exitCode === null && logger.signalCode === null) await once(logger, 'exit');
  }

  async function stopLogger(logger: ChildProcess): Promise<number | null> {
    const exited = once(logger, 'exit');
    logger.send({ type: 'stop', graceMs: 20_000, successor: false } satisfies ToChild);
    const [code] = (await exited) as [number | null];
    return code;
  }

  function startWriter(partial: Partial<WriterTask> & { readonly workerId: string }): Writer {
    const defaults = { runDir, logSocket, lines: 100, maxPadding: 100, burst: 10, end: 'close' as const };
    const task: WriterTask = { ...defaults, ...partial };
    const process = track(fork(WRITER, [JSON.stringify(task)], FORK_OPTIONS));
    const exited = once(process, 'exit').then(() => {});
    const handedOver = new Promise<Extract<FromWriter, { type: 'handed-over' }>>((resolve) => {
      process.on('message', (message: FromWriter) => {
        if (message.type === 'handed-over') resolve(message);
      });
    });
    return { process, handedOver, exited };
  }

  return {
    runDir,
    rawDir,
    logSocket,
    file,
    startLogger,
    killLogger,
    stopLogger,
    startWriter,
    async [Symbol.asyncDispose]() {
      const gone = [...children].map((child) => once(child, 'exit'));
      for (const child of children) child.kill('SIGKILL');
      await Promise.all(gone);
      rmSync(runDir, { recursive: true, force: true });
    },
  };
}
