/** Asks the monitor for the process table and for its counters. */
import { QueryError } from '../../core/protocol/errors.ts';
import type { FromChild, MonitorStats, ProcessRow, ToChild } from '../../core/protocol/monitor.ts';

const TIMEOUT_MS = 2000;

export interface ProcessList {
  /** Returns the process table. Rejects with no-worker when the monitor does not answer. */
  readonly request: () => Promise<readonly ProcessRow[]>;
  /** Returns the process table and the monitor's counters, for metrics. Rejects as `request` does. */
  readonly requestAll: () => Promise<MonitorReport>;
  receive(message: Extract<ToChild, { type: 'processes' }>): void;
}

export interface MonitorReport {
  readonly processes: readonly ProcessRow[];
  readonly stats: MonitorStats;
}

interface Waiting {
  resolve(report: MonitorReport): void;
  readonly timer: NodeJS.Timeout;
}

export function createProcessList(send: (message: FromChild) => void): ProcessList {
  const waiting = new Map<number, Waiting>();
  let lastId = 0;
  const requestAll = (): Promise<MonitorReport> =>
    new Promise((resolve, reject) => {
      const requestId = ++lastId;
      const timer = setTimeout(() => {
        waiting.delete(requestId);
        reject(new QueryError('no-worker', `the monitor did not answer within ${TIMEOUT_MS} ms`));
      }, TIMEOUT_MS);
      waiting.set(requestId, { resolve, timer });
      send({ type: 'list-processes', requestId });
    });
  return {
    requestAll,
    request: async () => (await requestAll()).processes,
    receive({ requestId, processes, stats }) {
      const asked = waiting.get(requestId);
      if (asked === undefined) return; // the request has timed out
      waiting.delete(requestId);
      clearTimeout(asked.timer);
      asked.resolve({ processes, stats });
    },
  };
}
