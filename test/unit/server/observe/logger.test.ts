/** The log's metrics: nothing counted is lost when the logger is restarted or away. */
import { expect } from 'chai';
import { Registry } from 'prom-client';
import type { LogStats } from '../../../../core/protocol/log-stats.ts';
import { addLogMetrics } from '../../../../server/observe/logger.ts';

const STATS: LogStats = {
  instance: 'first',
  lines: [
    { role: 'sql', level: 'info', count: 5 },
    { role: 'server', level: 'warn', count: 2 },
  ],
  dropped: [{ role: 'dsl', count: 3 }],
  bytes: 1000,
  writeGaps: 1,
  writeGapMs: 1500,
  rotations: 2,
  keptFiles: 4,
  keptBytes: 4096,
  auditRecords: 0,
  pendingBytes: 7,
  shapes: 2,
  slowestShapeSeconds: [1.5, 0.2],
  mostFailures: [9],
};

describe('log metrics', () => {
  function registryWith(stats: () => Promise<LogStats>): Registry {
    const register = new Registry();
    addLogMetrics(register, stats);
    return register;
  }

  async function values(register: Registry): Promise<string[]> {
    const text = await register.metrics();
    return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  }

  it('shows what the logger counts, with bounded labels, in one question a scrape', async () => {
    let asked = 0;
    const register = registryWith(async () => {
      asked += 1;
      return STATS;
    });
    expect(await values(register)).to.deep.equal([
      'forkline_log_lines_total{role="sql",level="info"} 5',
      'forkline_log_lines_total{role="server",level="warn"} 2',
      'forkline_log_lines_dropped_total{role="dsl"} 3',
      'forkline_log_bytes_total 1000',
      'forkline_log_write_gaps_total 1',
      'forkline_log_write_gap_seconds_total 1.5',
      'forkline_log_rotations_total 2',
      'forkline_log_kept_files 4',
      'forkline_log_kept_bytes 4096',
      'forkline_log_pending_bytes 7',
      'forkline_query_shapes 2',
      'forkline_slowest_shape_seconds{rank="1"} 1.5',
      'forkline_slowest_shape_seconds{rank="2"} 0.2',
      'forkline_most_failing_shape_failures{rank="1"} 9',
    ]);
    expect(asked).to.equal(1);
  });

  it('goes on counting behind a logger that was restarted, and stands still while there is none', async () => {
    let nowMs = 0;
    const next: LogStats = {
      ...STATS,
      instance: 'second',
      bytes: 10,
      lines: [{ role: 'sql', level: 'info', count: 1 }],
    };
    const answers = [
      () => Promise.resolve(STATS),
      () => Promise.reject(new Error('away')),
      () => Promise.resolve(next),
      () => Promise.resolve({ ...next, bytes: 30 }),
    ];
    const register = new Registry();
    addLogMetrics(
      register,
      () => answers.shift()!(),
      () => nowMs,
    );
    const seen: string[][] = [];
    while (answers.length > 0) {
      seen.push((await values(register)).filter((line) => /^forkline_log_(bytes|lines)_total.*/.test(line)));
      nowMs += 60_000;
    }
    const warn = 'forkline_log_lines_total{role="server",level="warn"} 2';
    const first = [
      'forkline_log_lines_total{role="sql",level="info"} 5',
      warn,
      'forkline_log_bytes_total 1000',
    ];
    const lines = ['forkline_log_lines_total{role="sql",level="info"} 6', warn];
    expect(seen).to.deep.equal([
      first,
      first,
      [...lines, 'forkline_log_bytes_total 1010'],
      [...lines, 'forkline_log_bytes_total 1030'],
    ]);
  });
});
