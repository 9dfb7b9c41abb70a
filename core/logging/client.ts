/**
 * The log client that every process uses. A line is kept, in order and within 4 Mi characters, until the logger
 * says that it is in the file; a new connection sends what is left again, and the logger knows a line's seq, so
 * that nothing is lost or doubled by a logger that dies. When the buffer is full because the logger is away or
 * stuck, all of it goes to a spill file (see backlog.ts). What is left at process exit is spilled too.
 * Nothing here throws into its caller or waits, except for that one write of a full buffer.
 * No dependencies: worker processes pay for every import.
 */
import { Backlog } from './backlog.ts';
import { type LineSource, newStreamId } from './line.ts';
import { Link } from './link.ts';
import type { LogClient, LogLevel } from './log.ts';
import { rawDirOf } from './spill.ts';

/** The part of ChildIdentity that logging needs. */
export interface LogIdentity {
  readonly role: string;
  readonly workerId: string;
  /** The directory whose `raw` takes spilled lines: the run's, or a sandboxed process's own. */
  readonly runDir: string;
  readonly logSocket: string;
  /** The process's pid as others see it; left out where the process sees the same one. */
  readonly pid?: number;
}

export interface LogClientOptions {
  readonly identity: LogIdentity;
  /** Lines below it are not made. An unknown name means info. */
  readonly level: string;
  /** Bound of the buffer, in characters. */
  readonly maxBufferedCharacters?: number;
  /** Bound of what it spills while the logger is away. */
  readonly maxSpilledBytes?: number;
}

/** For how long lines gather; those of a process that is killed meanwhile are lost with it. */
const GATHER_MS = 10;
export const MAX_BUFFERED_CHARACTERS = 4 * 1024 * 1024;
export const MAX_SPILLED_BYTES = 64 * 1024 * 1024;
const LEVELS: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

/** The rank of a level, debug 0 to error 3; that of info for anything else. */
export function levelRank(level: string): number {
  return LEVELS[level as LogLevel] ?? LEVELS.info;
}

/** Callbacks that save the last lines of clients when the process exits. */
const atExit = new Set<() => void>();
let exitHooked = false;

/** Calls `work` when the process exits. */
export function doAtExit(work: () => void): void {
  atExit.add(work);
  if (exitHooked) return;
  exitHooked = true;
  process.on('exit', () => {
    for (const each of atExit) each();
  });
}

export function createLogClient(options: LogClientOptions): LogClient {
  return new SocketLogClient(options);
}

class SocketLogClient implements LogClient {
  readonly #rank: number;
  readonly #source: LineSource & { readonly pid: number };
  readonly #backlog: Backlog;
  readonly #link: Link;
  #gathering = false;
  #onEmpty: (() => void) | null = null;

  constructor(options: LogClientOptions) {
    const { identity, level, maxBufferedCharacters = MAX_BUFFERED_CHARACTERS } = options;
    const { workerId, role, runDir, logSocket, pid = process.pid } = identity;
    this.#rank = levelRank(level);
    this.#source = { process: workerId, role, pid, stream: newStreamId() };
    this.#backlog = new Backlog({
      source: this.#source,
      rawDir: rawDirOf(runDir),
      maxCharacters: maxBufferedCharacters,
      maxSpilledBytes: options.maxSpilledBytes ?? MAX_SPILLED_BYTES,
    });
    this.#link = this.#openLink(logSocket);
    doAtExit(() => this.#spillRest());
  }

  debug(event: string, fields?: object): void {
    this.#log('debug', event, fields);
  }

  info(event: string, fields?: object): void {
    this.#log('info', event, fields);
  }

  warn(event: string, fields?: object): void {
    this.#log('warn', event, fields);
  }

  error(event: string, fields?: object): void {
    this.#log('error', event, fields);
  }

  async close(timeoutMs: number): Promise<void> {
    this.#backlog.reportDropped();
    if (!this.#backlog.isEmpty) {
      this.#link.hold();
      this.#link.poke();
      await this.#whenEmpty(timeoutMs);
    }
    this.#link.shut();
    this.#spillRest(); // saves lines that were not acknowledged; later ones are saved at exit
  }

  #openLink(socketPath: string): Link {
    const backlog = this.#backlog;
    const { queue } = backlog;
    return new Link({
      socketPath,
      hello: (id) => ({ type: 'hello', id, ...this.#source }),
      onWritten: (seq) => {
        queue.acknowledge(seq);
        if (backlog.isEmpty) this.#onEmpty?.();
      },
      onFlowing() {
        queue.rewind();
        backlog.reportDropped();
      },
      takeUnsent: (maxCharacters) => queue.takeUnsent(maxCharacters),
    });
  }

  #log(level: LogLevel, event: string, fields?: object): void {
    if (LEVELS[level] < this.#rank) return;
    if (this.#backlog.add(level, event, fields)) this.#link.greet();
    if (LEVELS[level] >= LEVELS.warn) setImmediate(() => this.#link.poke());
    else this.#gather();
  }

  /** Lines of no urgency go together: each message to the logger costs both sides a system call and an answer. */
  #gather(): void {
    if (this.#gathering) return;
    this.#gathering = true;
    setTimeout(() => {
      this.#gathering = false;
      this.#link.poke();
    }, GATHER_MS).unref();
  }

  /** Resolves when everything is in the file, at the latest after timeoutMs. */
  #whenEmpty(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#onEmpty = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #spillRest(): void {
    this.#backlog.reportDropped();
    this.#backlog.spill(true);
  }
}
