/**
 * The way of a finished line to the file, through winston: one logger, one transport, order kept. It bounds the bytes that wait:
 * past `maxPendingBytes` whoever feeds it should stop until `room()` resolves.
 *
 * Winston is the queue, the batch and the back-pressure here, and neither level nor format: these are made in the process that logs, so
 * that a line is encoded once and a level that nobody wants is never sent. The logger passes on bytes.
 */
import winston from 'winston';
import { type Entry, FileTransport, type FileTransportOptions, LEVEL, MESSAGE } from './file-transport.ts';

export interface Pipeline {
  /** `line` ends with its line end; onWritten is called once it is in the file. */
  write(line: Buffer, onWritten: () => void): void;
  /** Too much waits to be written. */
  readonly full: boolean;
  readonly pendingBytes: number;
  /** Resolves when it is no longer full. */
  room(): Promise<void>;
  /** Resolves when all that was given so far is written. */
  drained(): Promise<void>;
  /** Stops waiting for a disk that refuses. */
  giveUp(): void;
}

const MAX_PENDING_BYTES = 16 * 1024 * 1024;

export function createPipeline(options: FileTransportOptions, maxPendingBytes = MAX_PENDING_BYTES): Pipeline {
  const transport = new FileTransport(options);
  // Lines are formatted by those who wrote them; filtering by level is theirs too.
  const logger = winston.createLogger({
    level: 'debug',
    format: winston.format((entry) => entry)(),
    transports: [transport],
  });
  let pendingBytes = 0;
  let waiters: { readonly belowBytes: number; readonly resolve: () => void }[] = [];

  function written(bytes: number): void {
    pendingBytes -= bytes;
    if (waiters.length === 0) return;
    const ready = waiters.filter((waiter) => pendingBytes < waiter.belowBytes);
    if (ready.length === 0) return;
    waiters = waiters.filter((waiter) => pendingBytes >= waiter.belowBytes);
    for (const { resolve } of ready) resolve();
  }

  function below(belowBytes: number): Promise<void> {
    if (pendingBytes < belowBytes) return Promise.resolve();
    return new Promise((resolve) => waiters.push({ belowBytes, resolve }));
  }

  return {
    write(line, onWritten) {
      pendingBytes += line.length;
      const entry: Entry = {
        level: 'info',
        message: '',
        [LEVEL]: 'info',
        [MESSAGE]: line,
        onWritten() {
          onWritten();
          written(line.length);
        },
      };
      logger.write(entry);
    },
    get full() {
      return pendingBytes >= maxPendingBytes;
    },
    get pendingBytes() {
      return pendingBytes;
    },
    room: () => below(maxPendingBytes / 2),
    drained: () => below(1),
    giveUp: () => transport.giveUp(),
  };
}
