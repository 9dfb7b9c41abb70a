/**
 * One DSL worker process on its own, for benchmarks and tests: this plays the monitor, the server and, by writing
 * rows into the input pipe, the SQL worker.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { collectBytes } from '../connectors/kit/encode/byte-writer.ts';
import type { Row } from '../connectors/kit/row-writer.ts';
import { WireRowWriter } from '../connectors/kit/wire-row-writer.ts';
import { openInput } from '../core/process/input-socket.ts';
import {
  type DescribeStagesCall,
  type DslWorkerConfig,
  type FromDslWorker,
  inputFifo,
  type RunStagesCall,
  type RunStagesReply,
  type ScrubReply,
} from '../core/protocol/dsl-worker.ts';
import type { WireError } from '../core/protocol/errors.ts';
import { createFrameReader, writeMessage } from '../core/protocol/frames.ts';
import type { FromChild } from '../core/protocol/monitor.ts';
import type { Column, ColumnType } from '../core/protocol/types.ts';
import { usualWireType } from '../core/protocol/wire-rows.ts';

export interface DslProcess extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly socket: Socket;
  readonly config: DslWorkerConfig;
  readonly bootMs: number;
  /** Sends the call and gathers the answer; the streams of rows go into the input pipes meanwhile, one for each input. */
  run(call: RunStagesCall, ...inputs: readonly Buffer[]): Promise<Answer>;
  describe(call: DescribeStagesCall): Promise<FromDslWorker>;
  scrub(): Promise<ScrubReply>;
  cancel(queryId: string): void;
  exit(): Promise<number | null>;
}

export interface Answer {
  readonly body: Buffer;
  readonly reply:
    | { readonly ok: true; readonly value: RunStagesReply }
    | { readonly ok: false; readonly error: WireError };
}

export interface DslProcessOptions {
  readonly config?: Partial<DslWorkerConfig>;
  /** Called with each piece of the answer instead of keeping it. */
  readonly onData?: (bytes: Buffer) => void;
}

/** The built worker, which starts five times as fast as its source through tsx; dist-dev/ has a link to it. */
const DIST = import.meta.url.endsWith('.ts') ? '../dist' : '..';
const ENTRY = fileURLToPath(new URL(`${DIST}/workers/dsl/worker.js`, import.meta.url));

