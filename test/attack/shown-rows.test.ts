/**
 * Attacks on what a policy shows of the rows of tables of files and of models: every value that is not shown begins with `HID`, and no answer of
 * whatever kind may have that in it.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { testDatabase } from '../support/database.ts';
import { FEW_PROCESSES, type Forkline, startForkline } from '../support/forkline.ts';
import { inTime } from '../support/in-time.ts';
import { createLake, type Lake } from '../support/lake.ts';
import { type StoreDatabase, storeDatabase } from '../support/store-database.ts';
import { until } from '../support/until.ts';

const COMMAND = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const run = promisify(execFile);

const RULES = {
  rows: "region = 'EU' and level >= 1",
  masks: { email: "'***'", ssn: 'null' },
  hidden: ['note'],
};
/** A condition that a planner computes last: everything that a query asks is cheaper. */
const DEAR = [
  "region = 'EU'",
  ...Array.from({ length: 12 }, (_, i) => `${i % 2 ? 'id' : 'level'} > ${1000 + i}`),
].join(' or ');

const POLICY = {
  roles: {
    all: { connections: '*', administration: true, queries: 'all' },
    europe: {
      connections: ['lake', 'main'],
      sql: ['lake'],
      tables: { lake: { people: RULES, texts: { rows: "region = 'EU'" }, codes: {} } },
      models: { staff: RULES, staff_codes: {}, numbers: { rows: "region = 'EU'" } },
    },
    asia: { connections: ['lake'], tables: { lake: { people: { rows: "region = 'AS'", hidden: ['ssn'] } } } },
    other: { connections: ['main'] },
    dear: {
      connections: ['lake', 'main'],
      sql: ['lake'],
      tables: { lake: { people: { rows: DEAR } } },
      models: { staff: { rows: DEAR } },
    },
  },
};
const PEOPLE = `select * from (values
  (1, 'EU', 'shown-1', 'HID-mail-1', 'HID-ssn-1', 'HID-note-1', 1), (2, 'US', 'HID-name-2', 'HID-mail-2', 'HID-ssn-2', 'HID-note-2', 2),
  (3, 'EU', 'shown-3', 'HID-mail-3', 'HID-ssn-3', 'HID-note-3', 3), (4, 'AS', 'HID-name-4', 'HID-mail-4', 'HID-ssn-4', 'HID-note-4', 4),
  (5, null, 'HID-name-5', 'HID-mail-5', 'HID-ssn-5', 'HID-note-5', 5)) as t(id, region, name, email, ssn, note, level)`;

type Holder = keyof typeof POLICY.roles | 'both';

