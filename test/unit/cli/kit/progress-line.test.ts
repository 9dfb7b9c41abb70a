import { Writable } from 'node:stream';
import { expect } from 'chai';
import { createClient } from '../../../../cli/kit/client.ts';
import { progressLine, showProgress } from '../../../../cli/kit/progress-line.ts';
import { until } from '../../../support/until.ts';

const SOURCE = {
  ...{ connection: 'lake', operation: 'o', stages: 3, stagesDone: 1, tasks: 200, tasksDone: 41 },
  ...{ tasksRunning: 2, bytesRead: 1_234_000_000 },
};

describe('the line of progress', () => {
  it('says how far each database is, and nothing where none tells', () => {
    expect(progressLine({ elapsedMs: 12_300, sources: [SOURCE] })).to.equal(
      'lake: 1/3 stages, 41/200 tasks (2 running), 1.2 GB read; 12 s',
    );
    const other = { ...SOURCE, connection: 'other', tasksRunning: 0, bytesRead: 999 };
    expect(progressLine({ elapsedMs: 400, sources: [SOURCE, other] })).to.match(
      /; other: 1\/3 stages, 41\/200 tasks, 999 B read; 0 s$/,
    );
    expect(progressLine({ elapsedMs: 5000 })).to.equal('');
  });

  it('is written over, and gone when the answer begins', async () => {
    let written = '';
    const terminal = new Writable({
      write(chunk, _encoding, done) {
        written += String(chunk);
        done();
      },
    });
    const client = {
      ...createClient('http://127.0.0.1:1', null),
      getJson: async <T>(path: string) => ({ elapsedMs: path.length, sources: [SOURCE] }) as T,
    };
    const hide = showProgress(client, 'q 1', terminal, 1);
    await until(() => written.split('tasks').length > 2, 10_000, 'two lines');
    hide();
    const shown = written;
    expect(shown.startsWith('\r\x1b[Klake: 1/3 stages')).to.equal(true);
    expect(shown.endsWith('\r\x1b[K')).to.equal(true);
  });
});
