import { expect } from 'chai';
import { ScenarioRecord } from '../../../../loadtest/record.ts';
import { chartSvg } from '../../../../loadtest/report/charts.ts';
import { reportHtml } from '../../../../loadtest/report/html.ts';
import { linearScale, listScale, logScale } from '../../../../loadtest/report/scales.ts';
import { summaryText } from '../../../../loadtest/report/terminal.ts';
import { type Chart, isHeld, type RunResult, type ScenarioResult } from '../../../../loadtest/result.ts';
import type { Scenario } from '../../../../loadtest/scenario.ts';

const FILES = { json: '/out/report.json', html: '/out/report.html' };

function scenario(over: Partial<ScenarioResult> = {}, ratio = 0.8): ScenarioResult {
  const record = new ScenarioRecord();
  for (const value of [1, 3, 2]) record.add('Forkline', 'p99', 'ms', value);
  record.check({
    what: 'throughput',
    value: ratio,
    unit: 'x',
    bound: 'at-least',
    limit: 0.9,
    measured: '8 <b> 10',
  });
  record.note('a <note>');
  const { checks, series, notes, charts, resources } = record;
  return {
    name: 'small',
    title: 'Small',
    state: 'done',
    reason: null,
    checks,
    series,
    resources,
    charts,
    notes,
    seconds: 1,
    ...over,
  };
}

function result(scenarios: readonly ScenarioResult[], over: Partial<RunResult> = {}): RunResult {
  const machine = {
    ...{ cpu: 'C<PU>', cores: 2, memoryBytes: 2 ** 33, kernel: 'linux', node: 'v20', postgres: '18' },
    ...{ commit: 'abc', loadAverage: 0 },
  };
  const settings = {
    ...{ quick: false, rounds: 5, durationMs: 5000, rows: 1e6, against: null },
    database: 'embedded' as const,
    plainSqlTool: 'psql',
  };
  return {
    startedAt: '2026-01-01T00:00:00.000Z',
    seconds: 9,
    interrupted: null,
    machine,
    settings,
    scenarios,
    ...over,
  };
}

const chosen = [{ name: 'small' }, { name: 'other' }] as unknown as Scenario[];

describe('checks', () => {
  it('hold on their side of the limit, and never without a measurement', () => {
    const record = new ScenarioRecord();
    const check = { what: '', unit: 'x', measured: '', limit: 2 };
    for (const value of [1, 2, 3, Number.NaN, Number.POSITIVE_INFINITY]) {
      record.check({ ...check, value, bound: 'at-least' });
      record.check({ ...check, value, bound: 'at-most' });
    }
    const held = record.checks.map((each) => each.held);
    expect(held).to.deep.equal([false, true, true, true, true, ...Array(5).fill(false)]);
  });

  it('a run holds only when all of it was done and held', () => {
    expect(isHeld(result([scenario({}, 1)]))).to.equal(true);
    expect(isHeld(result([scenario({}, 1), scenario({ state: 'skipped', checks: [] })]))).to.equal(true);
    expect(isHeld(result([scenario()]))).to.equal(false);
    expect(isHeld(result([scenario({ state: 'failed', checks: [] })]))).to.equal(false);
    expect(isHeld(result([scenario({}, 1)], { interrupted: 'by INT' }))).to.equal(false);
  });

  it('phases become medians by phase', () => {
    const record = new ScenarioRecord();
    for (const sql of [5, 1, 3]) record.addPhases('q', { plan: 1, sql });
    expect(record.phaseBars).to.deep.equal([
      {
        label: 'q',
        phases: [
          { phase: 'plan', ms: 1 },
          { phase: 'sql', ms: 3 },
        ],
      },
    ]);
  });
});

describe('the terminal report', () => {
  it('says target, measured, MISSED, what was not run, and the verdict', () => {
    const text = summaryText(result([scenario()]), chosen, FILES);
    expect(text).to.match(/small\s+throughput\s+>= 0\.9 x\s+0\.80 x\s+8 <b> 10\s+MISSED/);
    expect(text).to.include('other: not run').and.to.include('Missed: small (throughput).');
  });

  it('says so when every target held', () => {
    expect(summaryText(result([scenario({}, 1)]), chosen.slice(0, 1), FILES)).to.include(
      'Every target held.',
    );
  });

  it('shows failures with their reason, and short runs as such', () => {
    const failed = scenario({ state: 'failed', reason: 'it broke\nbadly', checks: [] });
    const settings = { ...result([]).settings, quick: true, rounds: 3 };
    const text = summaryText(result([failed], { settings }), chosen, FILES);
    expect(text)
      .to.match(/small\s+it broke\s+FAILED/)
      .and.to.include('Missed: small (failed).');
    expect(text).to.include('Quick run: indicative only.').and.to.include('Medians of 3 (targets ask for 5)');
  });
});