describe('what a policy shows of rows', function () {
  this.timeout(180_000);
  const dir = mkdtempSync(join(tmpdir(), 'forkline-rows-'));
  const keys = {} as Record<Holder, string>;
  let lake: Lake;
  let store: StoreDatabase;
  let forkline: Forkline;

  before(async () => {
    lake = await createLake();
    await lake.run(`COPY (${PEOPLE}) TO '$ROOT/people.parquet'`);
    await lake.run("COPY (select 1 as id, 'one' as code) TO '$ROOT/codes.parquet'");
    lake.write('texts.csv', 'region,n,t\nEU,1,a\nUS,HID-7,b\n');
    const { admin } = await testDatabase();
    await admin(`create table staff_rows as ${PEOPLE}`);
    await admin('grant select on staff_rows to public');
    store = await storeDatabase();
    writeFileSync(join(dir, 'policy.json'), JSON.stringify(POLICY));
    const tables = {
      people: { path: 'people.parquet' },
      codes: { path: 'codes.parquet' },
      texts: { path: 'texts.csv', columns: { n: 'int64' } },
      secret: { path: 'people.parquet' },
    };
    forkline = await startForkline({
      ...FEW_PROCESSES,
      connections: {
        main: { url: (await testDatabase()).url },
        lake: { kind: 'files', root: lake.root, tables },
      },
      defaultConnection: 'main',
      store: { url: store.url },
      cache: { mode: 'on' },
      jobs: { mode: 'on' },
      access: { keysFile: join(dir, 'keys.json'), policyFile: join(dir, 'policy.json') },
    });
    for (const [holder, roles] of [
      ...Object.keys(POLICY.roles).map((role) => [role, role] as const),
      ['both', 'europe,asia'] as const,
    ])
      keys[holder as Holder] = await keyOf(holder, roles);
    for (const [name, query] of [
      ['staff', 'select * from staff_rows'],
      ['staff_codes', 'staff | fields id, name, email'],
      ['raw_staff', 'select * from staff_rows'],
      [
        'numbers',
        "select id, region, case when region = 'US' then cast(name as int) else 1 end as n from staff_rows",
      ],
    ] as const)
      await changed(name, { query, connection: 'main' });
  });

  after(async () => {
    await forkline?.stop();
    await (await testDatabase()).admin('drop table if exists staff_rows');
    await store?.[Symbol.asyncDispose]();
    lake?.close();
    rmSync(dir, { recursive: true });
  });

  async function keyOf(name: string, roles: string): Promise<string> {
    const env = {
      PATH: process.env.PATH ?? '',
      HOME: process.env.HOME ?? '/',
      FORKLINE_CONFIG: forkline.configFile,
    };
    const { stdout } = await run(process.execPath, [COMMAND, 'keys', 'create', name, '--roles', roles], {
      env,
    });
    const key = stdout.trim();
    await until(async () => (await ask(key, 'GET', '/v1/limits')).status === 200, 5000);
    return key;
  }

  async function ask(key: string, method: string, path: string, body?: string | object, more: object = {}) {
    const response = await fetch(`${forkline.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        'content-type': typeof body === 'string' ? 'text/plain' : 'application/json',
        ...more,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return { status: response.status, text: await response.text(), headers: response.headers };
  }

  async function changed(name: string, definition: object): Promise<void> {
    const { status, text } = await ask(keys.all, 'PUT', `/v1/models/${name}`, definition, {
      'if-none-match': '*',
    });
    expect(status, text).to.be.oneOf([200, 201]);
  }

  const query = (holder: Holder, text: string, more: object = {}) =>
    ask(keys[holder], 'POST', '/v1/query', text, more);
  const rowsOf = async (holder: Holder, text: string) => {
    const { status, text: answer } = await query(holder, text);
    expect(status, `${text}: ${answer}`).to.equal(200);
    return (JSON.parse(answer) as { rows: Record<string, unknown>[] }).rows;
  };

  it('shows rows and masks as the policy says, each time and in each place', async () => {
    const shown = [
      { id: 1, region: 'EU', name: 'shown-1', email: '***', ssn: null, level: 1 },
      { id: 3, region: 'EU', name: 'shown-3', email: '***', ssn: null, level: 3 },
    ];
    for (const text of [
      '@lake select * from people',
      '@lake select * from PEOPLE order by id',
      '@lake from "people"',
      '@lake select * from people | sort id',
      'staff | sort id',
      'set pushdown = off; staff | sort id',
      'set pushdown = require; staff | sort id',
    ])
      expect(await rowsOf('europe', text), text).to.deep.equal(shown);
    expect(await rowsOf('all', '@lake select * from people')).to.have.length(5);
    expect(await rowsOf('all', 'staff')).to.have.length(5);
    expect(await rowsOf('europe', '@lake select * from codes')).to.deep.equal([{ id: 1, code: 'one' }]);
    expect(await rowsOf('europe', 'staff_codes | sort id')).to.deep.equal([
      { id: 1, name: 'shown-1', email: '***' },
      { id: 3, name: 'shown-3', email: '***' },
    ]);
  });

  it('shows with several roles what each shows of its rows', async () => {
    const rows = await rowsOf('both', '@lake select id, email, ssn, note from people order by id');
    expect(rows).to.deep.equal([
      { id: 1, email: '***', ssn: null, note: null },
      { id: 3, email: '***', ssn: null, note: null },
      { id: 4, email: 'HID-mail-4', ssn: null, note: 'HID-note-4' },
    ]);
  });

  /** Each in the place of a table; the answer may be an error. */
  const TRICKS: readonly string[] = [
    '@lake select * from people where cast(name as int) > 0',
    "@lake select * from people where case when region <> 'EU' then error(name) else true end",
    "@lake select * from people where region = 'US' or region is null or 1 = 1",
    '@lake select p.* from people p join people q on cast(p.name as int) = q.id',
    '@lake select * from people order by cast(ssn as int)',
    '@lake select max(name), min(name), list(name), string_agg(email, name) from people',
    '@lake select * from people union all select * from people',
    '@lake select * from (describe people)',
    '@lake select * from (summarize people)',
    '@lake with people as (from people) select * from people',
    '@lake with forkline_rows as (select 1 as a) select * from people, forkline_rows',
    '@lake select * from forkline_rows',
    '@lake select * from "people.parquet"',
    '@lake select * from "./people.parquet"',
    '@lake select * from "*.parquet"',
    '@lake select * from "**"',
    '@lake select * from secret',
    '@lake select * from "peo""ple"',
    '@lake select note from people',
    '@lake select people.note, people from people',
    '@lake select to_json(people) from people',
    '@lake select columns(*) from people',
    '@lake select * exclude (region) replace (ssn as name) from people',
    '@lake select rowid, filename, file_row_number from people',
    '@lake select (select string_agg(email) from people q where q.id = p.id) from people p',
    '@lake select * from people positional join codes',
    '@lake select * from people using sample 100%',
    '@lake pivot people on name using count(*)',
    '@lake select * from texts',
    '@lake select cast(t as int) from texts',
    '@lake select id from people | lookup (@lake select id, ssn, email from people) on id',
    '@lake select * from people | union (@lake select * from secret)',
    '@lake select * from people | join (@lake select * from "people.parquet") on id',
    '@lake select * from people | sql (select * from input where cast(name as int) > 0)',
    '@lake select * from people | sql (select error(string_agg(name)) from input)',
    '@lake select * from people | where cast(name as int64) > 0',
    '@lake select * from people | eval x = cast(email as int64)',
    '@lake select * from people | pivot name',
    '@lake select * from people | summary',
    '@lake select * from people | assert 1 = 2',
    'let p = (@lake select * from people); p | union (p)',
    'explain @lake select * from people',
    'explain staff | where id > 0',
    'staff | where cast(name as int64) > 0',
    'set pushdown = off; staff | where cast(name as int64) > 0',
    'staff | eval x = cast(name as int64) | where x > 0',
    "staff | where case when region <> 'EU' then cast(name as int64) > 0 else true end",
    'staff | sql (select * from input where cast(name as int) > 0)',
    'staff | stats max(name), list(email), values(ssn)',
    'staff | fields note',
    'staff | sort -cast(name as int64)',
    'staff | lookup (staff) on id',
    'staff | join (raw_staff) on id',
    'staff | union (@main select * from staff_rows)',
    'raw_staff',
    'let staff = (select * from staff_rows); staff',
    'let s = (raw_staff); s | head 5',
    '@main select * from staff_rows',
    '@main table staff_rows',
    '@main (select * from staff_rows) | head 1',
    "@main select query_to_xml('select * from staff_rows', true, true, '')",
    '@main explain analyze select * from staff_rows',
    'numbers',
    'numbers | where n > 0',
    'set pushdown = off; numbers | stats sum(n)',
    'STAFF | head 10',
    '"staff" | tail 10',
    'staff | assert false',
    'staff | describe',
    'staff | timechart count() by name',
    'staff | top name',
    '%legacy\nsearch * from staff',
  ];

  /** All of them in `npm run test:attack`; a third in the whole suite, where each takes its time from others. */
  const tried =
    process.env.FORKLINE_ATTACKS === 'all' ? TRICKS : TRICKS.filter((_, index) => index % 3 === 0);

  it('tells no value that is not shown, however it is asked for', async () => {
    const told: string[] = [];
    let answered = 0;
    let every = 0;
    for (const text of tried)
      for (const format of every++ % 8 === 0 ? ['json', 'csv', 'parquet'] : ['json']) {
        const { status, text: answer } = await query('europe', text, { accept: FORMATS[format]! });
        if (status === 200) answered++;
        if (status === 500) told.push(`500: ${text}: ${answer}`);
        if (answer.replaceAll(text, '').includes('HID'))
          told.push(`${text} (${format}): ${answer.slice(0, 300)}`);
      }
    expect(told.join('\n')).to.equal('');
    expect(answered).to.be.greaterThan(tried.length / 4);
  });

  /** It overflows from level 4 on: rows that are shown have 1 and 3. */
  const CHEAP = 'level + 9223372036854775804 > 0';
  for (const text of [
    `@lake select id from people where ${CHEAP}`,
    `@lake select * from people | where ${CHEAP} | fields id`,
    `staff | where ${CHEAP} | fields id`,
    `set pushdown = off; staff | where ${CHEAP} | fields id`,
  ])
    it(`computes nothing from a row that is not shown, also before a dear condition: ${text}`, async () => {
      const { status, text: answer } = await query('dear', text);
      expect(status, answer).to.equal(200);
      const { rows } = JSON.parse(answer) as { rows: readonly { id: number }[] };
      expect(rows.map(({ id }) => id).sort()).to.deep.equal([1, 3]);
    });

  it('tells none by other routes', async () => {
    const told: string[] = [];
    const seen = async (
      method: string,
      path: string,
      body?: string | object,
      more?: object,
    ): Promise<string> => {
      const { text } = await ask(keys.europe, method, path, body, more);
      const own = typeof body === 'string' ? body : JSON.stringify(body ?? '');
      if (text.replaceAll(own, '').includes('HID'))
        told.push(`${method} ${path} ${own}: ${text.slice(0, 300)}`);
      return text;
    };
    for (const text of tried) {
      await seen('POST', '/v1/explain', { query: text });
      await seen('POST', '/v1/explain/draft', { query: text });
      await seen('POST', '/v1/complete', { query: `${text} | where `, position: text.length + 9 });
      await seen('HEAD', `/v1/query?q=${encodeURIComponent(text)}`);
    }
    for (const path of [
      '/v1/models/staff/rows',
      '/v1/models/staff_codes/rows',
      '/v1/models/raw_staff/rows',
      '/v1/models/staff',
    ])
      await seen('GET', path);
    const completed = async (text: string): Promise<string> => {
      const asked = { query: text, position: text.length };
      // What is kept for somebody who sees everything must not be found.
      await inTime(async () => (await ask(keys.all, 'POST', '/v1/complete', asked)).text);
      return await inTime(() => seen('POST', '/v1/complete', asked));
    };
    expect(await completed('@lake select * from '))
      .to.contain('people')
      .and.not.contain('"secret"');
    expect(await completed('@lake select * from people | where '))
      .to.contain('email')
      .and.not.contain('"note"');
    expect(await completed('@main select * from ')).not.to.contain('staff_rows');
    const explained = await seen('POST', '/v1/explain', { query: '@lake select * from people | head 1' });
    expect(explained).to.contain('not told').and.not.contain("'EU'").and.not.contain('rowGroups');
    expect(told.join('\n')).to.equal('');
  });

  it('tells none that was kept for others, and no job does', async () => {
    for (const text of ['@lake select * from people', 'staff | sort id', '@lake select name from people']) {
      const wish = `set cache = 60s; ${text}`;
      for (const holder of ['all', 'europe', 'all', 'europe'] as const) {
        const { text: answer } = await query(holder, wish);
        expect(answer.includes('HID'), `${holder}: ${text}: ${answer}`).to.equal(holder === 'all');
      }
    }
    const job = await query('europe', '@lake select * from people', { prefer: 'respond-async' });
    expect(job.status, job.text).to.equal(202);
    const path = job.headers.get('location')!;
    await until(
      async () => /"state":"(succeeded|failed|done)"/.test((await ask(keys.europe, 'GET', path)).text),
      20_000,
    ).catch(() => {});
    const { text } = await ask(keys.europe, 'GET', `${path}/result`);
    expect(text).to.contain('shown-1').and.not.contain('HID');
  });

  it('refuses what no rule can be applied to, and tells it not how', async () => {
    const { status, text } = await query('europe', 'raw_staff | head 1');
    expect([status, JSON.parse(text).code]).to.deep.equal([403, 'forbidden']);
    const { text: missing } = await query('europe', '@lake select * from secret');
    const { text: absent } = await query('europe', '@lake select * from absent');
    const told = (answer: string): unknown => {
      const { code, detail, hint } = JSON.parse(answer) as Record<string, string>;
      return [code, detail!.replace(/secret|absent/g, 'X'), hint];
    };
    expect(told(missing)).to.deep.equal(told(absent));
  });
});

const FORMATS: Readonly<Record<string, string>> = {
  json: 'application/json',
  csv: 'text/csv',
  parquet: 'application/vnd.apache.parquet',
};
