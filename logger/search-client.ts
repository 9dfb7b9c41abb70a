/** Asks the logger for lines of the log: for GET /v1/logs. A connection a search; they are rare. */
import { connect } from 'node:net';
import { createLineSplitter, encodeMessage, type FromLogger, type LogFilter } from './wire.ts';

export interface LogSearchResult {
  /** Log lines as objects (see LogLine), in the order of their times. */
  readonly lines: readonly unknown[];
  /** More lines match than are given. */
  readonly truncated: boolean;
}

export interface LogSearch {
  /** Rejects when the logger is away, does not answer in time, or finds the filter invalid. */
  search(filter: LogFilter): Promise<LogSearchResult>;
}

const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

export function createLogSearch({
  logSocket,
  timeoutMs = TIMEOUT_MS,
}: {
  readonly logSocket: string;
  readonly timeoutMs?: number;
}): LogSearch {
  return { search: (filter) => ask(logSocket, timeoutMs, filter) };
}

function ask(logSocket: string, timeoutMs: number, filter: LogFilter): Promise<LogSearchResult> {
  return new Promise((resolve, reject) => {
    const socket = connect(logSocket);
    const timer = setTimeout(
      () => socket.destroy(new Error(`no answer from the logger in ${timeoutMs} ms`)),
      timeoutMs,
    );
    const settle = (reply: FromLogger): void => {
      if (reply.type === 'found') resolve({ lines: reply.lines, truncated: reply.truncated });
      else reject(new Error(reply.type === 'search-failed' ? reply.message : `unexpected ${reply.type}`));
      socket.destroy();
    };
    const split = createLineSplitter(MAX_ANSWER_BYTES, (line) =>
      settle(JSON.parse(line.toString()) as FromLogger),
    );
    socket.on('connect', () => socket.write(encodeMessage({ type: 'search', id: 1, filter })));
    socket.on('data', split);
    socket.on('error', reject);
    socket.on('close', () => {
      clearTimeout(timer);
      reject(new Error('the logger closed the connection')); // no effect once it is settled
    });
  });
}
