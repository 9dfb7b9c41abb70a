import { expect } from 'chai';
import type { OpenCase } from '../../../../loadtest/bench/case.ts';
import { BENCH_CASES } from '../../../../loadtest/bench/catalogue.ts';
import { casesTable, measureCases } from '../../../../loadtest/bench/measure-cases.ts';
import { BenchUsageError, parseBenchOptions } from '../../../../loadtest/bench/options.ts';

const KNOWN = BENCH_CASES.map(({ name }) => name);
const BUILDS = [
  { label: 'old', dist: '/old' },
  { label: 'new', dist: '/new' },
];

describe('the micro-benchmarks', () => {
  // A worker's boot is measured where it is built.
  for (const name of KNOWN.filter((each) => each !== 'dsl-boot')) {
    it(`${name} measures something`, async () => {
      const { open } = (await import(`../../../../loadtest/bench/cases/${name}.ts`)) as { open: OpenCase };
      expect(await (await open()).measure()).to.be.above(0);
    });
  }

  it('read their options, and refuse what they do not know', () => {
    expect(parseBenchOptions([], KNOWN)).to.deep.equal({ cases: null, rounds: 5, compare: null, out: null });
    expect(parseBenchOptions(['--compare', 'v1', 'HEAD', '--case', 'planner'], KNOWN)).to.deep.include({
      compare: ['v1', 'HEAD'],
      cases: ['planner'],
    });
    const wrong: [string[], RegExp][] = [
      [['--case', 'plannr'], /no case "plannr"; did you mean planner\?/],
      [['--compare', 'HEAD'], /two commits/],
      [['HEAD'], /"HEAD" is no option/],
      [['--rounds', '0'], /--rounds must be/],
      [['--frob'], /Unknown option '--frob'/],
    ];
    for (const [args, message] of wrong)
      expect(() => parseBenchOptions(args, KNOWN)).to.throw(BenchUsageError, message);
  });

  it('run builds in turns, and say what a build cannot run', async () => {
    const order: string[] = [];
    const run = async (_: string, [file, name]: readonly string[]): Promise<string> => {
      const build = file!.startsWith('/old') ? 'old' : 'new';
      order.push(build);
      if (build === 'old' && name === 'framing')
        throw new Error('node ended with 1: TypeError: no such thing');
      return JSON.stringify({ name, values: build === 'old' ? [10, 12, 14] : [6] });
    };
    const cases = BENCH_CASES.filter(({ name }) => name === 'planner' || name === 'framing');
    const figures = await measureCases({ run, rounds: 2, onProgress: () => {} }, cases, BUILDS);
    expect(figures.map(({ name, build, values }) => [name, build, values.length])).to.deep.equal([
      ['framing', 'old', 0],
      ['framing', 'new', 2],
      ['planner', 'old', 6],
      ['planner', 'new', 2],
    ]);
    expect(order).to.deep.equal(['old', 'new', 'old', 'new', 'new', 'old', 'new']);
    const table = casesTable(figures, BUILDS);
    expect(table).to.match(/planner: .*12\.0 us\s+17 %\s+6\.00 us\s+0 %\s+0\.50 x/);
    expect(table)
      .to.match(/framing: .*not measured/)
      .and.to.include('framing (old): node ended with 1: TypeError');
  });
});
