/** MariaDB as a source, on a real server of both: what is read, what is refused, and how it ends. */
import { expect } from 'chai';
import { AskedFacts } from '../support/asked-facts.ts';
import { connectionQueries } from '../support/connection-queries.ts';
import { testDatabase } from '../support/database.ts';
import { type Forkline, startForkline } from '../support/forkline.ts';
import { startMariadb, type TestMariadb } from '../support/mariadb.ts';
import { until } from '../support/until.ts';

const TABLES = `
  use test;
  create table kinds (
    id int primary key, i1 tinyint, u1 tinyint unsigned, i2 smallint, i3 mediumint, z int(6) zerofill, i8 bigint,
    u8 bigint unsigned, f4 float, f8 double, d10 decimal(10, 2), d38 decimal(38, 10), t varchar(50), l varchar(20) character set latin1,
    c char(5), y4 year, b bit(10), d date, h time(3), dt datetime(6), ts timestamp(3) null, e enum('a', 'b'), s set('x', 'y'),
    j json, u uuid, ip inet6, bin varbinary(10), bl blob, lt longtext);
  set time_zone = '+02:00', names utf8mb4;
  insert into kinds values
    (1, -128, 255, -32768, -8388608, 42, -9223372036854775808, 18446744073709551615, 1.1, 0.1, -3.14, '1234567890123456789012345678.0123456789',
     'tab\\t, "q", 日本 😀', 'ünï', 'abc', 2024, b'0000000101', '2001-02-03', '04:05:06.789', '2001-02-03 04:05:06.789', '2001-02-03 04:05:06.500',
     'b', 'x,y', '{"a": [1, null]}', '123e4567-e89b-12d3-a456-426614174000', '::1', x'00ff', x'', 'line\\nend'),
    (2, 127, 0, 32767, 8388607, 0, 9007199254740993, 9007199254740993, 16777216, 1e300, 99999999.99, 0,
     '', '', '', 1901, b'1111111111', '9999-12-31', '23:59:59.999', '1000-01-01', '1970-01-01 02:00:01', 'a', '', 'null',
     '00000000-0000-0000-0000-000000000000', '::ffff:1.2.3.4', '', x'ff', ''),
    (3, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null,
     null, null, null, null, null, null, null, null);
  create table airports_de (iata varchar(3) primary key, title varchar(50) character set utf8mb4);
  insert into airports_de values ('ATL', 'Atlanta'), ('ORD', 'Chicago'), ('LAX', 'Los Ángeles');
  create table numbers (n int primary key, label varchar(20));
  insert into numbers select seq, concat('n', seq) from seq_1_to_50000;
  create table odd (id int, d date, h time, j longtext);
  set sql_mode = '';
  insert into odd values (1, '0000-00-00', '10:00', '1'), (2, '2024-00-10', '25:00:00', '2'), (3, '2024-01-01', '-01:00:00', '3');
  create view labels as select n, upper(label) as label from numbers;`;
const RUNAWAY = 'select count(*) from numbers a, numbers b, numbers c where a.n + b.n + c.n = -1';

