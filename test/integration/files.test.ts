/** Files as a source, on a server: what is read and how exactly, which files are opened, and what is refused. */
import { cpSync, mkdirSync, readFileSync, renameSync, symlinkSync, truncateSync, unlinkSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import iconv from 'iconv-lite';
import { connectionQueries } from '../support/connection-queries.ts';
import { testDatabase } from '../support/database.ts';
import { type Forkline, startForkline } from '../support/forkline.ts';
import { createLake, type Lake } from '../support/lake.ts';
import { codeOf, startLongQuery } from '../support/long-query.ts';
import { startMariadb, type TestMariadb } from '../support/mariadb.ts';
import { skipBecause } from '../support/skip.ts';
import { writeSqliteFile } from '../support/sqlite-file.ts';
import { until } from '../support/until.ts';

/** Four levels, one of them null, one with letters that are percent-encoded, one with a date. */
const SALES = `select i as id, i % 5 as grp, (i * 1.25)::decimal(10,2) as amount, 2020 + i % 3 as y, i % 4 as m,
    date '2024-01-01' + (i % 2)::int as d, case i % 3 when 0 then '서울/강남' when 1 then null else 'a=b' end as city
  from range(600) r(i)`;

const BIG_ROWS = 20_000;
const KOREAN = {
  csv: 'id,도시\n1,서울\n2,"부산, 역"\n',
  tsv: 'id\t도시\n1\t서울\n2\t부산, 역\n',
  ndjson: '{"id": 1, "도시": "서울"}\n{"id": 2, "도시": "부산, 역"}\n',
};
const PACKED_KOREAN = (['cp949', 'euc-kr'] as const).flatMap((encoding) =>
  Object.entries(KOREAN).flatMap(([format, text]) =>
    ['', '.gz'].map((ending) => ({ name: `packed-${encoding}.${format}${ending}`, encoding, text })),
  ),
);

class NotInstalled extends Error {}

describe('files, on a server', function () {
  this.timeout(180_000);
  let lake: Lake;
  let forkline: Forkline;
  /** null where it is not installed. */
  let mariadb: TestMariadb | null = null;

  before(async () => {
    lake = await createLake();
    mkdirSync(lake.at('root/hive'), { recursive: true });
    symlinkSync(lake.at('root'), lake.at('link'));
    for (const place of ['here', 'there']) lake.write(`${place}/where.csv`, `place\n${place}\n`);
    symlinkSync(lake.at('here'), lake.at('turning'));
    await lake.run(
      `COPY (${SALES}) TO '$ROOT/root/hive' (FORMAT parquet, PARTITION_BY (y, m, d, city), OVERWRITE true)`,
    );
    await lake.run(`COPY (select 1 as a, 'x' as b) TO '$ROOT/root/one.parquet'`);
    await lake.run(
      `COPY (select range as n, range % 7 as g from range(${BIG_ROWS})) TO '$ROOT/root/big.parquet' (ROW_GROUP_SIZE 4096)`,
    );
    // More than all buffers between the engine and a client that does not read.
    const wide = "select range as n, repeat('x', 999) || range as t from range(16000)";
    await lake.run(`COPY (${wide}) TO '$ROOT/root/wide.parquet' (COMPRESSION uncompressed)`);
    await lake.run(`COPY (${wide}) TO '$ROOT/root/wide.csv'`);
    cpSync('test/fixtures/files', lake.at('root/fixtures'), { recursive: true });
    writeText(lake);
    writeOdd(lake);
    for (const [folder, one, two] of [
      ['types', 'select 1 as v', 'select 1.5::double as v'],
      ['lacks', 'select 1 as v, 2 as w', 'select 1 as v'],
      ['more', 'select 1 as v', 'select 1 as v, 2 as w'],
    ]) {
      mkdirSync(lake.at(`root/unequal/${folder}`), { recursive: true });
      await lake.run(`COPY (${one}) TO '$ROOT/root/unequal/${folder}/a.parquet'`);
      await lake.run(`COPY (${two}) TO '$ROOT/root/unequal/${folder}/b.parquet'`);
    }
    await writeSqliteFile(
      lake.at('names.db'),
      "create table names (g integer, title text); insert into names values (0, 'zero'), (1, 'one'), (2, 'two')",
    );
    symlinkSync('/etc/passwd', lake.at('root/out.csv'));
    symlinkSync('/etc', lake.at('root/out-dir'));
    mkdirSync(lake.at('root/looping'));
    symlinkSync(lake.at('root'), lake.at('root/looping/loops'));
    const tables = {
      sales: { path: 'hive/**/*.parquet' },
      few: { path: 'hive', hive: { y: 'string', m: 'int64' } },
      ko: { path: 'text/ko.csv', encoding: 'cp949' },
      kr: { path: 'text/kr.csv', encoding: 'euc-kr' },
      ...Object.fromEntries(
        PACKED_KOREAN.map(({ name, encoding }) => [name, { path: `text/${name}`, encoding }]),
      ),
      broken_ko: { path: 'text/broken-ko.csv', encoding: 'cp949' },
      typed: { path: 'text/typed.csv', columns: { n: 'decimal(6,2)', t: 'timestamp', code: 'string' } },
      plain: { path: 'text/plain.txt', format: 'csv', header: false, delimiter: ';', nulls: 'NULL' },
      big: { path: 'big.parquet' },
      int96: { path: 'fixtures/int96.parquet', columns: { ts: 'timestamp' } },
    };
    mariadb = await startMariadb({
      skip() {
        throw new NotInstalled();
      },
    }).catch((thrown: unknown) => {
      if (thrown instanceof NotInstalled) return null;
      throw thrown;
    });
    await mariadb?.admin('create table test.sizes (g int, size varchar(10)); ');
    await mariadb?.admin("insert into test.sizes values (0, 'small'), (2, 'large')");
    forkline = await startForkline({
      dsl: { spares: 1, max: 3 },
      connections: {
        ...(mariadb !== null && { shop: { kind: 'mariadb', url: mariadb.url } }),
        main: { url: (await testDatabase()).url },
        lake: { kind: 'files', root: lake.at('link'), tables },
        gone: { kind: 'files', root: lake.at('nothing') },
        turning: { kind: 'files', root: lake.at('turning') },
        notes: { kind: 'sqlite', path: lake.at('names.db') },
      },
      sql: { processes: 1, connectionsPerProcess: 4 },
    });
  });
  after(async () => {
    await forkline.stop();
    await mariadb?.stop();
    lake.close();
  });

  const { answered, rows, problem } = connectionQueries(() => forkline);
  const values = async (query: string, params = {}): Promise<unknown[][]> =>
    (await rows(query, params)).map((row) => Object.values(row as object));
  const post = async (path: string, body: object): Promise<unknown> => {
    const headers = { 'Content-Type': 'application/json' };
    const response = await fetch(forkline.url + path, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    });
    return response.json();
  };
  const refused = async (query: string): Promise<string> => {
    const { code, detail } = await problem(query);
    return `${code}: ${detail}`;
  };

  describe('partitions', () => {
    it('are columns with types, nulls and decoded texts', async () => {
      const { json } = await answered('@lake select * from sales where id < 4 order by id');
      expect(json.columns.map(({ name, type }) => `${name} ${type}`)).to.deep.equal([
        ...['id int64', 'grp int64', 'amount decimal(10,2)', 'y int64', 'm int64', 'd date', 'city string'],
      ]);
      expect(json.rows.map((row) => Object.values(row as object))).to.deep.equal([
        [0, 0, 0, 2020, 0, '2024-01-01', '서울/강남'],
        [1, 1, 1.25, 2021, 1, '2024-01-02', null],
        [2, 2, 2.5, 2022, 2, '2024-01-01', 'a=b'],
        [3, 3, 3.75, 2020, 3, '2024-01-02', '서울/강남'],
      ]);
    });

    for (const [where, count] of [
      ['y = 2021', 200],
      ['y in (2020, 2022) and m > 1', 200],
      ["d = date '2024-01-02' and city is null", 100],
      ["city = '서울/강남'", 200],
      ['city is not null and y between 2021 and 2022', 200],
      ['not (y = 2021)', 400],
      ['y = 2021 or m = 0', 300],
      ['y + 0 = 2021', 200],
      ['y = 1999', 0],
    ] as const)
      it(`give the same rows however they are filtered: ${where}`, async () => {
        expect(await values(`@lake select count(*) as n from sales where ${where}`)).to.deep.equal([[count]]);
      });

    it('are pruned by filters of stages, and `explain` tells how many files and bytes are read', async () => {
      const explained = await values(
        "explain @lake select * from sales | where y = 2021 and d = date '2024-01-02' | stats sum(amount) by grp",
      );
      expect(explained[0]![3]).to.match(
        /sales: 2 of 12 files, 2 of 2 row groups, 2 of 3 columns, [\d,]+ of [\d,]+ bytes$/,
      );
      const [, stage] = explained;
      expect(stage!.slice(1, 4)).to.deep.equal([
        ...[
          'where',
          'worker',
          'source and stages are one statement of the stage engine, which reads the files',
        ],
      ]);
    });

    it('are pruned by the values of parameters', async () => {
      const { json } = await answered('explain @lake select id from sales where y = :y and m = 1', {
        params: { y: 2021 },
      });
      expect(JSON.stringify(json.rows[0])).to.contain('sales: 1 of 12 files');
    });

    it('may have their types declared', async () => {
      const { json } = await answered('@lake select distinct y, m from few order by all limit 1');
      expect(json.columns.map(({ type }) => type)).to.deep.equal(['string', 'int64']);
    });

    it('that may mean two things are refused', async () => {
      expect(await refused('@lake select * from "ambiguous/"')).to.match(
        /^bad-file: the directory ambiguous\/c=NULL may mean null or the text NULL/,
      );
    });

    it('that differ are refused by name', async () => {
      expect(await refused('@lake select * from "mixed/"')).to.match(
        /^bad-file: mixed\/z=1\/b.parquet has other directories name=value above it than mixed\/y=1\/a.parquet/,
      );
    });
  });

  it('tells the row groups and columns of a Parquet file that are read', async () => {
    const [source] = await values(
      'explain @lake select g, n from big where n between 6000 and 7000 | stats count() by g',
    );
    expect(source![3]).to.match(
      /big: 1 of 1 files, 1 of 5 row groups, 2 of 2 columns, [\d,]+ of [\d,]+ bytes$/,
    );
    const view = (await post('/v1/explain', {
      query: '@lake select count(*) as n from big where n < 5',
    })) as { sources: { scan: { table: string; rowGroups: { read: number } }[] }[] };
    expect(view.sources[0]!.scan[0]).to.include({ table: 'big' });
    expect(view.sources[0]!.scan[0]!.rowGroups.read).to.equal(1);
  });

  describe('text files', () => {
    it('have the types that their first rows show, and texts as they are', async () => {
      const { json } = await answered('@lake select * from "text/a.csv"');
      expect(json.columns.map(({ name, type }) => `${name} ${type}`)).to.deep.equal([
        ...['id int64', 'zip string', 'name string', 'day date', 'at timestamp', 'price float64', 'ok bool'],
      ]);
      expect(json.rows.map((row) => Object.values(row as object))).to.deep.equal([
        [1, '007', 'x, "y"', '2024-01-02', '2024-01-02T10:00:00', 1.5, true],
        [2, '010', null, '2024-02-29', '2024-01-02T10:00:00.123', 2, false],
        [3, '1', '', null, null, null, null],
      ]);
    });

    it('with ends of lines of Windows and with tabs are read alike', async () => {
      const expected = [
        [1, 'a'],
        [2, 'b\nc'],
      ];
      expect(await values('@lake select * from "text/crlf.csv"')).to.deep.equal([
        [1, 'a'],
        [2, 'b\r\nc'],
      ]);
      expect(await values('@lake select * from "text/t.tsv"')).to.deep.equal(expected);
    });

    it('in Korean encodings are read exactly, with letters that other decoders do not know', async () => {
      expect(await values('@lake select * from ko')).to.deep.equal([
        [1, '서울'],
        [2, '똠방각하'],
      ]);
      expect(await values("@lake select * from kr | where `도시` = '부산'")).to.deep.equal([[2, '부산']]);
    });

    for (const { name, encoding } of PACKED_KOREAN)
      it(`in Korean encodings are read packed or not, whatever their format: ${name} in ${encoding}`, async () => {
        expect(await values(`@lake select id, "도시" from "${name}" order by id`)).to.deep.equal([
          [1, '서울'],
          [2, '부산, 역'],
        ]);
        expect(
          await values(`@lake select * from "${name}" | where contains(\`도시\`, '역') | stats count() as n`),
        ).to.deep.equal([[1]]);
      });

    for (const ending of ['zst', 'bz2', 'xz'])
      it(`that are packed in another way are refused by name: ${ending}`, async () => {
        expect(await refused(`@lake select * from "text/packed.csv.${ending}"`)).to.equal(
          `unsupported: text/packed.csv.${ending} is packed as .${ending}, which is not read`,
        );
      });

    it('with declared types', async () => {
      const { json } = await answered('@lake select * from typed');
      expect(json.columns.map(({ type }) => type)).to.deep.equal(['decimal(6,2)', 'timestamp', 'string']);
      expect(await values('@lake select * from plain')).to.deep.equal([
        [1, 'a'],
        [2, null],
      ]);
    });

    it('of JSON lines, packed or not', async () => {
      expect(await values('@lake select a, s.x as x, to_json(l) as l from "text/j.ndjson"')).to.deep.equal([
        [1, 1, [1, 2]],
        [2.5, null, null],
      ]);
      expect(await refused('@lake select * from "text/j.ndjson"')).to.match(
        /^unsupported: the column s is STRUCT\(.*\), which answers do not carry/,
      );
    });

    for (const [file, message] of [
      ['quote', /^bad-file: text\/bad-quote\.csv(, line 3)?: a quote is not closed/],
      ['fields', /^bad-file: text\/bad-fields\.csv, line 3: a line has another number of fields/],
      ['utf8', /^bad-file: text\/bad-utf8\.csv(, line \d)?( is not encoded|: it is not encoded) as UTF-8/],
      ['value', /^bad-file: .*text\/bad-value\.csv, row 30001: the column n holds "1\.5", which is no int64/],
      ['names', /^bad-file: text\/bad-names\.csv has two columns named A/],
    ] as const)
      it(`that are broken are errors with their name and place: ${file}`, async () => {
        expect(
          await refused(`@lake select * from "text/bad-${file}.csv" | stats count() as n, max(n) as m`),
        ).to.match(message);
      });

    it('with bytes that are no text of their encoding', async () => {
      expect(await refused('@lake select * from broken_ko')).to.match(
        /^bad-file: text\/broken-ko\.csv, line 2: there are bytes that are no text in cp949/,
      );
    });

    for (const column of ['a', 'l', 's'])
      it(`of JSON lines with a number that has no room: ${column}`, async () => {
        expect(await refused(`@lake select to_json(${column}) as j from "text/large.ndjson"`)).to.match(
          new RegExp(
            `^bad-file: text/large\\.ndjson, row 2: the column ${column} holds a number that float64 has no room for`,
          ),
        );
        expect(await values('@lake select b from "text/large.ndjson"')).to.deep.equal([[1], [2]]);
      });

    it('of JSON lines that are broken', async () => {
      expect(await refused('@lake select * from "text/bad.ndjson"')).to.match(
        /^bad-file: text\/bad\.ndjson(, line \d)?: it has a line that is no JSON/,
      );
    });
  });

  describe('Parquet files', () => {
    it('that are cut off, or are none', async () => {
      expect(await refused('@lake select * from "cut.parquet"')).to.match(
        /^bad-file: cut\.parquet: it is no Parquet file, or is cut off/,
      );
      expect(await refused('@lake select * from "text.parquet"')).to.match(
        /^bad-file: text\.parquet: it is no Parquet file/,
      );
    });

    it('give each type exactly, or an error that names the column', async () => {
      const { json } = await answered('@lake select u, z, dic, b, l from "fixtures/misc.parquet"', {
        body: { numbers: 'string' },
      });
      expect(json.columns.map(({ name, type }) => `${name} ${type}`)).to.deep.equal([
        ...['u decimal(38,0)', 'z timestamptz', 'dic string', 'b bytes', 'l list<int64>'],
      ]);
      expect(Object.values(json.rows[0] as object).slice(0, 4)).to.deep.equal([
        ...['18446744073709551615', '2024-01-01T00:00:00Z', 'a', 'AP8='],
      ]);
      for (const [sql, message] of [
        ['select * from "fixtures/misc.parquet"', /^unsupported: the column m is MAP\(VARCHAR, INTEGER\)/],
        ['select t from "fixtures/misc.parquet"', /^unsupported: the column t is a time in nanoseconds/],
        ['select d from "fixtures/dec50.parquet"', /^unsupported: the column d is a decimal of 50 digits/],
        [
          'select * from "fixtures/int96.parquet"',
          /^unsupported: the column ts is an INT96 of a writer other than Spark/,
        ],
        ['select * from "fixtures/ns.parquet"', /^bad-value: column ts holds a time with nanoseconds/],
      ] as const)
        expect(await refused(`@lake ${sql}`)).to.match(message);
      const moments = [['2024-01-01T00:00:00'], ['2024-01-01T00:00:00.000001']];
      for (const table of ['"fixtures/int96-spark.parquet"', 'int96'])
        expect(await values(`@lake select * from ${table}`), table).to.deep.equal(moments);
      expect(await values('@lake select count(*) as n from "fixtures/int96.parquet"')).to.deep.equal([[2]]);
    });

    for (const [folder, why] of [
      [
        'types',
        /unequal\/types\/b\.parquet has other columns than unequal\/types\/a\.parquet: v is of another type/,
      ],
      ['lacks', /unequal\/lacks\/b\.parquet has other columns than .*: it lacks w/],
      ['more', /unequal\/more\/b\.parquet has other columns than .*: it has w as well/],
    ] as const)
      it(`of unequal schema name the file: ${folder}`, async () => {
        const { code, detail } = await problem(`@lake select v from "unequal/${folder}"`);
        expect(code).to.equal('bad-file');
        expect(detail).to.match(why);
      });

    it('that were replaced since the query was planned are planned anew', async () => {
      const query = '@lake select * from "replaced.parquet"';
      await lake.run(`COPY (select 1 as a) TO '$ROOT/root/replaced.parquet'`);
      expect(await values(query)).to.deep.equal([[1]]);
      await lake.run(`COPY (select 'x' as a, 2 as b) TO '$ROOT/new.parquet'`);
      renameSync(lake.at('new.parquet'), lake.at('root/replaced.parquet'));
      expect(await values(query)).to.deep.equal([['x', 2]]);
      unlinkSync(lake.at('root/replaced.parquet'));
      expect(await refused(query)).to.match(/^sql-error: there are no files at replaced\.parquet/);
    });

    for (const [change, file] of [
      ['replaced', 'wide.parquet'],
      ['cut off', 'wide.parquet'],
      ['cut off', 'wide.csv'],
    ] as const)
      it(`that are ${change} while they are read are an error, though all rows may have been sent: ${file}`, async () => {
        const path = lake.at(`root/changing-${file}`);
        cpSync(lake.at(`root/${file}`), path);
        const queryId = `changing-${change.length}-${file}`;
        const response = await fetch(`${forkline.url}/v1/query`, {
          method: 'POST',
          body: JSON.stringify({
            query: `@lake select n, t from "changing-${file}"`,
            limits: { timeoutMs: 120_000 },
          }),
          headers: { 'content-type': 'application/json', 'query-id': queryId },
        });
        const reader = response.body!.getReader();
        // The rest of the answer waits for its reader, and the engine for the answer.
        await reader.read();
        if (change === 'cut off') truncateSync(path, 5000);
        else {
          cpSync(lake.at('root/one.parquet'), lake.at('new.parquet'));
          renameSync(lake.at('new.parquet'), path);
        }
        const rest = async (): Promise<string> => {
          for (;;) {
            const { done } = await reader.read();
            if (done) return 'a whole answer';
          }
        };
        expect(await rest().catch(() => 'cut off')).to.equal('cut off');
        const { json } = await forkline.get(`/v1/queries/${queryId}`);
        expect(json.error).to.include({ code: 'file-changed' });
      });
  });

  it('ends when it is cancelled, and at its deadline, and the next query is answered', async () => {
    const endless =
      '@lake select count(*) as n from big a, big b, big c where a.n * b.n % 1000003 = c.n % 7 + 0.5';
    const long = await startLongQuery(forkline, endless, ['dsl']);
    const { json } = await forkline.get('/v1/queries');
    const running = (json.queries as { queryId: string; connection: string }[]).find(
      ({ connection }) => connection === 'lake',
    );
    const row = (await forkline.get('/v1/processes')).json.processes as { pid: number; queries: object[] }[];
    expect(row.find(({ pid }) => pid === long.pidOf('dsl'))?.queries).to.deep.equal([
      { queryId: running!.queryId, connection: 'lake', kind: 'files' },
    ]);
    const path = `${forkline.url}/v1/queries/${running!.queryId}`;
    expect((await fetch(path, { method: 'DELETE' })).status).to.equal(202);
    expect(codeOf(await long.answer)).to.equal('cancelled');
    expect(codeOf(await forkline.query(endless, { body: { limits: { timeoutMs: 1500 } } }))).to.equal(
      'deadline-exceeded',
    );
    expect(await values('@lake select count(*) as n from big')).to.deep.equal([[BIG_ROWS]]);
    const metrics = await (await fetch(`${forkline.url}/metrics`)).text();
    for (const [connection, kind] of [
      ['lake', 'files'],
      ['notes', 'sqlite'],
      ['main', 'postgres'],
    ])
      expect(metrics).to.include(
        `forkline_connection_info{connection="${connection}",kind="${kind}",source="configuration"} 1\n`,
      );
    for (const outcome of ['ok', 'cancelled', 'server-error'])
      expect(metrics).to.match(
        new RegExp(`forkline_queries_by_kind_total\\{kind="files",outcome="${outcome}"\\} [1-9]`),
      );
  });

  describe('nothing outside of the root is opened', () => {
    for (const path of ['/etc/passwd', '../names.db', 'http://127.0.0.1/x.csv', 'x/../../names.csv'])
      it(path, async () => {
        for (const quote of ['"', "'"])
          expect(await refused(`@lake select * from ${quote}${path}${quote}`)).to.match(
            /^read-only: no file is opened at /,
          );
      });

    it('a root that is a link is where it leads now, and nowhere else', async () => {
      const query = '@turning select * from "where.csv"';
      expect(await values(query)).to.deep.equal([['here']]);
      symlinkSync(lake.at('there'), lake.at('turned'));
      renameSync(lake.at('turned'), lake.at('turning'));
      // Workers in a sandbox see where it led when they began, and are replaced.
      const answers = async (): Promise<string> => (await forkline.query(query)).text;
      await until(async () => (await answers()).includes('"there"'), 30_000, 'the new place is read');
      expect(await refused('@turning select * from "../here/where.csv"')).to.match(/^read-only: /);
      unlinkSync(lake.at('turning'));
      await until(
        async () => (await answers()).includes('the root of the connection cannot be opened'),
        30_000,
        'the link is gone',
      );
    });

    it('not by links either, named or found', async () => {
      expect(await refused('@lake select * from "out.csv"')).to.match(
        /^read-only: out\.csv is a link that leads out/,
      );
      expect(await refused('@lake select * from "out-dir/passwd.csv"')).to.match(/^(read-only|sql-error)/);
      expect(await refused('@lake select * from "*.csv"')).to.match(
        /^read-only: out(-dir|\.csv) is a link that leads out/,
      );
    });

    for (const sql of [
      "select * from read_csv('/etc/passwd')",
      "select * from read_text('one.parquet')",
      "select * from glob('/etc/*')",
      "select * from read_parquet('one.parquet')",
      "select * from parquet_metadata('one.parquet')",
      "select getenv('HOME')",
      "select current_setting('allowed_directories')",
      'select * from duckdb_secrets()',
      "select * from query('select 1')",
      "select * from query_table('one.parquet')",
      "select * from sniff_csv('one.parquet')",
      'select * from main.one',
      'select * from information_schema.tables',
      'select * from pg_catalog.pg_class',
      'select * from (show tables)',
      "select getvariable('x')",
      'select * from sales, lateral (select * from read_blob(city))',
      "with x as (select * from read_csv_auto('a')) select * from x",
      'select (select max(a) from "../x.csv")',
      "select * from (values (1)) t(a) where exists (from '/etc/passwd')",
      'select $1',
      'select ?',
      'select $path',
    ])
      it(`not by ${sql}`, async () => {
        const { code } = await problem(`@lake ${sql}`);
        expect(code).to.be.oneOf(['read-only', 'sql-error', 'unsupported', 'sql-syntax', 'syntax']);
      });

    for (const sql of [
      "copy (select 1) to 'x.csv'",
      "attach 'x.db'",
      'set threads = 1',
      'pragma version',
      'install httpfs',
      "load 'x'",
      'create secret s (type s3)',
      'create table t (a int)',
      "export database 'x'",
      'select 1; select 2',
      'insert into sales values (1)',
      'call pragma_version()',
      'describe sales',
      'explain analyze select 1',
      'prepare p as select 1',
    ])
      it(`nor is anything but one SELECT run: ${sql}`, async () => {
        const { code } = await problem(`@lake ${sql}`);
        expect(code).to.be.oneOf([
          'read-only',
          'syntax',
          'sql-syntax',
          'multiple-statements',
          'sql-error',
          'unknown-source',
        ]);
      });
  });

  it('tells what is not there, with what there is', async () => {
    expect(await problem('@lake select * from sals')).to.include({
      code: 'sql-error',
      detail: 'there is no table sals',
      hint: 'did you mean `sales`?',
    });
    const { code, detail, position } = await problem('@lake select nope from sales');
    expect(code).to.equal('sql-error');
    expect(detail).to.contain('nope');
    expect(position).to.include({ line: 1, column: 14 });
    expect(await refused('@gone select 1 as a')).to.match(
      /^database-unavailable: the root of the connection cannot be opened \(ENOENT\)/,
    );
  });

  it('answers in every format, with the limits of every answer', async () => {
    for (const format of ['ndjson', 'csv', 'arrow', 'parquet']) {
      const answer = await forkline.query('@lake select n from big where n < 5000', { body: { format } });
      expect(answer.status, format).to.equal(200);
    }
    const { json } = await answered('@lake select n from big', { body: { limits: { rows: 3 } } });
    expect(json.rows).to.have.length(3);
    expect(json.complete).to.equal(false);
  });

  it('joins files, PostgreSQL and SQLite in one query, fetched at the same time', async () => {
    const query = `select * from (values (0, 'p0'), (1, 'p1'), (2, 'p2')) as t(g, pg)
      | join (@lake select g, n from big where n < 21) on g
      | join (@notes select g, title from names) on g
      | stats count() as n, max(title) as title, max(pg) as pg by g | sort g`;
    expect(await values(query)).to.deep.equal([
      [0, 3, 'zero', 'p0'],
      [1, 3, 'one', 'p1'],
      [2, 3, 'two', 'p2'],
    ]);
    expect(
      await values(
        '@lake select g, count(*) as n from big group by g | union (select 99 as g, 1::bigint as n) | stats count() as n',
      ),
    ).to.deep.equal([[8]]);
  });

  it('joins four kinds of source in one query', async function () {
    if (mariadb === null) return skipBecause(this, 'MariaDB is not installed here: `.ci/run` brings it');
    const query = `select * from (values (0, 'p0'), (1, 'p1'), (2, 'p2')) as t(g, pg)
      | join (@lake select g, n from big where n < 21) on g
      | join (@notes select g, title from names) on g
      | join (@shop select g, size from sizes) on g
      | stats count() as n, max(title) as title, max(pg) as pg, max(size) as size by g | sort g`;
    expect(await values(query)).to.deep.equal([
      [0, 3, 'zero', 'p0', 'small'],
      [2, 3, 'two', 'p2', 'large'],
    ]);
  });

  it('a side that fails ends the others with its error, whichever it is', async () => {
    const thousand = 'select i as n from generate_series(1, 1000) as t(i)';
    const file = '@lake select n, b from "text/bad-value.csv"';
    expect(await refused(`${thousand} | join (${file}) on n | stats count() as c`)).to.match(
      /^bad-file: text\/bad-value\.csv, row 30001: the column n holds "1\.5", which is no int64/,
    );
    const broken =
      'select 1 / (2 - id) as g from (values (1), (2)) as t(id) | join (@lake select g, n from big) on g | stats count() as n';
    expect(await refused(broken)).to.match(/^sql-error: division by zero/);
    expect(await values('@lake select count(*) as n from big')).to.deep.equal([[BIG_ROWS]]);
  });

  it('completes tables and their columns', async () => {
    // A completion has two seconds, which are few where many tests run at once.
    const found = await until(
      async () => {
        const text = JSON.stringify(
          await post('/v1/complete', { query: '@lake select * from ', position: 20 }),
        );
        return text.includes('typed') ? text : null;
      },
      30_000,
      'tables are completed',
    );
    expect(found).to.contain('sales');
  });
});

