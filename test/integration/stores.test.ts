/** Files in stores, on a server: S3 with a real server that checks signatures, web servers, WebHDFS; and what none of them may do. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { expect } from 'chai';
import iconv from 'iconv-lite';
import { connectionQueries } from '../support/connection-queries.ts';
import { type Forkline, startForkline } from '../support/forkline.ts';
import { createLake, type Lake } from '../support/lake.ts';
import { installedExtensions } from '../support/stores/engine-extensions.ts';
import { type FakeServer, serveFile, startFakeServer } from '../support/stores/fake-servers.ts';
import { startWebhdfs, type TestWebhdfs } from '../support/stores/fake-webhdfs.ts';
import { type S3Server, startVersitygw } from '../support/stores/versitygw.ts';
import { until } from '../support/until.ts';

/** Nobody listens there: the engine must not ask a proxy for what this machine has. */
const PROXIES = { http_proxy: 'http://127.0.0.1:1', HTTP_PROXY: 'http://127.0.0.1:1' };

const SALES = `select i as id, (i * 1.25)::decimal(10,2) as amount, 2020 + i % 3 as y,
    case i % 3 when 0 then '서울/강남' when 1 then null else 'a=b' end as city from range(600) r(i)`;

describe('files in stores, on a server', function () {
  this.timeout(120_000);
  let lake: Lake;
  let s3: S3Server;
  let web: FakeServer;
  let hdfs: TestWebhdfs;
  let forkline: Forkline;
  const BASIC = `Basic ${Buffer.from('reader:web secret').toString('base64')}`;

  before(async function () {
    const extensionDirectory = installedExtensions(this);
    s3 = await startVersitygw(this, ['lake', 'other']);
    lake = await createLake();
    await lake.run(
      `COPY (select range as n, range % 7 as g from range(20000)) TO '$ROOT/big.parquet' (ROW_GROUP_SIZE 4096)`,
    );
    lake.write('a.csv', 'id,도시\n1,서울\n2,"부산, 역"\n');
    await fillBuckets(lake, s3, extensionDirectory);
    web = await startFakeServer((request, response, url) => {
      if (request.headers.authorization !== BASIC) {
        response.writeHead(401).end();
        return;
      }
      const name = /^\/data\/([^/]+)$/.exec(decodeURIComponent(url.pathname))?.[1];
      const content =
        name === 'big.parquet' || name === 'a b.csv'
          ? readFileSync(lake.at(name === 'a b.csv' ? 'a.csv' : name))
          : null;
      serveFile(request, response, content === null ? undefined : { content, etag: '"one"' });
    });
    hdfs = await startWebhdfs(lake.root);
    forkline = await startForkline(
      {
        connections: {
          s3: {
            kind: 'files',
            root: 's3://lake/in',
            s3: { endpoint: s3.endpoint, keyId: 'env:S3_KEY', secret: 'env:S3_SECRET' },
            tables: {
              sales: { path: 'sales/**/*.parquet' },
              cp949: { path: 'ko.csv', encoding: 'cp949' },
            },
          },
          web: {
            kind: 'files',
            root: `http://${web.host}/data`,
            http: { user: 'reader', password: 'env:WEB_PASSWORD' },
            tables: { big: { path: 'big.parquet' } },
          },
          hdfs: { kind: 'files', root: `webhdfs://${hdfs.host}/lake`, webhdfs: { user: 'etl' } },
          wrong: {
            kind: 'files',
            root: 's3://lake/in',
            s3: { endpoint: s3.endpoint, keyId: 'env:S3_KEY', secret: 'another-secret' },
          },
          stranger: {
            kind: 'files',
            root: 's3://lake/in',
            s3: { endpoint: s3.endpoint, keyId: 'NOBODY', secret: 'another-secret' },
          },
          nowhere: {
            kind: 'files',
            root: 's3://no-such-bucket',
            s3: { endpoint: s3.endpoint, keyId: 'env:S3_KEY', secret: 'env:S3_SECRET' },
          },
        },
        defaultConnection: 's3',
        dsl: { extensionDirectory, max: 2 },
        sql: { processes: 1, connectionsPerProcess: 2 },
      },
      { env: { S3_KEY: s3.keyId, S3_SECRET: s3.secret, WEB_PASSWORD: 'web secret', ...PROXIES } },
    );
  });
  after(async () => {
    await forkline?.stop();
    await web?.stop();
    await hdfs?.stop();
    await s3?.stop();
    lake?.close();
  });

  const { answered, rows, problem } = connectionQueries(() => forkline);
  const values = async (query: string): Promise<unknown[][]> =>
    (await rows(query)).map((row) => Object.values(row as object));
  const refused = async (query: string): Promise<string> => {
    const { code, detail } = await problem(query);
    return `${code}: ${detail}`;
  };

  it('are read from S3 with partitions as columns, of whatever letters', async () => {
    const { json } = await answered('@s3 select * from sales where id < 3 order by id');
    expect(json.columns.map(({ name, type }) => `${name} ${type}`)).to.deep.equal([
      ...['id int64', 'amount decimal(10,2)', 'y int64', 'city string'],
    ]);
    expect(json.rows.map((row) => Object.values(row as object))).to.deep.equal([
      [0, 0, 2020, '서울/강남'],
      [1, 1.25, 2021, null],
      [2, 2.5, 2022, 'a=b'],
    ]);
    expect(await values("@s3 select count(*) as n from sales where city = '서울/강남'")).to.deep.equal([
      [200],
    ]);
  });

  it('are pruned, and explain tells what is read', async () => {
    const [source] = await values('explain @s3 select id from sales where y = 2021');
    expect(source![3]).to.match(
      /sales: 1 of 3 files, 1 of 1 row groups, 1 of 2 columns, [\d,]+ of [\d,]+ bytes$/,
    );
  });

  it('are text files in any encoding, packed or not, with paths of any letters', async () => {
    expect(await values('@s3 select * from "text/가 나+%25&.csv"')).to.deep.equal([
      [1, '서울'],
      [2, '부산, 역'],
    ]);
    expect(await values('@s3 select * from "text/packed.csv.gz"')).to.deep.equal([[1], [2]]);
    expect(await values('@s3 select * from cp949')).to.deep.equal([[1, '똠방각하']]);
    expect(await values('@s3 select * from "text/lines.ndjson"')).to.deep.equal([[1], [2]]);
    expect(await values('@s3 select * from "text/book.xlsx"')).to.deep.equal([[1, 'a']]);
  });

  it('are read from a web server and from HDFS', async () => {
    const query = 'select count(*) as n, sum(n) as s from';
    for (const source of [
      '@web select n from big',
      '@hdfs select n from "big.parquet"',
      '@hdfs select n from "*.parquet"',
    ])
      expect(await values(`${source} | stats count() as n, sum(n) as s`), query).to.deep.equal([
        [20000, 199990000],
      ]);
    expect(await values('@web select * from "a b.csv" where id = 1')).to.deep.equal([[1, '서울']]);
    expect(hdfs.users).to.deep.equal(new Set(['etl']));
  });

  it('join with each other, fetched at the same time', async () => {
    const query =
      '@s3 select id, y from sales | join (@web select n as id, g from big) on id | stats count() as n by y | sort y';
    expect(await values(query)).to.deep.equal([
      [2020, 200],
      [2021, 200],
      [2022, 200],
    ]);
  });

  it('say what is wrong with the connection', async () => {
    expect(await refused('@wrong select * from "a.csv"')).to.match(
      /^permission-denied: the store at 127\.0\.0\.1:\d+ refuses it: the secret of the key is wrong/,
    );
    expect(await refused('@stranger select * from "a.csv"')).to.match(
      /^permission-denied: .* it does not know the key/,
    );
    expect(await refused('@nowhere select * from "a.csv"')).to.match(
      /^database-unavailable: there is no bucket no-such-bucket at 127/,
    );
    expect(await refused('@s3 select * from "nothing.csv"')).to.match(
      /^sql-error: there are no files at nothing\.csv/,
    );
    expect(await refused('@web select * from "*.csv"')).to.match(
      /^unsupported: the root cannot be listed: web servers list no directories/,
    );
  });

  it('are examined by `forkline doctor`', async () => {
    // This process has two of the servers, so it must not stand still meanwhile.
    const ran = spawn(process.execPath, ['dist/cli/main.js', 'doctor', '--config', forkline.configFile], {
      env: { PATH: process.env.PATH, S3_KEY: s3.keyId, S3_SECRET: s3.secret, WEB_PASSWORD: 'web secret' },
    });
    const [out, errors] = await Promise.all([textOf(ran.stdout), textOf(ran.stderr)]);
    const lines = (out + errors).split('\n').map((line) => line.replace(/ +/g, ' '));
    expect(lines).to.include('ok s3: files below s3://lake/in');
    expect(lines).to.include(`ok web: files below http://${web.host}/data`);
    expect(lines).to.include(`ok hdfs: files below webhdfs://${hdfs.host}/lake`);
    expect(lines.filter((line) => line.includes('table '))).to.deep.equal([]);
    expect(lines.find((line) => line.includes('wrong:'))).to.match(
      /^problem wrong: .*the secret of the key is wrong/,
    );
    expect(lines.find((line) => line.includes('nowhere:'))).to.match(/^problem nowhere: there is no bucket/);
  });

  it('complete the names of their tables and columns', async () => {
    const text = '@s3 select * from sales | where ';
    const body = JSON.stringify({ query: text, position: text.length });
    const headers = { 'content-type': 'application/json' };
    // The first answers may come before all tables of the connection are read.
    await until(async () => {
      const answer = await fetch(`${forkline.url}/v1/complete`, { method: 'POST', headers, body });
      const found = await answer.text();
      for (const column of ['id', 'amount', 'y', 'city']) expect(found).to.contain(`"${column}"`);
      return true;
    }, 30_000);
  });

  it('that are broken are named by their paths', async () => {
    expect(await refused('@s3 select * from "text/cut.parquet"')).to.match(
      /^bad-file: text\/cut\.parquet: it is no Parquet file, or is cut off/,
    );
    expect(await refused('@s3 select * from "text/bad.csv" | stats max(n) as m')).to.match(
      /^bad-file: text\/bad\.csv, row 30001: the column n holds "1\.5", which is no int64/,
    );
  });

  describe('nothing outside of the root is opened', () => {
    for (const path of [
      '../secret.csv',
      'text/../../secret.csv',
      's3://other/secret.csv',
      'text/a.csv?s3_endpoint=127.0.0.1:1&s3_use_ssl=false',
      'text/a.csv#x',
      'http://127.0.0.1:1/a.csv',
      'https://127.0.0.1:1/a.csv',
      '/etc/passwd',
    ])
      it(path, async () => {
        const told = ['"', "'"].map((quote) => refused(`@s3 select * from ${quote}${path}${quote}`));
        for (const each of await Promise.all(told))
          expect(each).to.match(/^read-only: no file is opened at /);
      });

    it('not by encoded dots either, nor by a sibling of the prefix', async () => {
      for (const path of [
        '%2e%2e/secret.csv',
        '..%2Fsecret.csv',
        '-sibling/secret.csv',
        'in-sibling/secret.csv',
      ])
        expect(await refused(`@s3 select * from "${path}"`), path).to.match(
          /^(sql-error: there are no files|read-only)/,
        );
    });

    for (const sql of [
      "select * from read_csv('s3://lake/secret.csv')",
      "select * from read_parquet('http://127.0.0.1/x')",
      'select * from duckdb_secrets()',
      "select * from glob('s3://lake/**')",
      "select current_setting('allowed_directories')",
      "select * from read_text('http://169.254.169.254/latest/meta-data')",
    ])
      it(`not by ${sql}`, async () => {
        const { code } = await problem(`@s3 ${sql}`);
        expect(code).to.be.oneOf(['read-only', 'sql-error']);
      });

    for (const sql of [
      "create secret s (type s3, key_id 'a')",
      "copy (select 1) to 's3://lake/in/x.csv'",
      "set http_proxy = 'x'",
    ])
      it(`nor is anything but one SELECT run: ${sql}`, async () => {
        const { code } = await problem(`@s3 ${sql}`);
        expect(code).to.be.oneOf(['read-only', 'syntax', 'sql-syntax', 'sql-error']);
      });
  });

  it('show no credentials and no address of the engine, in no answer and no line of the log', async () => {
    const texts = [
      (await forkline.query('explain @s3 select id from sales')).text,
      (await forkline.query('@wrong select * from "a.csv"')).text,
      (await forkline.query('@s3 select * from "text/cut.parquet"')).text,
      (await forkline.query('@s3 select nope from sales')).text,
      JSON.stringify((await forkline.get('/v1/queries')).json),
      JSON.stringify((await forkline.get('/v1/processes')).json),
      readFileSync(forkline.logFile, 'utf8'),
    ];
    for (const text of texts) {
      for (const secret of [s3.secret, 'another-secret', 'web secret', BASIC.slice(6)])
        expect(text).not.to.contain(secret);
      expect(text).not.to.match(/http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{48}/);
      expect(text).not.to.contain('X-Amz');
    }
  });
});

