import { expect } from 'chai';
import { FULL, parseOptions, QUICK, type RunOptions, UsageError } from '../../../loadtest/options.ts';

const KNOWN = ['small-query', 'cold-start'];

function options(...args: string[]): RunOptions {
  const command = parseOptions(args, KNOWN);
  if (command.name !== 'run') throw new Error(`it is ${command.name}`);
  return command.options;
}

describe('options of the load test', () => {
  it('defaults to everything, dropped at the end', () => {
    expect(options()).to.deep.equal({
      ...FULL,
      quick: false,
      scenarios: null,
      against: null,
      outDir: null,
      data: 'drop',
      port: 0,
    });
  });

  it('--quick changes the defaults, and single options go before it', () => {
    expect(options('--quick')).to.include({ ...QUICK, quick: true });
    expect(options('--quick', '--rows', '2_000_000', '--duration', '1.5s')).to.include({
      rows: 2_000_000,
      durationMs: 1500,
      rounds: QUICK.rounds,
    });
  });

  it('reads lists, times and addresses', () => {
    expect(options('--scenario', 'small-query, cold-start').scenarios).to.deep.equal(KNOWN);
    expect(options('--duration', '2m').durationMs).to.equal(120_000);
    expect(options('--duration', '700ms').durationMs).to.equal(700);
    expect(options('--against', 'localhost:8080')).to.include({
      against: 'http://localhost:8080',
      data: 'expect',
    });
    expect(options('--against', 'localhost:8080', '--data', 'keep').data).to.equal('keep');
  });

  it('--list and --help come before everything else', () => {
    expect(parseOptions(['--list', '--rows', 'x'], KNOWN)).to.deep.equal({ name: 'list' });
    expect(parseOptions(['--help'], KNOWN)).to.deep.equal({ name: 'help' });
  });

  const wrong: [string[], RegExp][] = [
    [['--scenario', 'smal-query'], /no scenario "smal-query"; did you mean small-query\?/],
    [['--scenario', 'zzz'], /no scenario "zzz"; see npm run loadtest -- --list/],
    [['--durtion', '5s'], /no option --durtion; did you mean --duration\?/],
    [['--duration', 'fast'], /a time such as 500ms, 5s or 1m, not "fast"/],
    [['--duration', '0s'], /from 200 ms to 10 minutes, not "0s"/],
    [['--rows', '1e6'], /--rows must be a whole number from 10000/],
    [['--rounds', '0'], /--rounds must be a whole number from 1/],
    [['--port', '70000'], /--port must be a whole number from 0 to 65535/],
    [['--data', 'maybe'], /one of drop, keep, expect, not "maybe"/],
    [['--against', 'ftp://x'], /an address such as http:\/\/127.0.0.1:8080/],
    [['extra'], /Unexpected argument 'extra'/],
  ];
  for (const [args, message] of wrong) {
    it(`refuses ${args.join(' ')}`, () => {
      expect(() => parseOptions(args, KNOWN)).to.throw(UsageError, message);
    });
  }
});
