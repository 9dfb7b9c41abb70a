import { expect } from 'chai';
import { ConnectionLog, countClosed, countOpen, isWaiting } from '../../../../loadtest/load/connections.ts';
import { failuresOf } from '../../../../loadtest/load/generate.ts';

const request = (name: string) => ({ name, body: '', minBytes: 0, maxBytes: 1, mark: '', markAt: 0 });
const WINDOW = { startMs: 1000, endMs: 2000 };

function answered(log: ConnectionLog, startMs: number, endMs: number): void {
  log.onRequest(startMs);
  log.onAnswer(endMs);
}

describe('what is counted of a load', () => {
  it('latencies by when it was asked, rates by when it was answered', () => {
    const log = new ConnectionLog([request('light')], 0);
    answered(log, 900, 1100); // asked while warming up
    answered(log, 1100, 1200);
    answered(log, 1900, 5000); // the slow one, which a count by answers would lose
    const counted = countClosed([log], WINDOW, 6000);
    expect(counted.answers).to.equal(2);
    expect(counted.latencies).to.deep.equal({
      light: [
        { atMs: 100, ms: 100 },
        { atMs: 900, ms: 3100 },
      ],
    });
    expect([counted.asked, counted.seconds, counted.unanswered]).to.deep.equal([3, 1, 0]);
  });

  it('what is never answered counts with the time that it had waited', () => {
    const log = new ConnectionLog([request('light')], 0);
    log.onRequest(1500);
    expect(isWaiting([log], WINDOW)).to.equal(true);
    const counted = countClosed([log], WINDOW, 9500);
    expect(counted.latencies).to.deep.equal({ light: [{ atMs: 500, ms: 8000 }] });
    expect(counted.unanswered).to.equal(1);
  });

  it('connections go round the requests from different ones on', () => {
    const names = [0, 1].map((offset) => {
      const log = new ConnectionLog([request('light'), request('heavy')], offset);
      for (let at = 1000; at < 1300; at += 100) answered(log, at, at + 50);
      return log.answers.map(({ name }) => name);
    });
    expect(names).to.deep.equal([
      ['light', 'heavy', 'light'],
      ['heavy', 'light', 'heavy'],
    ]);
  });

  it('open loop counts from when it was due, within the measured time', () => {
    const log = new ConnectionLog([request('light')], 0);
    answered(log, 100, 110);
    answered(log, 600, 1800);
    answered(log, 1800, 1810);
    const schedule = { firstDueMs: 100, intervalMs: 500, endMs: 2100 };
    expect(countOpen([{ log, schedule }], 'light', WINDOW).latencies.light).to.deep.equal([
      { atMs: 100, ms: 710 },
      { atMs: 600, ms: 210 },
    ]);
  });

  it('a run with failures, or without a single request, measures nothing', () => {
    const latencies = { light: [{ atMs: 0, ms: 9000 }] };
    const fine = { answers: 0, asked: 1, seconds: 1, latencies, unanswered: 0 };
    const failures = { statuses: {}, errors: 0, wrongSizes: 0, wrongBodies: 0 };
    expect(failuresOf({ ...fine, failures })).to.equal(null);
    expect(
      failuresOf({ ...fine, failures: { ...failures, statuses: { 503: 2 }, wrongSizes: 1, wrongBodies: 3 } }),
    ).to.equal('2 answers with status 503, 1 answers of the wrong length, 3 wrong answers');
    expect(failuresOf({ ...fine, asked: 0, failures })).to.match(/nothing was asked/);
  });
});