/** Writes files into the buckets by the engine of the test, which signs its requests itself. */
async function fillBuckets(lake: Lake, s3: S3Server, extensions: string): Promise<void> {
  const { endpoint, keyId, secret } = s3;
  const file = (name: string): string =>
    join(extensions, 'v1.5.5', 'linux_amd64', `${name}.duckdb_extension`);
  await lake.run(`LOAD '${file('httpfs')}'; LOAD '${file('excel')}'`);
  await lake.run(
    `CREATE SECRET s (TYPE s3, KEY_ID '${keyId}', SECRET '${secret}', ENDPOINT '${endpoint.slice('http://'.length)}', URL_STYLE 'path', USE_SSL false, REGION 'us-east-1')`,
  );
  await lake.run(`COPY (${SALES}) TO 's3://lake/in/sales' (FORMAT parquet, PARTITION_BY (y, city))`);
  await lake.run(`COPY (from '$ROOT/a.csv') TO 's3://lake/in/text/가 나+%25&.csv'`);
  await lake.run(`COPY (select * from (values (1), (2)) t(n)) TO 's3://lake/in/text/packed.csv.gz'`);
  await lake.run(
    `COPY (select * from (values (1), (2)) t(n)) TO 's3://lake/in/text/lines.ndjson' (FORMAT json)`,
  );
  await lake.run(
    `COPY (select 1 as a, 'a' as b) TO 's3://lake/in/text/book.xlsx' (FORMAT xlsx, HEADER true)`,
  );
  s3.write('lake/in/ko.csv', iconv.encode('id,이름\n1,똠방각하\n', 'cp949'));
  s3.write('lake/in/text/cut.parquet', readFileSync(lake.at('big.parquet')).subarray(0, 5000));
  s3.write('lake/in/text/bad.csv', Buffer.from(`n\n${'1\n'.repeat(30_000)}1.5\n`));
  for (const name of ['secret.csv', 'in-sibling/secret.csv'])
    await lake.run(`COPY (select 1 as a) TO 's3://lake/${name}'`);
  await lake.run(`COPY (select 1 as a) TO 's3://other/secret.csv'`);
}
