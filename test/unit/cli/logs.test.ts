import { Writable } from 'node:stream';
import { expect } from 'chai';
import type { Client } from '../../../cli/kit/client.ts';
import { type FoundLog, type LogsCommand, renderLine, renderSummary, runLogs } from '../../../cli/logs.ts';

const line = {
  ...{ time: '2026-01-31T12:00:00.123Z', level: 'warn', process: 'server-1', role: 'server', pid: 7 },
  ...{ stream: 'k3v09zq1', seq: 42, event: 'slow-query', queryId: 'q-1', query: 'select 1 | head 1' },
  ...{ bytes: 0, rows: null, workers: [{ workerPid: 3 }] },
};

const all: LogsCommand = {
  ...{ query: null, level: null, since: null, limit: null },
  ...{ summary: false, json: false },
};

class Text extends Writable {
  text = '';

  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.text += String(chunk);
    done();
  }
}

async function run(command: Partial<LogsCommand>, answer: object) {
  const paths: string[] = [];
  const client = {
    getJson: async (path: string) => {
      paths.push(path);
      return answer;
    },
  } as unknown as Client;
  const output = { stdout: new Text(), stderr: new Text() };
  await runLogs(client, { ...all, ...command }, output);
  return { paths, out: output.stdout.text, err: output.stderr.text };
}

describe('forkline logs', () => {
  it('writes a line as words, with what is not one quoted', () => {
    expect(renderLine(line)).to.equal(
      '2026-01-31T12:00:00.123Z warn  server-1 slow-query queryId=q-1 query="select 1 | head 1" ' +
        'bytes=0 rows=null workers=[{"workerPid":3}]',
    );
  });

  it('lets no line move the cursor or begin another line', () => {
    const text = renderLine({ ...line, message: 'a\u001b[2J\nb\u009b2Jc' });
    expect(text).to.include('message="a\\u001b[2J\\nb\\u009b2Jc"');
  });

  it('asks for what was asked, and says when there is more or a file was left out', async () => {
    const found: FoundLog = { lines: [line], truncated: true, unreadable: ['forkline.log.2026-01-01.0001'] };
    const { paths, out, err } = await run({ query: 'a b', level: 'warn', limit: 1 }, found);
    expect(paths).to.deep.equal(['/v1/logs?query=a+b&level=warn&limit=1']);
    expect(out).to.equal(`${renderLine(line)}\n`);
    expect(err).to.match(/newest 1; there are more/);
    expect(err).to.match(/cannot be read: forkline\.log\.2026-01-01\.0001/);
    const none = await run({}, { lines: [], truncated: false });
    expect(none).to.deep.equal({ paths: ['/v1/logs'], out: '', err: 'no such lines\n' });
  });

  it('gives programs the answer as it came', async () => {
    const { out, err } = await run({ json: true }, { lines: [line], truncated: true });
    expect(JSON.parse(out)).to.deep.equal({ lines: [line], truncated: true });
    expect(err).to.equal('');
  });

  it('sums up in tables', async () => {
    const shape = { shape: 'select ?', count: 3, failed: 2, meanMs: 5, maxMs: 9, queryId: 'q-9' };
    const summary = {
      ...{ from: '2026-01-31T12:00:00.000Z', to: '2026-01-31T12:05:00.000Z', shapes: 1, unlistedQueries: 4 },
      rates: [{ role: 'server', level: 'info', lines: 30, perSecond: 0.1 }],
      queries: { count: 7, failed: 2 },
      slowest: [{ ...shape, codes: { 'sql-error': 2 } }],
      mostFailing: [],
    };
    const text = renderSummary(summary);
    expect(text).to.include('7 queries, 2 failed, 1 shapes, 4 queries of further shapes not listed');
    expect(text).to.match(/^server +info +30 +0\.1$/m);
    expect(text).to.match(/^ +5 +9 +3 +2 +sql-error 2 +q-9 +select \?$/m);
    expect(text).to.include('most failing: none');
    expect((await run({ summary: true, since: '2026-01-31T12:00:00.000Z' }, summary)).paths).to.deep.equal([
      '/v1/logs/summary?since=2026-01-31T12%3A00%3A00.000Z',
    ]);
  });
});
