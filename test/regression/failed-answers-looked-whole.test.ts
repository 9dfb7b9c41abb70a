/**
 * An answer whose query fails in mid-stream must be seen to have failed, in every format, whatever fails and however much was
 * sent before: generated over formats, errors, sizes and places. An answer that looks whole must have all of its rows.
 */
import { expect } from 'chai';
import { type Forkline, startForkline } from '../support/forkline.ts';
import { countRows, post, type RawAnswer } from '../support/read-answer.ts';

const FORMATS = ['json', 'ndjson', 'csv', 'arrow', 'parquet'] as const;

/** The failing row is the last one: in the first block, past the first megabyte, and late. */
const SIZES = { early: 100, 'after a megabyte': 40_000, late: 120_000 };

interface Failure {
  /** SQL of a query of `rows` rows, the last of which fails. */
  sql(rows: number): string;
  readonly stages: string;
  readonly codes: readonly string[];
}

const series = (rows: number, columns: string): string =>
  `select ${columns.replaceAll('LAST', String(rows))} from generate_series(1, ${rows}) i`;
const TEXT = "'a row of some text, number ' || i as s";

const FAILURES: Readonly<Record<string, Failure>> = {
  'a cast': {
    sql: (rows) =>
      series(rows, `case when i = LAST then '?' else i::text end as s, ${TEXT.replace(' as s', ' as t')}`),
    stages: 'eval y = cast(s as int64), z = lower(t)',
    codes: ['bad-value'],
  },
  'a decimal that overflows': {
    sql: (rows) => series(rows, `case when i = LAST then 100000 else 1 end::numeric(10,2) as n, ${TEXT}`),
    stages: 'eval y = cast(n as decimal(5,2)), z = lower(s)',
    codes: ['bad-value'],
  },
  'an int64 that overflows': {
    sql: (rows) => series(rows, `case when i = LAST then 9223372036854775807 else i end::int8 as n, ${TEXT}`),
    stages: 'eval y = n + 1, z = lower(s)',
    codes: ['bad-value'],
  },
  'text that is no JSON': {
    sql: (rows) => series(rows, `case when i = LAST then '{' else '{"a":' || i || '}' end as j, ${TEXT}`),
    stages: "eval y = json_extract(j, 'a'), z = lower(s)",
    codes: ['bad-value'],
  },
  'an assert': {
    sql: (rows) => series(rows, `i < LAST as good, ${TEXT}`),
    stages: 'eval z = lower(s) | assert good',
    codes: ['assertion-failed'],
  },
  'a timestamp': {
    sql: (rows) =>
      series(rows, `case when i = LAST then 'no time' else '2001-01-01 00:00:00' end as t, ${TEXT}`),
    stages: 'eval y = cast(t as timestamp), z = lower(s)',
    codes: ['bad-value'],
  },
  'a value that the stages cannot read': {
    sql: (rows) => series(rows, `case when i = LAST then 'NaN' else i::numeric end as n, ${TEXT}`),
    stages: 'eval z = lower(s)',
    codes: ['bad-value'],
  },
  'the SQL, with stages': {
    sql: (rows) => series(rows, `10 / (i - LAST) as n, ${TEXT}`),
    stages: 'eval z = lower(s)',
    codes: ['sql-error', 'bad-value'],
  },
  'the SQL, without stages': {
    sql: (rows) => series(rows, `10 / (i - LAST) as n, ${TEXT}`),
    stages: '',
    codes: ['sql-error', 'bad-value'],
  },
  'the SQL, sorted by stages': {
    sql: (rows) => series(rows, `10 / (i - LAST) as n, ${TEXT}`),
    stages: 'sort n desc | eval z = lower(s)',
    codes: ['sql-error', 'bad-value'],
  },
};

describe('regression: a failed answer looked like a whole one', function () {
  this.timeout(300_000);
  let forkline: Forkline;
  let turn = 0;
  before(async () => {
    forkline = await startForkline({
      dsl: { spares: 2, max: 4 },
      // Each failure costs a worker: on a busy machine the next one takes its time.
      limits: { queueWaitMs: 240_000, timeoutMs: 240_000 },
    });
  });
  after(() => forkline.stop());

  for (const [what, { sql, stages, codes }] of Object.entries(FAILURES))
    for (const [size, rows] of Object.entries(SIZES))
      it(`${what}, ${size}`, async () => {
        const query = `${sql(rows)}${stages === '' ? '' : ` | ${stages}`}`;
        const asked = FORMATS.map(async (format) => {
          // Each format in both places over all failures and sizes, half of them here.
          const pushdown = turn++ % 2 === 0 ? 'off' : 'auto';
          const answer = await post(forkline, { query, pushdown, format });
          await expectFailed(answer, format, codes, `${format}, pushdown ${pushdown}`);
        });
        await Promise.all(asked);
      });

  for (const [size, rows] of Object.entries(SIZES))
    it(`a query that does not fail has all of its rows, ${size}`, async () => {
      for (const stages of ['', ' | eval z = lower(s)', ' | eval z = lower(s) | sort i desc'])
        for (const format of FORMATS) {
          const answer = await post(forkline, { query: series(rows, `i, ${TEXT}`) + stages, format });
          expect([answer.status, answer.ended], format).to.deep.equal([200, true]);
          const told = answer.trailers['forkline-row-count'] ?? answer.headers['forkline-row-count'];
          expect(Number(told), format).to.equal(rows);
          expect(await countRows(format, answer.body, forkline.dir), format).to.equal(rows);
        }
    });

  async function expectFailed(
    answer: RawAnswer,
    format: (typeof FORMATS)[number],
    codes: readonly string[],
    label: string,
  ): Promise<void> {
    if (answer.status >= 400) {
      expect(codes, label).to.include(JSON.parse(answer.body.toString()).code);
      return;
    }
    expect(answer.trailers, label).not.to.have.property('forkline-complete');
    if (format === 'ndjson') {
      expect(answer.ended, label).to.equal(true);
      const lines = answer.body
        .toString()
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(codes, label).to.include(lines.pop()['@error'].code);
      expect(
        lines.filter((line) => '@end' in line || '@error' in line),
        label,
      ).to.deep.equal([]);
      return;
    }
    expect(answer.ended, label).to.equal(false);
    // Nor does the body alone, as whoever ignores the connection's end would read it. CSV has no end of its own.
    if (format === 'csv') return;
    const found = await countRows(format, answer.body, forkline.dir).catch(() => 'unreadable');
    expect(found, label).to.equal('unreadable');
  }
});
