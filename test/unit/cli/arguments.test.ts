import { expect } from 'chai';
import { stringify } from 'lossless-json';
import { parseCommandLine } from '../../../cli/arguments.ts';
import { UsageError } from '../../../cli/kit/usage-error.ts';

const query = (...args: string[]) => {
  const command = parseCommandLine(['query', ...args]);
  if (command.name !== 'query') throw new Error(`parsed as ${command.name}`);
  return command;
};

describe('the command line', () => {
  it('without anything shows the help', () => {
    expect(parseCommandLine([])).to.deep.equal({ name: 'help' });
    expect(parseCommandLine(['query', '--help'])).to.deep.equal({ name: 'help' });
  });

  it('takes the configuration file of start', () => {
    expect(parseCommandLine(['start'])).to.deep.equal({ name: 'start', configFile: undefined });
    expect(parseCommandLine(['start', '--config', 'x.json'])).to.deep.equal({
      name: 'start',
      configFile: 'x.json',
    });
  });

  it('takes pools to scale, and says what is wrong with them', () => {
    expect(parseCommandLine(['scale', 'sql=4', 'dsl=6', '--config', 'x.json'])).to.deep.equal({
      name: 'scale',
      sizes: { sql: 4, dsl: 6 },
      json: false,
      configFile: 'x.json',
    });
    const wrong = (...args: string[]) =>
      expect(() => parseCommandLine(['scale', ...args])).to.throw(UsageError);
    wrong()
      .with.property('message')
      .that.matches(/^say what to scale/);
    wrong('sql').with.property('message', '"sql" is not POOL=N; for example: forkline scale sql=4');
    wrong('sqll=1').with.property('message', 'there is no pool "sqll"; did you mean sql?');
    wrong('sql=65').with.property('message', 'sql must be a whole number from 1 to 64, not 65');
    wrong('sql=-1').with.property('message', 'sql must be a whole number from 1 to 64, not "-1"');
    wrong('sql=1', 'sql=2').with.property('message', 'sql is given twice');
  });

  it('asks status of the server or of the monitor, not of both', () => {
    expect(parseCommandLine(['status', '--local'])).to.include({ name: 'status', local: true });
    expect(() => parseCommandLine(['status', '--local', '--url', 'http://h'])).to.throw(UsageError);
    expect(() => parseCommandLine(['status', '--config', 'x'])).to.throw(UsageError);
    expect(parseCommandLine(['top', '--once'])).to.deep.equal({ name: 'top', url: null, once: true });
  });

  it('takes what to find in the log, and times that are said as an age', () => {
    const now = Date.parse('2026-01-31T12:00:00Z');
    const all = { name: 'logs', url: null, query: null, level: null, since: null, limit: null };
    const logs = (...args: string[]) => parseCommandLine(['logs', ...args], now);
    expect(logs()).to.deep.equal({ ...all, summary: false, json: false });
    expect(logs('--query', 'q', '--level', 'warn', '--limit', '5', '--json')).to.deep.equal({
      ...{ ...all, query: 'q', level: 'warn', limit: 5 },
      ...{ summary: false, json: true },
    });
    expect(logs('--since', '15m')).to.include({ since: '2026-01-31T11:45:00.000Z' });
    expect(logs('--since', '2d', '--summary')).to.include({
      since: '2026-01-29T12:00:00.000Z',
      summary: true,
    });
    expect(logs('--since', '2026-01-01')).to.include({ since: '2026-01-01T00:00:00.000Z' });
  });

  it('takes a query with its options', () => {
    const args = [
      'select 1',
      '--format',
      'csv',
      '--limit',
      '10',
      '--timeout=500',
      '--connection',
      'crm',
      '--url',
      'http://h',
    ];
    expect(query(...args)).to.deep.equal({
      name: 'query',
      url: 'http://h',
      text: 'select 1',
      format: 'csv',
      encrypt: false,
      keyId: null,
      connection: 'crm',
      parameters: {},
      capRows: 10,
      timeoutMs: 500,
    });
  });

  it('leaves the query to stdin when there is none, or a dash', () => {
    expect(query().text).to.equal(null);
    expect(query('-').text).to.equal(null);
  });

  it('types parameters as JSON does, and takes everything else as text', () => {
    const given = ['n=12', 'f=1.5', 'b=true', 'z=null', 'q="12"', 't=abc', 'e=', 'eq=a=b', 'j={"a":1}'];
    expect(query(...given.flatMap((param) => ['--param', param])).parameters).to.deep.equal({
      n: 12,
      f: 1.5,
      b: true,
      z: null,
      q: '12',
      t: 'abc',
      e: '',
      eq: 'a=b',
      j: '{"a":1}',
    });
  });

  it('keeps digits that a number of JavaScript could not hold, also in lists', () => {
    for (const digits of ['9007199254740993', '0.12345678901234567890', '1e400']) {
      expect(stringify(query('--param', `x=${digits}`).parameters)).to.equal(`{"x":${digits}}`);
      expect(stringify(query('--param', `x=[1, ${digits}]`).parameters)).to.equal(`{"x":[1,${digits}]}`);
    }
  });

  const mistakes: [string[], RegExp][] = [
    [['strat'], /no command "strat"; did you mean start\?/],
    [['zzzzzz'], /no command "zzzzzz"; see forkline --help/],
    [['select 1 | head 1'], /forkline query 'select 1 \| head 1'/],
    [['query', '--fromat', 'csv', 'select 1'], /no option --fromat; did you mean --format\?/],
    [
      ['query', '--format', 'xml', 'select 1'],
      /no format "xml"; there are json, ndjson, csv, arrow, parquet, table/,
    ],
    [['query', 'select', '1'], /must be one argument/],
    [['query', '--limit', '0', 'select 1'], /--limit must be a whole number of 1 or more, not "0"/],
    [['query', '--timeout', '1s', 'select 1'], /--timeout must be a whole number/],
    [['query', '--param', 'x', 'select 1'], /--param must be NAME=VALUE, not "x"/],
    [['start', '--url', 'http://h'], /"forkline start" has no option --url/],
    [['logs', '--since', 'noon'], /--since must be a time \(.*\) or how long ago \(15m\), not "noon"/],
    [['logs', '--since', '5'], /--since must be a time/],
    [['logs', '--summary', '--level', 'warn'], /--summary is of all queries and levels/],
    [['logs', 'q1'], /"forkline logs" takes no "q1"/],
    [['start', 'now'], /"forkline start" takes no "now"/],
    [['status', '--format', 'csv'], /"forkline status" has no option --format/],
  ];
  for (const [args, message] of mistakes) {
    it(`refuses ${args.join(' ')}`, () => {
      expect(() => parseCommandLine(args)).to.throw(UsageError, message);
    });
  }
});
