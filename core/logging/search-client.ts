/**
 * Asks the logger: for lines of the log (GET /v1/logs), its summary, its numbers for the metrics. A connection a
 * question; they are rare.
 */
import { connect } from 'node:net';
import type { LogStats, LogSummary, SummaryFilter } from '../protocol/log-stats.ts';
import { createLineSplitter, encodeMessage, type FromLogger, type LogFilter, type Question } from './wire.ts';

export interface LogSearchResult {
  /** Log lines as objects (see LogLine), in the order of their times. */
  readonly lines: readonly unknown[];
  /** More lines match than are given. */
  readonly truncated: boolean;
  /** Rotated files that could not be read, and why; absent when there are none. */
  readonly unreadable?: readonly string[];
}

/** Each rejects when the logger is away, does not answer in time, or finds the filter invalid. */
export interface LogSearch {
  search(filter: LogFilter): Promise<LogSearchResult>;
  stats(): Promise<LogStats>;
  summary(filter: SummaryFilter): Promise<LogSummary>;
}

const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;
const ID = 1;

export function createLogSearch({
  logSocket,
  timeoutMs = TIMEOUT_MS,
}: {
  readonly logSocket: string;
  readonly timeoutMs?: number;
}): LogSearch {
  return {
    async search(filter) {
      const reply = await ask(logSocket, timeoutMs, { type: 'search', id: ID, filter });
      if (reply.type !== 'found') throw unexpected(reply);
      const { lines, truncated, unreadable } = reply;
      return { lines, truncated, ...(unreadable !== undefined && { unreadable }) };
    },
    async stats() {
      const reply = await ask(logSocket, timeoutMs, { type: 'stats', id: ID });
      if (reply.type !== 'stats') throw unexpected(reply);
      return reply.stats;
    },
    async summary(filter) {
      const reply = await ask(logSocket, timeoutMs, { type: 'summary', id: ID, filter });
      if (reply.type !== 'summary') throw unexpected(reply);
      return reply.summary;
    },
  };
}

function unexpected(reply: FromLogger): Error {
  return new Error(reply.type === 'failed' ? reply.message : `unexpected ${reply.type}`);
}

function ask(logSocket: string, timeoutMs: number, question: Question): Promise<FromLogger> {
  return new Promise((resolve, reject) => {
    const socket = connect(logSocket);
    const timer = setTimeout(
      () => socket.destroy(new Error(`no answer from the logger in ${timeoutMs} ms`)),
      timeoutMs,
    );
    const split = createLineSplitter(MAX_ANSWER_BYTES, (line) => {
      resolve(JSON.parse(line.toString()) as FromLogger);
      socket.destroy();
    });
    socket.on('connect', () => socket.write(encodeMessage(question)));
    socket.on('data', split);
    socket.on('error', reject);
    socket.on('close', () => {
      clearTimeout(timer);
      reject(new Error('the logger closed the connection')); // no effect once it is settled
    });
  });
}