function writeText(lake: Lake): void {
  const text = (name: string, content: string | Uint8Array): void =>
    void lake.write(`root/text/${name}`, content);
  text(
    'a.csv',
    'id,zip,name,day,at,price,ok\n1,007,"x, ""y""",2024-01-02,2024-01-02 10:00:00,1.5,true\n' +
      '2,010,,2024-02-29,2024-01-02T10:00:00.123,2,false\n3,1,"",,,,\n',
  );
  text('crlf.csv', '\uFEFFid,t\r\n1,a\r\n2,"b\r\nc"\r\n');
  text('t.tsv', 'id\tt\n1\ta\n2\t"b\nc"\n');
  text('ko.csv', iconv.encode('id,도시\n1,서울\n2,똠방각하\n', 'cp949'));
  text('kr.csv', iconv.encode('id,도시\n1,서울\n2,부산\n', 'euc-kr'));
  for (const { name, encoding, text: content } of PACKED_KOREAN) {
    const bytes = iconv.encode(content, encoding);
    text(name, name.endsWith('.gz') ? gzipSync(bytes) : bytes);
  }
  for (const ending of ['zst', 'bz2', 'xz']) text(`packed.csv.${ending}`, 'packed');
  text('broken-ko.csv', Buffer.concat([iconv.encode('id,도시\n1,', 'cp949'), Buffer.from([0x80, 0x0a])]));
  text('typed.csv', 'n,t,code\n1.25,2024-01-01,7\n-3,2024-01-01 10:00,008\n');
  text('plain.txt', '1;a\n2;NULL\n');
  text('j.ndjson', '{"a":1,"s":{"x":1},"l":[1,2]}\n{"a":2.5}\n');
  text(
    'large.ndjson',
    '{"a":1.5,"l":[1.5],"s":{"x":1.5},"b":1}\n{"a":1e400,"l":[1.5,-1e999],"s":{"x":1e400},"b":2}\n',
  );
  text('bad-quote.csv', 'n,b\n1,a\n2,"open\n3,c\n');
  text('bad-fields.csv', 'n,b\n1,a\n2,b,c\n');
  text('bad-utf8.csv', Buffer.concat([Buffer.from('n,b\n1,'), Buffer.from([0xbc, 0xad]), Buffer.from('\n')]));
  text('bad-value.csv', `n,b\n${Array.from({ length: 30_000 }, (_, i) => `${i},x\n`).join('')}1.5,x\n`);
  text('bad-names.csv', 'a,A\n1,2\n');
  text('bad.ndjson', '{"n":1}\n{"n":\n');
}

function writeOdd(lake: Lake): void {
  lake.write('root/text.parquet', 'this is no Parquet file at all, but a text');
  lake.write('root/cut.parquet', readFileSync(lake.at('root/one.parquet')).subarray(0, 150));
  lake.write('root/ambiguous/c=NULL/a.parquet', readFileSync(lake.at('root/one.parquet')));
  lake.write('root/mixed/y=1/a.parquet', readFileSync(lake.at('root/one.parquet')));
  lake.write('root/mixed/z=1/b.parquet', readFileSync(lake.at('root/one.parquet')));
}
