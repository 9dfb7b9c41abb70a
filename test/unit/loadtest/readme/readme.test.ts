import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { SCENARIOS } from '../../../../loadtest/catalogue.ts';
import { chartFile } from '../../../../loadtest/readme/chart-file.ts';
import {
  type Headline,
  headlineOf,
  pictureOf,
  sectionOf,
  tableOf,
  withSection,
} from '../../../../loadtest/readme/headline.ts';
import { ScenarioRecord } from '../../../../loadtest/record.ts';
import type { Chart, RunResult, ScenarioResult } from '../../../../loadtest/result.ts';

const read = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`../../../../${name}`, import.meta.url)), 'utf8');
const MEND = 'run: npm run loadtest:readme';

const CHART: Chart = {
  type: 'latency',
  title: 'p99 <over> clients',
  lines: [
    {
      who: 'Forkline',
      points: [
        [1, 5],
        [128, 50],
      ],
    },
  ],
};

function scenario(name: string, over: Partial<ScenarioResult> = {}): ScenarioResult {
  const empty = { checks: [], series: [], resources: [], charts: [], notes: [] };
  return { name, title: `Title of ${name}`, state: 'done', reason: null, seconds: 1, ...empty, ...over };
}

function result(scenarios: readonly ScenarioResult[], quick = false): RunResult {
  return {
    ...{ startedAt: '2026-01-02T03:04:05.000Z', seconds: 9, interrupted: null, scenarios },
    machine: {
      ...{ cpu: 'C', cores: 2, memoryBytes: 2 ** 33, kernel: 'linux', node: 'v20', postgres: '18' },
      ...{ commit: 'abc', loadAverage: 0 },
    },
    settings: {
      ...{ quick, rounds: 5, durationMs: 3000, rows: 1e6, against: null },
      ...{ database: 'embedded' as const, plainSqlTool: 'psql' },
    },
  };
}

function checked(...values: number[]): ScenarioResult['checks'] {
  const record = new ScenarioRecord();
  for (const value of values)
    record.check({ what: 'ratio', value, unit: 'x', bound: 'at-least', limit: 2, measured: 'a|b' });
  return record.checks;
}

describe('the load test in the documents', () => {
  it('is what the command makes of docs/loadtest.json', () => {
    const headline: Headline = JSON.parse(read('docs/loadtest.json'));
    const sections = { 'README.md': pictureOf(headline), 'docs/performance.md': sectionOf(headline) };
    for (const [name, section] of Object.entries(sections)) {
      const document = read(name);
      expect(withSection(name, document, section) === document, `${name}: ${MEND}`).to.equal(true);
    }
    expect(read('docs/loadtest.svg') === chartFile(headline.chart), MEND).to.equal(true);
  });

  it('has every scenario with a target, or says which were left out', () => {
    const { scenarios, settings }: Headline = JSON.parse(read('docs/loadtest.json'));
    expect(settings).to.deep.include({ quick: false, rows: 1_000_000 });
    const present = new Set(scenarios.map(({ name }) => name));
    const [, said = ''] = /It left out (.*)\./.exec(read('docs/performance.md')) ?? [];
    const withoutTarget = ['fork-policies', 'light-over-clients', 'small-query-distinct', 'spark'];
    const withTarget = SCENARIOS.map(({ name }) => name).filter((name) => !withoutTarget.includes(name));
    expect(withTarget.filter((name) => !present.has(name))).to.deep.equal(
      said === '' ? [] : said.split(', ').map((name) => name.replaceAll('`', '')),
    );
  });

  it('has a row for each target, held or missed, and for what failed', () => {
    const failed = scenario('c', { state: 'failed', reason: 'it | broke\nbadly' });
    const table = tableOf({ scenarios: [scenario('a', { checks: checked(1, 3) }), failed] });
    expect(table.split('\n').slice(2)).to.deep.equal([
      '| Title of a | ratio | >= 2 x | 1.00 x | a\\|b | **missed** |',
      '|  | ratio | >= 2 x | 3.00 x | a\\|b | held |',
      '| Title of c | it \\| broke |  |  |  | **failed** |',
    ]);
  });

  it('shows what could not be measured as such, also after its way through a file', () => {
    const [check] = JSON.parse(JSON.stringify(checked(Number.NaN)));
    expect(tableOf({ scenarios: [scenario('a', { checks: [check] })] })).to.include(
      '| not measured | a\\|b | **missed** |',
    );
  });

  it('counts what held, and puts the section between the marks only', () => {
    const run = result([
      scenario('a', { checks: checked(1, 3) }),
      scenario('light-over-clients', { charts: [CHART] }),
    ]);
    const section = sectionOf(headlineOf(run));
    expect(section).to.include('1 of 2 targets held').and.to.include('commit abc');
    const marks = read('docs/performance.md').match(/<!-- (loadtest:|end of loadtest).*-->/g)!;
    const document = `before\n${marks[0]}\nwhat stood here\n${marks[1]}\nafter`;
    const written = withSection('page.md', document, section);
    expect(
      written.startsWith('before\n') && written.endsWith('after') && !written.includes('what stood here'),
    ).to.equal(true);
    expect(withSection('page.md', written, section)).to.equal(written);
    expect(() => withSection('page.md', 'nothing', section)).to.throw(/page.md has no part/);
  });

  it('is not made of quick, interrupted or chartless runs', () => {
    expect(() => headlineOf(result([], true))).to.throw(/quick run/);
    expect(() => headlineOf({ ...result([]), interrupted: 'by INT' })).to.throw(/ended early: by INT/);
    expect(() => headlineOf(result([]))).to.throw(/run the scenario light-over-clients too/);
  });

  it('the chart is one file with title, ground, axes and values', () => {
    const svg = chartFile(CHART);
    expect(svg)
      .to.include('p99 &lt;over&gt; clients')
      .and.to.include('class="ground"')
      .and.to.include('(logarithmic)');
    expect(svg).to.include('prefers-color-scheme: dark').and.to.include('>50.0</text>');
    expect(svg.match(/<svg /g)).to.have.length(2);
    expect(svg.match(/<\/svg>/g)).to.have.length(2);
    expect(svg).not.to.match(/<script|href|NaN|undefined/);
  });
});
