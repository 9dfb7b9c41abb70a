import { expect } from 'chai';
import { readSchedule } from '../../../../catalogue/models/schedule.ts';

const MINUTE_MS = 60_000;

/** Returns the times of a schedule from `from` on, for so many days, as ISO texts to the minute. */
function timesOf(text: string, from: string, days = 1): string[] {
  const schedule = readSchedule(text);
  if (schedule?.kind !== 'at') throw new Error(`${text} has no times`);
  const start = Date.parse(from);
  return Array.from({ length: days * 1440 }, (_, n) => start + n * MINUTE_MS)
    .filter((at) => schedule.isAt(at))
    .map((at) => new Date(at).toISOString().slice(0, 16));
}

describe('the schedule of a model', () => {
  it('is again and again', () => {
    for (const text of ['10m', 'every 10m'])
      expect(readSchedule(text)).to.deep.equal({ kind: 'every', everyMs: 600_000 });
  });

  it('is at the times of five fields, in UTC', () => {
    // 2026-11-30 is a Monday.
    const day = '2026-11-30T00:00Z';
    expect(timesOf('30 6 * * *', day)).to.deep.equal(['2026-11-30T06:30']);
    expect(timesOf('0,15 8-9 * * *', day).map((time) => time.slice(11))).to.deep.equal([
      ...['08:00', '08:15', '09:00', '09:15'],
    ]);
    expect(timesOf('*/20 0-12/6 * * mon', day).map((time) => time.slice(11))).to.deep.equal([
      ...['00:00', '00:20', '00:40', '06:00', '06:20', '06:40', '12:00', '12:20', '12:40'],
    ]);
    expect(timesOf('0 0 * * 1-5', day, 8).map((time) => time.slice(8, 10))).to.deep.equal([
      ...['30', '01', '02', '03', '04', '07'],
    ]);
    expect(timesOf('0 0 * * 7', day, 8)).to.deep.equal(timesOf('0 0 * * sun', day, 8));
    expect(timesOf('0 0 1 jan *', '2026-12-30T00:00Z', 5)).to.deep.equal(['2027-01-01T00:00']);
    expect(timesOf('* * * * *', day)).to.have.length(1440);
  });

  it('takes either of the two days when both are given, as cron does', () => {
    expect(timesOf('0 0 3 * sat', '2026-11-30T00:00Z', 7)).to.deep.equal([
      ...['2026-12-03T00:00', '2026-12-05T00:00'],
    ]);
    expect(timesOf('0 0 3 * */7', '2026-11-30T00:00Z', 7)).to.deep.equal([]);
  });

  it('goes by the clock of a time zone, also where that changes', () => {
    expect(timesOf('0 6 * * 1-5 Asia/Seoul', '2026-11-30T00:00Z')).to.deep.equal(['2026-11-30T21:00']);
    expect(timesOf('30 1 * * * Europe/Berlin', '2026-03-28T00:00Z', 2)).to.deep.equal([
      ...['2026-03-28T00:30', '2026-03-29T00:30', '2026-03-29T23:30'],
    ]);
    expect(timesOf('30 2 * * * Europe/Berlin', '2026-03-29T00:00Z', 1)).to.deep.equal([]);
  });

  it('is none of anything else, nor of times that never come', () => {
    for (const text of [
      ...[
        '',
        'soon',
        'every',
        '0',
        '10 m',
        '* * * *',
        '* * * * * *',
        '0 6 * * * Nowhere/City',
        '* * * * * * *',
      ],
      ...['60 * * * *', '* 24 * * *', '* * 0 * *', '* * 32 * *', '* * * 13 *', '* * * * 8', '-1 * * * *'],
      ...[
        '5-1 * * * *',
        '*/0 * * * *',
        '5/10 * * * *',
        '1,,2 * * * *',
        '1- * * * *',
        'a * * * *',
        '1-2-3 * * * *',
      ],
      ...['0 0 30 feb *', '0 0 31 4,6,9,11 *'],
    ])
      expect(readSchedule(text), text).to.equal(null);
    expect(readSchedule('0 0 29 2 *')?.kind).to.equal('at');
    expect(readSchedule('0 0 31 2,3 *')?.kind).to.equal('at');
  });
});
