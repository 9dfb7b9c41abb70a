/** Counts of the lines that are written, and the summaries that come of it. */
import { expect } from 'chai';
import { createLineFormatter, readStamp } from '../../../../core/logging/line.ts';
import type { LogLevel } from '../../../../core/logging/log.ts';
import { LogAnalysis } from '../../../../logger/analysis/analysis.ts';

const START = Date.UTC(2026, 0, 1, 12, 1);
const MINUTE = 60_000;

describe('log analysis', () => {
  let nowMs: number;
  let analysis: LogAnalysis;
  beforeEach(() => {
    nowMs = START;
    analysis = new LogAnalysis(() => nowMs);
  });

  function write(role: string, event: string, fields: object = {}, level: LogLevel = 'info'): void {
    const format = createLineFormatter(
      { process: `${role}-1`, role, pid: 1, stream: 'aaaaaaaa' },
      () => nowMs,
    );
    const line = Buffer.from(`${format(level, event, fields, 1)}\n`);
    analysis.observe(line, readStamp(line)!);
  }

  function query(text: string, elapsedMs: number, code = 'ok', queryId = 'q'): void {
    write('server', code === 'ok' ? 'query-ended' : 'query-failed', {
      queryId,
      query: text,
      code,
      elapsedMs,
    });
  }

  it('counts lines by role and level, what was dropped, and bytes; strange roles and levels together', () => {
    write('sql', 'x');
    write('sql', 'x');
    write('sql', 'x', {}, 'warn');
    write('intruder', 'x');
    write('elsewhere', 'x');
    write('dsl', 'log-lines-dropped', { count: 40 }, 'warn');
    write('dsl', 'log-lines-dropped', { count: 2 }, 'warn');
    const { lines, dropped, bytes } = analysis.totals();
    expect(lines).to.deep.include.members([
      { role: 'sql', level: 'info', count: 2 },
      { role: 'sql', level: 'warn', count: 1 },
      { role: 'other', level: 'info', count: 2 },
      { role: 'dsl', level: 'warn', count: 2 },
    ]);
    expect(dropped).to.deep.equal([{ role: 'dsl', count: 42 }]);
    expect(bytes).to.be.above(700);
  });

  it('ranks shapes by their mean time and by their failures', () => {
    query('select 1', 10);
    query('select 2', 30, 'ok', 'latest');
    query('select a from t', 500);
    query('select b from t', 5, 'sql-error');
    query('select b from t', 7, 'sql-error');
    query('select b from t', 6);
    query('select 9', 1, 'deadline-exceeded', 'failed');
    const summary = analysis.summary({ limit: 2 });
    expect(summary.queries).to.deep.equal({ count: 7, failed: 3 });
    expect(summary).to.include({ shapes: 3, unlistedQueries: 0 });
    expect(summary.slowest.map(({ shape, meanMs }) => [shape, meanMs])).to.deep.equal([
      ['select a from t', 500],
      ['select ?', 13.67],
    ]);
    expect(summary.mostFailing).to.deep.equal([
      {
        shape: 'select b from t',
        count: 3,
        failed: 2,
        meanMs: 6,
        maxMs: 7,
        codes: { 'sql-error': 2 },
        queryId: 'q',
      },
      {
        shape: 'select ?',
        count: 3,
        failed: 1,
        meanMs: 13.67,
        maxMs: 30,
        codes: { 'deadline-exceeded': 1 },
        queryId: 'failed',
      },
    ]);
    expect(analysis.shapeStats()).to.deep.equal({
      shapes: 3,
      slowestShapeSeconds: [0.5, 0.01367, 0.006],
      mostFailures: [2, 1],
    });
  });

  it('does not count the part of a DSL worker in a query as another query', () => {
    query('select 1', 10, 'sql-error');
    write('dsl', 'query-failed', { queryId: 'q', code: 'sql-error', query: 'select 1', elapsedMs: 4 });
    expect(analysis.summary({ limit: 1 }).queries).to.deep.equal({ count: 1, failed: 1 });
  });

  it('covers whole windows since the asked time, and says which', () => {
    query('select a', 1);
    nowMs = START + 10 * MINUTE; // 12:11
    query('select b', 1);
    expect(analysis.summary({ limit: 9 }).queries.count).to.equal(2);
    const late = analysis.summary({ limit: 9, since: '2026-01-01T12:12:00Z' });
    expect(late.slowest.map(({ shape }) => shape)).to.deep.equal(['select b']);
    expect([late.from, late.to]).to.deep.equal(['2026-01-01T12:10:00.000Z', '2026-01-01T12:11:00.000Z']);
    expect(late.rates).to.deep.equal([{ role: 'server', level: 'info', lines: 1, perSecond: 0.017 }]);
    expect(analysis.summary({ limit: 9 }).from).to.equal('2026-01-01T12:01:00.000Z');
    nowMs = START + 26 * 60 * MINUTE;
    expect(analysis.summary({ limit: 9 })).to.include({ from: '2026-01-01T14:00:00.000Z', shapes: 0 });
  });

  it('counts further shapes together once a window is full', () => {
    for (let n = 0; n < 350; n += 1) query(`select column${n} from t`, 1, n % 2 === 0 ? 'ok' : 'sql-error');
    const summary = analysis.summary({ limit: 100 });
    expect(summary.queries).to.deep.equal({ count: 350, failed: 175 });
    expect(summary).to.include({ shapes: 300, unlistedQueries: 50 });
    expect(summary.slowest).to.have.length(100);
  });

  it('refuses a filter that means nothing', () => {
    for (const filter of [{ limit: 0 }, { limit: 101 }, { limit: 1.5 }, { limit: 5, since: 'yesterday-ish' }])
      expect(() => analysis.summary(filter)).to.throw();
  });
});