describe('the HTML report', () => {
  const lines = [
    {
      who: 'a&b',
      points: [
        [1, 5],
        [10, 50],
      ] as const,
    },
  ];
  const charts: Chart[] = [
    { type: 'percentiles', title: 'P', lines },
    { type: 'concurrency', title: 'C', lines },
    { type: 'latency', title: 'L', lines },
    { type: 'timeline', title: 'T', lines },
    { type: 'cost', title: 'R', lines },
    {
      type: 'phases',
      title: 'F',
      bars: [
        {
          label: 'q',
          phases: [
            { phase: 'sql', ms: 3 },
            { phase: 'dsl', ms: 1 },
          ],
        },
      ],
    },
  ];

  it('has every chart, needs nothing from elsewhere, and escapes what it shows', () => {
    const html = reportHtml(result([scenario({ charts })]));
    expect(html.match(/<svg /g)).to.have.length(charts.length);
    expect(html).not.to.match(/<script|<link|src=|@import|url\(/);
    expect(html).to.include('C&lt;PU&gt;').and.to.include('a &lt;note&gt;').and.to.include('a&amp;b');
    expect(html).not.to.match(/NaN|undefined|Infinity/);
    const opened = html.match(/<(table|tr|td|th|section|figure|svg|details)\b/g)?.length;
    expect(html.match(/<\/(table|tr|td|th|section|figure|svg|details)>/g)).to.have.length(opened!);
  });

  it('shows a contender in the same colour wherever its line stands', () => {
    const line = (who: string) => ({ who, points: [[1, 2]] as const });
    const colourOf = (who: string, others: string[]): string => {
      const svg = chartSvg({ type: 'cost', title: '', lines: [...others, who].map(line) });
      return new RegExp(`fill="(#\\w+)"><title>${who}:`).exec(svg)![1]!;
    };
    expect(colourOf('Forkline', [])).to.equal(colourOf('Forkline', ['one process']));
    expect(colourOf('one process', ['Forkline'])).to.equal(colourOf('one process', ['fresh', 'Forkline']));
    expect(colourOf('fresh', [])).not.to.equal(colourOf('Forkline', []));
  });

  it('draws what there is, and says where there is nothing', () => {
    const holes = [
      {
        who: 'a',
        points: [
          [1, Number.NaN],
          [2, 3],
        ] as const,
      },
    ];
    expect(chartSvg({ type: 'cost', title: '', lines: holes }).match(/<circle/g)).to.have.length(1);
    expect(chartSvg({ type: 'cost', title: '', lines: [] })).to.include('Nothing was measured');
    expect(chartSvg({ type: 'phases', title: '', bars: [] })).to.include('Nothing was measured');
  });
});

describe('scales', () => {
  const pixels = { from: 0, to: 100 };

  it('linear ones begin at 0 and end on a round number', () => {
    const { place, ticks } = linearScale([3, 42], pixels);
    expect(ticks).to.deep.equal([0, 10, 20, 30, 40, 50]);
    expect(place(25)).to.equal(50);
  });

  it('logarithmic ones span whole powers, of 2 as well', () => {
    const { place, ticks } = logScale([2, 900], pixels);
    expect(ticks).to.deep.equal([1, 10, 100, 1000]);
    expect(place(10)).to.be.closeTo(100 / 3, 1e-9);
    expect(logScale([1, 128], pixels, 2).ticks).to.deep.equal([1, 2, 4, 8, 16, 32, 64, 128]);
    expect(logScale([5], pixels).ticks).to.deep.equal([1, 10]);
  });

  it('lists are evenly spaced', () => {
    expect([50, 99, 99.9].map(listScale([99.9, 50, 99, 50], pixels).place)).to.deep.equal([0, 50, 100]);
  });
});
