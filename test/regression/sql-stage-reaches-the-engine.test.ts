/**
 * SQL of a user's in the stage `sql` could turn on the engine's logging, read its settings (with the paths of the run
 * directory in them) and its catalogue, or ended as an internal error. Only listed functions may be called.
 */
import { expect } from 'chai';
import { type Forkline, sharedForkline } from '../support/forkline.ts';

const REFUSED = [
  ...[
    "select current_setting('temp_directory')",
    "select current_setting('allowed_paths')",
    "select getenv('HOME')",
  ],
  ...[
    "select getvariable('x')",
    "select nextval('s')",
    'select current_query()',
    'select sleep_ms(1)',
    "select error('@forkline {x')",
  ],
  ...[
    'from enable_logging()',
    'from disable_logging()',
    "from enable_profiling('json')",
    'from duckdb_secrets()',
    'from duckdb_settings()',
  ],
  ...[
    "from sniff_csv('/etc/passwd')",
    "from glob('/*')",
    "from read_text('/etc/passwd')",
    "from query('select 1')",
    "from query_table('input')",
  ],
  ...[
    "from 'x.csv'",
    "from '/etc/passwd'",
    "from pragma_table_info('input')",
    'from duckdb_temporary_files()',
    'from (show tables)',
  ],
  ...[
    'from information_schema.tables',
    "select 1 where (select current_setting('threads')) = '1'",
    'from checkpoint()',
  ],
];

/** Mistakes that the engine itself finds. */
const FAILING = [
  ...[
    'select nope from input',
    'from nope',
    'select upper(1, 2, 3)',
    "select json_extract('{}', '$..')",
    'select 1::nope',
  ],
  ...[
    "select strptime('x', '%Y')",
    "select 'x'::int",
    'attach x as y',
    "select list_value(1, 'x', date '2020-01-01')::int",
  ],
  ...[
    "select regexp_matches('a', '(')",
    'select [1, 2][1:2:0]',
    'select * from input, input',
    "select repeat('x', -1)::date",
  ],
];

describe('regression: the stage sql reaches the engine', function () {
  this.timeout(180_000);
  let forkline: Forkline;
  before(async () => {
    forkline = await sharedForkline();
  });

  async function failure(sql: string): Promise<{ status: number; text: string }> {
    const { status, text } = await forkline.query(`select 1 as a | sql (${sql})`);
    expect(text, sql).to.not.include(forkline.runDir);
    return { status, text };
  }

  it('what is not of the list is 403, and is not run', async () => {
    for (const sql of REFUSED) {
      const { status, text } = await failure(sql);
      expect(status, `${sql}: ${text}`).to.equal(403);
      expect(JSON.parse(text)).to.include({ code: 'read-only' });
    }
  });

  it("what the engine finds wrong is the query's fault, and names no file of ours", async () => {
    for (const sql of FAILING) {
      const { status, text } = await failure(sql);
      expect(status, `${sql}: ${text}`).to.be.within(400, 499);
    }
  });

  it("values of parameters that do not suit the SQL are the query's fault", async () => {
    for (const [sql, p] of [
      ['select quantile_cont(a, :p) as q from input', 2],
      ["select json_extract('{}', :p) as q from input", '$..'],
      ['select strftime(current_date, :p) as q from input', '%Q'],
      ["select regexp_matches('a', :p) as q from input", '('],
      ['select a from input limit :p', -1],
      ['select a from input, range(:p)', 'x'],
      ['select date_trunc(:p, current_date) as q from input', 'fortnight'],
      ['select (select a from input limit 1) collate nocase = :p as q', 'x'],
    ] as const) {
      const { status, text } = await forkline.query(`select 1 as a | sql (${sql})`, { params: { p } });
      expect(status, `${sql}: ${text}`).to.be.below(500);
    }
  });

  it('what computes from the rows still runs', async () => {
    const { status, text, json } = await forkline.query(
      "select 3 as a, 'x' as b | sql (with w as (select *, md5(b) as h from input) select a + 1 as n, h, current_date is not null as d from w)",
    );
    expect(status, text).to.equal(200);
    expect(json.rows).to.deep.equal([{ n: 4, h: '9dd4e461268c8034f5c8564e155c67a6', d: true }]);
  });
});
