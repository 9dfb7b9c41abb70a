/**
 * The log client that every process uses. A line is kept, in order and within 4 Mi characters, until the logger
 * says that it is in the file; a new connection sends what is left again, and the logger knows a line's seq, so
 * that nothing is lost or doubled by a logger that dies. When the buffer is full because the logger is away or
 * stuck, all of it goes to a spill file (see backlog.ts). What is left at process exit is spilled too.
 * Nothing here throws into its caller or waits, except for that one write of a full buffer.
 * No dependencies: worker processes pay for every import.
 */
import { createBacklog } from './backlog.ts';
import { newStreamId } from './line.ts';
import { Link } from './link.ts';
import type { LogClient, LogLevel } from './log.ts';
import { rawDirOf } from './spill.ts';

/** The part of ChildIdentity that logging needs. */
export interface LogIdentity {
  readonly role: string;
  readonly workerId: string;
  readonly runDir: string;
  readonly logSocket: string;
}

export interface LogClientOptions {
  readonly identity: LogIdentity;
  /** Lines below it are not made. An unknown name means info. */
  readonly level: string;
  /** Bound of the buffer, in characters. */
  readonly maxBufferedCharacters?: number;
}

const MAX_BUFFERED_CHARACTERS = 4 * 1024 * 1024;
const LEVELS: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

/** The rank of a level, debug 0 to error 3; that of info for anything else. */
export function levelRank(level: string): number {
  return LEVELS[level as LogLevel] ?? LEVELS.info;
}

/** What has to be done for clients' last lines when the process exits. */
const atExit = new Set<() => void>();
let exitHooked = false;

function doAtExit(work: () => void): void {
  atExit.add(work);
  if (exitHooked) return;
  exitHooked = true;
  process.on('exit', () => {
    for (const each of atExit) each();
  });
}

export function createLogClient(options: LogClientOptions): LogClient {
  const { identity, maxBufferedCharacters = MAX_BUFFERED_CHARACTERS } = options;
  const rank = levelRank(options.level);
  const source = {
    process: identity.workerId,
    role: identity.role,
    pid: process.pid,
    stream: newStreamId(),
  };
  const rawDir = rawDirOf(identity.runDir);
  const backlog = createBacklog({ source, rawDir, maxCharacters: maxBufferedCharacters });
  const { queue } = backlog;
  let pokeScheduled = false;
  let onEmpty: (() => void) | null = null;

  const link = new Link({
    socketPath: identity.logSocket,
    hello: (id) => ({ type: 'hello', id, ...source, resent: queue.sentSeq >= queue.firstSeq }),
    onWritten(seq) {
      queue.acknowledge(seq);
      if (backlog.isEmpty) onEmpty?.();
    },
    onFlowing() {
      queue.rewind();
      backlog.reportDropped();
    },
    takeUnsent: (maxCharacters) => queue.takeUnsent(maxCharacters),
  });

  function log(level: LogLevel, event: string, fields?: object): void {
    if (LEVELS[level] < rank) return;
    if (backlog.add(level, event, fields)) link.greet();
    if (pokeScheduled) return;
    pokeScheduled = true;
    setImmediate(poke);
  }

  function poke(): void {
    pokeScheduled = false;
    link.poke();
  }

  function spillRest(): void {
    backlog.reportDropped();
    backlog.spill();
  }

  async function close(timeoutMs: number): Promise<void> {
    backlog.reportDropped();
    if (!backlog.isEmpty) {
      link.hold();
      link.poke();
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        onEmpty = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    link.shut();
    spillRest(); // what was not acknowledged; what is logged from now on goes the same way at exit
  }

  doAtExit(spillRest);
  return {
    debug: (event, fields) => log('debug', event, fields),
    info: (event, fields) => log('info', event, fields),
    warn: (event, fields) => log('warn', event, fields),
    error: (event, fields) => log('error', event, fields),
    close,
  };
}