describe('MariaDB, on a server', function () {
  this.timeout(180_000);
  let mariadb: TestMariadb;
  let forkline: Forkline;

  before(async function () {
    mariadb = await startMariadb(this, ['--max-allowed-packet=1M']);
    await mariadb.admin(TABLES);
    await mariadb.admin(`use test; create function twice(n int) returns int deterministic no sql return 2 * n;
      create function writes() returns int begin insert into odd values (9, null, null, null); return 1; end;
      grant execute on test.* to reader`);
    const at = (change: (url: URL) => void) => {
      const url = new URL(mariadb.url);
      change(url);
      return { kind: 'mariadb', url: url.href };
    };
    forkline = await startForkline({
      connections: {
        main: { url: (await testDatabase()).url },
        shop: { kind: 'mariadb', url: mariadb.url, allowFunctions: ['test.twice', 'test.writes'] },
        wrong: at((url) => {
          url.password = 'not it';
        }),
        nowhere: at((url) => {
          url.pathname = '/elsewhere';
        }),
        socket: at((url) => {
          url.host = 'ignored';
          url.search = `?socket=${mariadb.socket}`;
        }),
      },
      sql: { processes: 1, connectionsPerProcess: 2 },
      limits: { dslRowBytes: 256 * 1024 },
    });
  });
  after(async () => {
    await forkline?.stop();
    await mariadb?.stop();
  });

  const { answered, rows, problem } = connectionQueries(() => forkline);

  it('gives every type exactly', async () => {
    const { json } = await answered('@shop select * from kinds order by id', { body: { numbers: 'string' } });
    expect(Object.fromEntries(json.columns.map(({ name, type }) => [name, type]))).to.deep.equal({
      ...{
        id: 'int64',
        i1: 'int64',
        u1: 'int64',
        i2: 'int64',
        i3: 'int64',
        z: 'int64',
        i8: 'int64',
        u8: 'decimal(20,0)',
      },
      ...{
        f4: 'float64',
        f8: 'float64',
        d10: 'decimal(10,2)',
        d38: 'decimal(38,10)',
        t: 'string',
        l: 'string',
        c: 'string',
      },
      ...{
        y4: 'int64',
        b: 'string',
        d: 'date',
        h: 'time',
        dt: 'timestamp',
        ts: 'timestamptz',
        e: 'string',
        s: 'string',
      },
      ...{ j: 'json', u: 'uuid', ip: 'string', bin: 'bytes', bl: 'bytes', lt: 'string' },
    });
    const [first, second, third] = json.rows;
    expect(first).to.deep.equal({
      ...{
        id: '1',
        i1: '-128',
        u1: '255',
        i2: '-32768',
        i3: '-8388608',
        z: '42',
        i8: '-9223372036854775808',
      },
      ...{
        u8: '18446744073709551615',
        f4: 1.1,
        f8: 0.1,
        d10: '-3.14',
        d38: '1234567890123456789012345678.0123456789',
      },
      ...{
        t: 'tab\t, "q", 日本 😀',
        l: 'ünï',
        c: 'abc',
        y4: '2024',
        b: '0000000101',
        d: '2001-02-03',
        h: '04:05:06.789',
      },
      ...{
        dt: '2001-02-03T04:05:06.789',
        ts: '2001-02-03T02:05:06.5Z',
        e: 'b',
        s: 'x,y',
        j: { a: [1, null] },
      },
      ...{ u: '123e4567-e89b-12d3-a456-426614174000', ip: '::1', bin: 'AP8=', bl: '', lt: 'line\nend' },
    });
    expect(second).to.include({
      i8: '9007199254740993',
      u8: '9007199254740993',
      f4: 16777216,
      f8: 1e300,
      b: '1111111111',
    });
    expect(second).to.include({
      d: '9999-12-31',
      dt: '1000-01-01T00:00:00',
      ts: '1970-01-01T00:00:01Z',
      j: null,
      bl: '/w==',
    });
    expect(Object.values(third!).filter((value) => value !== null)).to.deep.equal(['3']);
  });

  it('gives stages the same rows', async () => {
    const query = '@shop select * from kinds';
    const plain = await answered(`${query} order by id`, { body: { numbers: 'string' } });
    const staged = await answered(`${query} | sort id`, { body: { numbers: 'string' } });
    expect(staged.json.columns).to.deep.equal(plain.json.columns);
    expect(staged.json.rows).to.deep.equal(plain.json.rows);
  });

  it('keeps the order of its SQL for stages, whatever columns they use', async () => {
    const got = await rows('@shop select n, label from numbers order by n desc | head 2 | select label');
    expect(got).to.deep.equal([{ label: 'n50000' }, { label: 'n49999' }]);
    expect(await rows('@shop select n, label from numbers | stats count() as n')).to.deep.equal([
      { n: 50_000 },
    ]);
  });

  it('joins with PostgreSQL', async () => {
    const got = await rows(
      'select iata, city from airports | join (@shop select iata, title from airports_de) on iata | sort iata | select iata, city, title',
    );
    expect(got).to.deep.equal([
      { iata: 'ATL', city: 'Atlanta', title: 'Atlanta' },
      { iata: 'LAX', city: 'Los Angeles', title: 'Los Ángeles' },
      { iata: 'ORD', city: 'Chicago', title: 'Chicago' },
    ]);
  });

  const explained = async (query: string): Promise<{ where: string; why: string }[]> => {
    const { json } = await forkline.get(`/v1/explain?q=${encodeURIComponent(query)}`);
    return (json as unknown as { stages: { where: string; why: string }[] }).stages;
  };

  it('computes stages that are exact there, wholly or the first of them', async () => {
    const wholly =
      "@shop select * from numbers | where n <= 3 and label <> 'N2' | eval big = n > 1, half = n / 2";
    expect((await explained(wholly)).map(({ where }) => where)).to.deep.equal(['source', 'source']);
    const { json } = await answered(`${wholly} | sort -n`);
    expect(json.columns.map(({ type }) => type)).to.deep.equal(['int64', 'string', 'bool', 'float64']);
    expect(json.rows).to.deep.equal([
      { n: 3, label: 'n3', big: true, half: 1.5 },
      { n: 2, label: 'n2', big: true, half: 1 },
      { n: 1, label: 'n1', big: false, half: 0.5 },
    ]);
    const partly =
      "@shop select * from numbers | where n <= :most | stats count() as n, max(n) as m | eval u = upper('a')";
    expect((await answered(partly, { params: { most: 7 } })).json.rows).to.deep.equal([
      { n: 7, m: 7, u: 'A' },
    ]);
    expect(await rows('@shop select * from numbers | head :k | stats count() as n', { k: 5 })).to.deep.equal([
      { n: 5 },
    ]);
  });

  it('says why a stage is not placed', async () => {
    const reasons: readonly (readonly [string, RegExp])[] = [
      ['select n from numbers order by n | where n > 1', /forgets the order of SQL/],
      ['select * from numbers | sort label', /first 1,024 bytes/],
      ['select cast(1.5 as float) as f, n from numbers | where n > 1', /shortest digits of a float/],
      ['select * from numbers | dedup label', /not shown to be exact/],
    ];
    for (const [query, why] of reasons) {
      const stages = await explained(`@shop ${query}`);
      expect(stages[0], query).to.include({ where: 'worker' }).and.have.property('why').that.matches(why);
    }
  });

  it('compares texts by their characters, whatever their collation', async () => {
    expect(await rows("@shop select * from numbers | where label = 'N7'")).to.deep.equal([]);
    expect(await rows("@shop select * from numbers | where label = 'n7 '")).to.deep.equal([]);
    expect(await rows("@shop select * from numbers | where label = 'n7' | fields n")).to.deep.equal([
      { n: 7 },
    ]);
    expect(
      await rows(
        "@shop select 'a' as t union all select 'A' union all select 'a ' | distinct | stats count() as n",
      ),
    ).to.deep.equal([{ n: 3 }]);
  });

  it('notices that a table changed under a placed stage', async () => {
    await mariadb.admin('create table test.moving (n int); insert into test.moving values (10), (9)');
    const query = '@shop select * from moving | where n > 9 | fields n';
    expect(await rows(query)).to.deep.equal([{ n: 10 }]);
    await mariadb.admin('alter table test.moving modify n varchar(10)');
    const refused = await problem(query);
    expect(refused.code, JSON.stringify(refused)).to.equal('wrong-type');
    await mariadb.admin('drop table test.moving');
  });

  it('binds parameters by what they were given as', async () => {
    const sql =
      '@shop select n, :text as t, :n + 1 as m, :f as f, :none is null as z from numbers where n = :n or label = :text limit 3';
    const { json } = await answered(sql, { params: { text: "it's :n \\ 😀", n: 7, f: 0.5, none: null } });
    expect(json.rows).to.deep.equal([{ n: 7, t: "it's :n \\ 😀", m: 8, f: 0.5, z: 1 }]);
    expect(await rows('@shop select n from numbers order by n limit :k', { k: 2 })).to.deep.equal([
      { n: 1 },
      { n: 2 },
    ]);
    expect(
      await rows('@shop select n from numbers where n <= :k | stats max(n) as m', { k: 20 }),
    ).to.deep.equal([{ m: 20 }]);
    const list = await problem('@shop select n from numbers where n in (:list)', {
      body: { params: { list: [1, 2] } },
    });
    expect(list).to.include({ code: 'bad-parameter' });
    expect(list.hint).to.contain('in a stage');
  });

  const REFUSED: readonly (readonly [string, string, number])[] = [
    ['update odd set id = 1', 'read-only', 7],
    ['select 1; select 2', 'multiple-statements', 17],
    ['select * from odd for update', 'read-only', 25],
    ['select * from odd lock in share mode', 'read-only', 25],
    ["select 1 into outfile '/tmp/x'", 'read-only', 16],
    ['select 1 into @x', 'read-only', 16],
    ['select @x := 1', 'read-only', 14],
    ['select sleep(10)', 'read-only', 14],
    ['select `sleep` (10)', 'read-only', 14],
    ["select get_lock('a', 1)", 'read-only', 14],
    ["select load_file('/etc/passwd')", 'read-only', 14],
    ['select /*! sleep(10) */ 1', 'read-only', 14],
    ['select /*M! 1 */ 1', 'read-only', 14],
    ['select other.thrice(1)', 'read-only', 20],
    ['select 1 # comment\n from odd procedure analyse()', 'read-only', 11],
    ['show processlist', 'read-only', 12],
    ['select next value for s', 'read-only', 14],
    ['select max (n) from numbers', 'read-only', 14],
  ];
  for (const [sql, code, column] of REFUSED)
    it(`refuses ${sql}`, async () => {
      const refused = await problem(`@shop ${sql}`);
      expect(refused.code, JSON.stringify(refused)).to.equal(code);
      expect(refused.position?.column, JSON.stringify(refused)).to.equal(column);
    });

  it('lets the database refuse what a stored function writes, and calls one that reads', async () => {
    expect(await rows('@shop select twice(21) as n')).to.deep.equal([{ n: 42 }]);
    expect(await problem('@shop select writes()')).to.include({ code: 'read-only' });
    expect(await mariadb.admin('select count(*) from test.odd')).to.deep.equal([[3]]);
  });

  it('runs what reads: WITH, VALUES, SHOW, EXPLAIN, DESCRIBE, and texts that look like more', async () => {
    expect(
      await rows(
        '@shop with t (a, b) as (select 1, 2), u as (select a from t) select t.*, x.a as c from t, u x',
      ),
    ).to.have.length(1);
    expect(await rows('@shop values (1, 2), (3, 4)')).to.have.length(2);
    expect(await rows('@shop show tables')).to.have.length(5);
    expect(await rows('@shop explain select * from numbers')).to.have.length(1);
    expect(await rows('@shop describe numbers')).to.have.length(2);
    const tricky = `@shop select 'a | b' as p, "into outfile; -- x" as q, 'it\\'s' as r, \`n\` as \`update\` -- | no pipe
      /* | nor this */ from numbers # nor | that
      where n = 1`;
    expect(await rows(tricky)).to.deep.equal([{ p: 'a | b', q: 'into outfile; -- x', r: "it's", update: 1 }]);
  });

  it('says where the mistake is', async () => {
    const places: readonly (readonly [string, string, number, number])[] = [
      ['@shop select n\nfrom numbers\nwhre n = 1', 'sql-syntax', 3, 6],
      ['@shop select nn from numbers', 'unknown-column', 1, 14],
      ['@shop select n from nmbers', 'sql-error', 1, 21],
      ['@shop select n from (select 1', 'syntax', 1, 21],
      ['@shop select n, from numbers', 'sql-syntax', 1, 17],
      ['@shop select n from numbers where nope(n) = 1', 'read-only', 1, 35],
      ['@shop select nn from numbers | head 1', 'unknown-column', 1, 14],
    ];
    for (const [query, code, line, column] of places) {
      const wrong = await problem(query);
      expect(wrong.code, `${query} ${JSON.stringify(wrong)}`).to.equal(code);
      expect(wrong.position, `${query} ${JSON.stringify(wrong)}`).to.deep.include({ line, column });
    }
  });

  it('refuses values that have no type of ours, and names the column', async () => {
    expect((await problem('@shop select d from odd where id = 1')).detail).to.contain(
      'column d holds the date 0000-00-00',
    );
    expect((await problem('@shop select d from odd where id = 2 | head 1')).detail).to.contain('2024-00-10');
    const late = await problem('@shop select h from odd where id = 2');
    expect(late.detail).to.contain('25:00:00');
    expect(late.hint).to.contain('time_to_sec(h)');
    expect((await problem('@shop select h from odd where id = 3')).detail).to.contain('-01:00:00');
    expect(await rows('@shop select cast(d as char) as d from odd where id = 1')).to.deep.equal([
      { d: '0000-00-00' },
    ]);
    const wide = await answered('@shop select cast(1 as decimal(65,30)) as w', {
      body: { numbers: 'string' },
    });
    expect(wide.json.rows).to.deep.equal([{ w: `1.${'0'.repeat(30)}` }]);
  });

  it('stops at what the client wants, and at limits', async () => {
    const { json } = await answered('@shop select a.n from numbers a, numbers b', {
      body: { limits: { rows: 10 } },
    });
    expect(json.rows).to.have.length(10);
    expect(json.complete).to.equal(false);
    expect(await rows('@shop select a.n from numbers a, numbers b limit 1000000 | head 3')).to.have.length(3);
    // The statement would go on for long, and is ended in the database: which is no error of the query's.
    const long = 'select a.n from numbers a, numbers b where sin(a.n) = b.n + 1';
    const first = `@shop select n from numbers union all ${long} | head 3`;
    expect(await rows(first)).to.have.length(3);
    expect(await problem("@shop select repeat('x', 300000) as t")).to.include({ code: 'result-too-large' });
    expect(await problem("@shop select repeat('x', 300000) as t | head 1 | dedup t")).to.include({
      code: 'bad-value',
    });
    expect(await problem(`@shop select '${'x'.repeat(1024 * 1024)}' as t`)).to.include({
      code: 'query-too-large',
    });
  });

  const running = () =>
    mariadb.admin(
      "select id from information_schema.processlist where user = 'reader' and info like '%a.n + b.n%'",
    );

  it('ends the statement in the database when the query is cancelled, or has no more time', async () => {
    const late = await problem(`@shop ${RUNAWAY}`, { body: { limits: { timeoutMs: 500 } } });
    expect(late.code).to.equal('deadline-exceeded');
    await until(async () => (await running()).length === 0, 10_000);
    const gone = new AbortController();
    const asked = forkline.query(`@shop ${RUNAWAY} | head 1`, { signal: gone.signal }).catch(() => null);
    await until(async () => (await running()).length === 1, 10_000);
    gone.abort();
    await asked;
    await until(async () => (await running()).length === 0, 10_000);
    expect(await rows('@shop select 1 as n')).to.deep.equal([{ n: 1 }]);
  });

  it('tells whether an answer may change by itself, and which tables it may read', async () => {
    await mariadb.admin(`use test; create view seen as select n, now() as at from labels;
      create table stamped (id int, seen_at datetime as (now()) virtual); create sequence counted;
      create database stock; create table stock.numbers (n int); grant select on stock.* to reader;
      grant show view on test.* to reader`);
    const asked = await AskedFacts.open({ kind: 'mariadb', url: mariadb.url });
    const expected = {
      immutable: [
        'select n + 1, upper(label) from numbers order by n limit 3',
        'with a (m) as (select n from numbers) select max(m) from a where m in (1, 2)',
        'select * from labels',
      ],
      stable: [
        'select now()',
        'select current_date',
        'select @@time_zone',
        'select * from seen',
        'select * from stamped',
      ],
      volatile: [
        'select rand()',
        'select uuid()',
        'show tables',
        'explain select 1',
        'select * from counted',
      ],
      unknown: ['select twice(2)', 'select test.twice(2)'],
    };
    for (const [volatility, texts] of Object.entries(expected))
      for (const sql of texts) {
        const facts = await asked.facts(sql);
        expect(facts.volatility, `${sql} ${JSON.stringify(facts)}`).to.equal(volatility);
      }
    expect(await asked.tables('select * from numbers n join `airports_de` a')).to.equal(
      'test.airports_de test.numbers',
    );
    expect(await asked.tables('select * from stock.NUMBERS'), 'more rather than fewer').to.equal(
      'stock.numbers test.numbers',
    );
    expect(await asked.tables('select * from seen')).to.equal('test.seen test.labels test.numbers');
    expect(await asked.tables('select twice(2)')).to.equal(null);
    await mariadb.admin('revoke show view on test.* from reader');
    await asked.end();
    const later = await AskedFacts.open({ kind: 'mariadb', url: mariadb.url });
    expect(await later.facts('select * from labels')).to.deep.equal({
      volatility: 'unknown',
      tables: null,
      because: ['test.labels is a view whose definition the user may not see'],
    });
    await later.end();
    await mariadb.admin(
      'drop database stock; use test; drop view seen; drop table stamped; drop sequence counted',
    );
  });

  it('says why there is no connection, without its password', async () => {
    const wrong = await problem('@wrong select 1');
    expect(wrong).to.include({ code: 'database-unavailable' });
    expect(wrong.detail).to.contain('refuses the login');
    expect((await problem('@nowhere select 1')).detail).to.match(
      /no database of the name|may not use the database/,
    );
    expect(JSON.stringify(wrong)).not.to.contain('not it');
    expect(await rows('@socket select 1 as n')).to.deep.equal([{ n: 1 }]);
  });

  it('goes on when a connection was ended in the pool, and when the server was away', async () => {
    for (const [id] of await mariadb.admin(
      "select id from information_schema.processlist where user = 'reader'",
    ))
      await mariadb.admin(`kill ${String(id)}`);
    await until(async () => (await forkline.query('@shop select 1')).status === 200, 10_000);
    const asked = forkline.query(`@shop ${RUNAWAY}`);
    await until(async () => (await running()).length === 1, 10_000);
    await mariadb.kill();
    expect(JSON.parse((await asked).text)).to.include({ code: 'database-unavailable' });
    expect((await problem('@shop select 1')).code).to.equal('database-unavailable');
    await mariadb.restart();
    await until(async () => (await forkline.query('@shop select 1')).status === 200, 20_000);
  });
});