export async function startDslProcess(options: DslProcessOptions = {}): Promise<DslProcess> {
  const dir = mkdtempSync(join(tmpdir(), 'forkline-dsl-'));
  mkdirSync(join(dir, 'raw'));
  const config = workerConfig(dir, options.config ?? {});
  const startedAt = performance.now();
  const child = forkWorker();
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  child.send(initMessage(dir, config));
  await readyOf(child);
  const bootMs = performance.now() - startedAt;
  const socket = connect(config.socketPath);
  await once(socket, 'connect');
  // A worker that dies closes its end in whatever way; tests look at its exit code.
  socket.on('error', () => {});
  const replies = readReplies(socket, options.onData ?? null);

  return {
    child,
    socket,
    config,
    bootMs,
    async run(call, ...inputs) {
      // A call that gets no rows need not wait for them.
      writeMessage(socket, { type: 'run-stages', manyRows: inputs.length === 0, ...call });
      let ended = false;
      const written = inputs.map((rows, index) =>
        writeRows(inputFifo(config.fifoPath, index), rows, () => ended),
      );
      const answer = await replies.next();
      ended = true;
      await Promise.all(written);
      return { body: answer.body, reply: answer.message as Answer['reply'] };
    },
    async describe(call) {
      writeMessage(socket, { type: 'describe-stages', ...call });
      return (await replies.next()).message;
    },
    async scrub() {
      writeMessage(socket, { type: 'scrub', queryId: 'scrub' });
      const { message } = await replies.next();
      if (!message.ok) throw new Error(message.error.message);
      return message.value as ScrubReply;
    },
    cancel: (queryId) => void writeMessage(socket, { type: 'cancel', queryId }),
    exit: () => exited,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await exited;
      socket.destroy();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function workerConfig(dir: string, overrides: Partial<DslWorkerConfig>): DslWorkerConfig {
  return {
    socketPath: join(dir, 'dsl.sock'),
    fifoPath: join(dir, 'dsl.fifo'),
    spillDir: join(dir, 'spill'),
    files: {},
    extensionDir: join(dir, 'extensions'),
    memoryBytes: 256 * 1024 * 1024,
    spillBytes: 1024 * 1024 * 1024,
    threads: 2,
    ...overrides,
  };
}

function forkWorker(): ChildProcess {
  return fork(ENTRY, { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
}

function initMessage(dir: string, config: DslWorkerConfig): object {
  const identity = {
    role: 'dsl',
    workerId: 'dsl-1',
    slot: 0,
    buildId: 'test',
    runDir: dir,
    logSocket: join(dir, 'log.sock'),
  };
  return { type: 'init', identity, child: { role: 'dsl', config }, logLevel: 'info' };
}

async function readyOf(child: ChildProcess): Promise<void> {
  for (;;) {
    const [message] = (await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(([code]) => {
        throw new Error(`the worker exited with ${code} before it was ready`);
      }),
    ])) as [FromChild];
    if (message.type === 'ready') return;
    if (message.type === 'init-failed') throw new Error(message.message);
  }
}

interface Replies {
  next(): Promise<{ readonly body: Buffer; readonly message: FromDslWorker }>;
}

function readReplies(socket: Socket, onData: ((bytes: Buffer) => void) | null): Replies {
  let pieces: Buffer[] = [];
  let waiting: { resolve(v: { body: Buffer; message: FromDslWorker }): void; reject(e: Error): void } | null =
    null;
  const read = createFrameReader({
    onData: (bytes) => (onData === null ? void pieces.push(bytes) : onData(bytes)),
    onMessage(message) {
      const body = Buffer.concat(pieces);
      pieces = [];
      waiting?.resolve({ body, message: message as FromDslWorker });
    },
  });
  socket.on('data', read);
  socket.on('close', () => waiting?.reject(new Error('the worker closed its socket')));
  return { next: () => new Promise((resolve, reject) => (waiting = { resolve, reject })) };
}

/** Calls are made when a test file is loaded, which may be minutes before they run. */
const FAR_AWAY_MS = 24 * 60 * 60 * 1000;

/** The columns of an input. */
export type InputKinds = Readonly<Record<string, Exclude<ColumnType['kind'], 'decimal' | 'list'>>>;

function columnsOf(input: InputKinds): readonly Column[] {
  return Object.entries(input).map(([name, kind]) => ({ name, type: { kind } }));
}

/** All of an input, as a SQL worker writes it. */
export function inputStream(input: InputKinds, rows: readonly Row[]): Buffer {
  return collectBytes((writer) => {
    const wire = new WireRowWriter(columnsOf(input), writer);
    wire.begin();
    for (const row of rows) wire.write(row);
    wire.end();
  });
}

/** A call with everything but the plan at its usual value. */
export function stagesCall(
  sql: string,
  input: InputKinds,
  columns: readonly Column[],
  overrides: Partial<RunStagesCall> = {},
): RunStagesCall {
  return {
    queryId: 'q1',
    connection: 'main',
    plan: {
      sql,
      parameters: [],
      inputs: [
        {
          name: 'input',
          columns: columnsOf(input).map(({ name, type }) => ({
            ...{ name, wire: usualWireType(type), expression: null },
          })),
          scans: 1,
        },
      ],
      runsUserSql: false,
    },
    columns,
    parameters: [],
    answer: { format: 'json', rows: 'objects', numbers: 'number' },
    maxRowBytes: 1024 * 1024,
    limits: { capRows: null, maxRows: 10_000_000, maxBytes: 4 * 1024 ** 3 },
    deadlineAt: Date.now() + FAR_AWAY_MS,
    ...overrides,
  };
}

/** Resolves once the worker has taken the rows, or wants no more. */
async function writeRows(path: string, rows: Buffer, isOver: () => boolean): Promise<void> {
  const input = await openInput(path, isOver);
  if (input === null) return;
  const closed = new Promise((resolve) => input.once('close', resolve));
  input.on('error', () => {}); // the worker wants no more
  input.end(rows, () => void input.destroy());
  await closed;
}
