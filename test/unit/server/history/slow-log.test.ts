import { expect } from 'chai';
import type { ProcessRow } from '../../../../core/protocol/monitor.ts';
import { anonymousAt } from '../../../../core/protocol/principal.ts';
import { type QueryRecord, QueryRegistry } from '../../../../server/history/registry.ts';
import { SlowLog } from '../../../../server/history/slow-log.ts';
import { QueryTrace } from '../../../../server/history/trace.ts';
import { readTraceContext } from '../../../../server/history/trace-context.ts';
import { until } from '../../../support/until.ts';

type Line = { readonly event: string; readonly [field: string]: unknown };

function watch(rows: () => Promise<readonly ProcessRow[]>) {
  const lines: Line[] = [];
  const log = {
    debug() {},
    info() {},
    warn: (event: string, fields: object = {}) => void lines.push({ event, ...fields }),
    error() {},
  };
  const registry = new QueryRegistry();
  const query = registry.start(
    {
      ...{
        queryId: 'q1',
        text: 'select 1 | head 1',
        principal: anonymousAt('me'),
        connection: 'main',
        timeoutMs: 60_000,
      },
      trace: new QueryTrace(readTraceContext(undefined), false),
    },
    Date.now(),
  );
  const ended = new SlowLog({ slowQueryMs: 1, log, listProcesses: rows }).watch(query);
  const end = (): void => {
    registry.end(query, null, Date.now());
    ended();
  };
  return { lines, query, end };
}

function busy(query: QueryRecord): void {
  query.phase = 'stages';
  query.pids = [41, 42];
  query.bytes = 7;
}

const row = { pid: 41, workerId: 'dsl-1', kernelState: 'S', wchan: 'pipe_read', cpuPercent: 3, rssBytes: 9 };

describe('slow-query log', () => {
  it('tells where a query is and what its processes do, and once more when it ends', async () => {
    const { lines, query, end } = watch(async () => [row as ProcessRow]);
    busy(query);
    const first = await until(() => lines[0], 2000);
    expect(first).to.include({ event: 'slow-query', queryId: 'q1', phase: 'stages', bytes: 7 });
    const { traceId } = query.trace;
    expect(first).to.include({ traceId, connection: 'main' });
    expect(first.query).to.equal('select 1 | head 1');
    const { pid, ...seen } = row;
    expect(first.workers).to.deep.equal([{ workerPid: pid, ...seen }, { workerPid: 42 }]);
    query.rows = 3;
    end();
    expect(lines).to.have.length(2);
    expect(lines[1]).to.include({ event: 'slow-query-ended', queryId: 'q1', code: 'ok', rows: 3, traceId });
  });

  it('tells it also when the monitor does not answer', async () => {
    const { lines, query } = watch(async () => {
      throw new Error('no answer');
    });
    busy(query);
    const first = await until(() => lines[0], 2000);
    expect(first.workers).to.deep.equal([{ workerPid: 41 }, { workerPid: 42 }]);
  });

  it('says nothing of a query that ends before', async () => {
    let asked = false;
    const { lines, end } = watch(async () => {
      asked = true;
      return [];
    });
    end();
    // The timer of a query that was not ended comes after any that it might have had.
    const other = watch(async () => []);
    await until(() => other.lines[0], 2000);
    expect(lines).to.deep.equal([]);
    expect(asked).to.equal(false);
  });
});
