/** Stores that fail, on a server: keys that expire, throttling, names that are not known, connections that break, files that change. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { connectionQueries } from '../support/connection-queries.ts';
import { type Forkline, startForkline } from '../support/forkline.ts';
import { createLake, type Lake } from '../support/lake.ts';
import { codeOf, startLongQuery } from '../support/long-query.ts';
import { extensionPackages, installedExtensions } from '../support/stores/engine-extensions.ts';
import {
  type FakeServer,
  type ServedFile,
  s3Error,
  serveFile,
  serveListing,
  startFakeServer,
} from '../support/stores/fake-servers.ts';
import { startWebhdfs, type TestWebhdfs } from '../support/stores/fake-webhdfs.ts';

const COMMAND = 'dist/cli/main.js';

describe('stores that fail, on a server', function () {
  this.timeout(120_000);
  let lake: Lake;
  let store: FakeServer;
  let elsewhere: FakeServer;
  let hdfs: TestWebhdfs;
  let forkline: Forkline;
  let packages: readonly string[];
  let extensionDirectory: string;
  const files = new Map<string, ServedFile>();
  const KEY = 'in/big.parquet';

  before(async function () {
    packages = extensionPackages(this);
    extensionDirectory = installedExtensions(this);
    lake = await createLake();
    await lake.run(
      `COPY (select range as n, hash(range) as h from range(200000)) TO '$ROOT/big.parquet' (ROW_GROUP_SIZE 20000)`,
    );
    await lake.run(`COPY (select 1 as other) TO '$ROOT/one.parquet'`);
    lake.write('a.csv', 'n\n1\n2\n');
    store = await startFakeServer(() => {});
    elsewhere = await startFakeServer((_request, response) => void response.writeHead(200).end('secret'));
    hdfs = await startWebhdfs(lake.root);
    const key = { keyId: 'env:KEY', secret: 'env:SECRET', sessionToken: 'env:TOKEN' };
    const s3 = { endpoint: `http://${store.host}`, ...key };
    forkline = await startForkline(
      {
        connections: {
          s3: { kind: 'files', root: 's3://bucket/in', s3, tables: { big: { path: 'big.parquet' } } },
          unknown: {
            kind: 'files',
            root: 's3://bucket/in',
            s3: { ...s3, endpoint: 'http://no-such-host.invalid:9000' },
          },
          closed: { kind: 'files', root: 's3://bucket/in', s3: { ...s3, endpoint: 'http://127.0.0.1:1' } },
          web: { kind: 'files', root: `http://${store.host}/data` },
          local: { kind: 'files', root: lake.root },
          hdfs: { kind: 'files', root: `webhdfs://${hdfs.host}/lake` },
        },
        defaultConnection: 's3',
        dsl: { extensionDirectory, max: 2, spares: 2 },
        sql: { processes: 1, connectionsPerProcess: 1 },
      },
      { env: { KEY: 'KEYOFTHETEST', SECRET: 'secret-of-the-key', TOKEN: 'token-of-the-session' } },
    );
  });
  after(async () => {
    await forkline?.stop();
    await hdfs?.stop();
    await store?.stop();
    await elsewhere?.stop();
    lake?.close();
  });
  beforeEach(() => {
    files.clear();
    files.set(KEY, { content: readFileSync(lake.at('big.parquet')), etag: '"first"' });
    files.set('in/a.csv', { content: readFileSync(lake.at('a.csv')), etag: '"a"' });
    store.answer = serve;
    store.requests.length = 0;
  });

  const serve: FakeServer['answer'] = (request, response, url) => {
    if (url.searchParams.has('list-type')) serveListing(response, url, files);
    else serveFile(request, response, files.get(decodeURIComponent(url.pathname).replace(/^\/bucket\//, '')));
  };
  const isRead = (url: URL): boolean => !url.searchParams.has('list-type');
  const { rows, problem } = connectionQueries(() => forkline);
  const QUERY = '@s3 select n, h from big | stats count() as n, max(h) as h';
  const refused = async (query: string): Promise<string> => {
    const { code, detail } = await problem(query);
    return `${code}: ${detail}`;
  };
  const count = async (query = QUERY): Promise<unknown> => ((await rows(query))[0] as { n: unknown }).n;

  for (const [code, status, message] of [
    ['ExpiredToken', 400, /^permission-denied: the store at .* refuses it: its key has expired/],
    ['AccessDenied', 403, /^permission-denied: .* its key may not read this/],
    ['NoSuchBucket', 404, /^database-unavailable: there is no bucket bucket at 127/],
    ['PermanentRedirect', 301, /^database-unavailable: the bucket bucket is in another region/],
  ] as const)
    it(`say what ${code} means, without asking again`, async () => {
      store.answer = (_request, response) => s3Error(response, status, code, '<Region>eu-west-1</Region>');
      expect(await refused(QUERY)).to.match(message);
      expect(store.requests).to.have.length(1);
      store.answer = serve;
      expect(await count()).to.equal(200_000);
    });

  it('are told when a key expires while a file is read', async () => {
    store.answer = (request, response, url) => {
      if (isRead(url)) s3Error(response, 400, 'ExpiredToken');
      else serve(request, response, url);
    };
    expect(await refused(QUERY)).to.match(/^permission-denied: .*its key has expired/);
  });

  it('that ask for fewer requests are asked again, a bounded number of times', async () => {
    let refusals = 2;
    store.answer = (request, response, url) => {
      if (refusals-- > 0) s3Error(response, 503, 'SlowDown');
      else serve(request, response, url);
    };
    expect(await count()).to.equal(200_000);
    store.requests.length = 0;
    store.answer = (_request, response) => s3Error(response, 503, 'SlowDown');
    expect(await refused(QUERY)).to.match(
      /^database-overloaded: the store at .* asks for fewer requests \(HTTP 503\)/,
    );
    expect(store.requests).to.have.length(5);
  });

  it('whose names are not known, or where nobody listens', async () => {
    expect(await refused('@unknown select * from "a.csv"')).to.match(
      /^database-unavailable: the store at no-such-host\.invalid:9000 cannot be read: its name (is not known|cannot be looked up) \(DNS\)/,
    );
    expect(await refused('@closed select * from "a.csv"')).to.match(
      /^database-unavailable: .* nobody listens there/,
    );
  });

  it('that break connections in the middle of a file are read on from there', async () => {
    let breaks = 3;
    store.answer = (request, response, url) => {
      if (!isRead(url) || breaks-- <= 0) {
        serve(request, response, url);
        return;
      }
      const { content, etag } = files.get(KEY)!;
      const [from, to] = /(\d+)-(\d+)/.exec(request.headers.range!)!.slice(1).map(Number);
      response.writeHead(206, {
        ...{ 'Content-Length': to! - from! + 1, ETag: etag },
        'Content-Range': `bytes ${from}-${to}/${content.length}`,
      });
      response.write(content.subarray(from!, from! + Math.ceil((to! - from!) / 2)), () => response.destroy());
    };
    const { h } = (await rows(QUERY))[0] as { h: string };
    expect(breaks).to.be.at.most(0);
    store.answer = serve;
    expect(((await rows(QUERY))[0] as { h: string }).h).to.equal(h);
  });

  it('that are gone for good in the middle of a file fail the query', async () => {
    store.answer = (request, response, url) => {
      if (isRead(url)) response.destroy();
      else serve(request, response, url);
    };
    expect(await refused(QUERY)).to.match(
      /^database-unavailable: .*(the connection broke|broke the connection)/,
    );
  });

  it('with a file that is replaced while it is read', async () => {
    const replaced = { content: readFileSync(lake.at('one.parquet')), etag: '"second"' };
    let reads = 0;
    store.answer = (request, response, url) => {
      if (isRead(url) && ++reads === 2) files.set(KEY, replaced);
      serve(request, response, url);
    };
    expect(await refused(QUERY)).to.match(
      /^file-changed: big\.parquet was changed or replaced while it was read/,
    );
  });

  it('with a file that is replaced and a server that knows no conditions', async () => {
    let reads = 0;
    store.answer = (request, response, url) => {
      delete request.headers['if-match'];
      if (isRead(url) && ++reads === 2) files.set(KEY, { ...files.get(KEY)!, etag: '"second"' });
      serve(request, response, url);
    };
    expect(await refused(QUERY)).to.match(/^file-changed: big\.parquet was changed/);
  });

  it('with a file that is removed while it is read', async () => {
    store.answer = (request, response, url) => {
      if (isRead(url)) files.delete(KEY);
      serve(request, response, url);
    };
    expect(await refused(QUERY)).to.match(/^file-changed: big\.parquet was removed/);
  });

  it('with keys that no path may have', async () => {
    files.set('in/odd/../x.csv', { content: Buffer.from('n\n1\n'), etag: '"x"' });
    expect(await refused('@s3 select * from "odd/**"')).to.match(
      /^bad-file: below odd is a name that is \.\./,
    );
  });

  it('are never followed elsewhere', async () => {
    store.answer = (_request, response) => {
      response.writeHead(302, { Location: `http://${elsewhere.host}/a.csv` }).end();
    };
    expect(await refused('@web select * from "a.csv"')).to.match(
      /^read-only: 127\.0\.0\.1:\d+ redirects to 127\.0\.0\.1:\d+, which this connection does not read from/,
    );
    expect(await refused('@s3 select * from "a.csv"')).to.match(/^database-unavailable: .* HTTP 302/);
    for (const redirect of [
      'http://169.254.169.254/webhdfs/v1/lake/a.csv?op=OPEN',
      `http://${elsewhere.host}/latest/meta-data`,
      'file:///etc/passwd',
    ]) {
      hdfs.redirect = redirect;
      expect(await refused('@hdfs select * from "a.csv"'), redirect).to.match(/^read-only: .* redirects to/);
    }
    hdfs.redirect = null;
    expect(elsewhere.requests).to.deep.equal([]);
    expect(await count('@hdfs select n from "a.csv" | stats count() as n')).to.equal(2);
  });

  it('within a web server are followed', async () => {
    store.answer = (request, response, url) => {
      if (url.pathname === '/data/a.csv') response.writeHead(302, { Location: '/new/a.csv' }).end();
      else serveFile(request, response, files.get('in/a.csv'));
    };
    expect(await count('@web select n from "a.csv" | stats count() as n')).to.equal(2);
  });

  it('that answer no parts of files say so', async () => {
    store.answer = (request, response) => {
      const { content } = files.get(KEY)!;
      response.writeHead(200, { 'Content-Length': content.length });
      response.end(request.method === 'HEAD' ? undefined : content);
    };
    expect(await refused('@web select * from "big.parquet"')).to.match(
      /^unsupported: big\.parquet: the server answers no parts of files/,
    );
  });

  it('hold up nobody: a query that waits for one leaves a worker to others, and ends when it is cancelled', async () => {
    let hangs = (): void => {};
    const isHanging = new Promise<void>((resolve) => {
      hangs = resolve;
    });
    store.answer = (request, response, url) => {
      if (isRead(url)) hangs();
      else serve(request, response, url);
    };
    const long = await startLongQuery(forkline, QUERY, ['dsl']);
    await isHanging;
    const second = forkline.query(QUERY, { body: { limits: { timeoutMs: 60_000 } } });
    expect(await count('@local select n from "a.csv" | stats count() as n')).to.equal(2);
    for (const { queryId } of (await forkline.get('/v1/queries')).json.queries as { queryId: string }[])
      await fetch(`${forkline.url}/v1/queries/${queryId}`, { method: 'DELETE' });
    expect(codeOf(await long.answer)).to.equal('cancelled');
    expect(codeOf(await second)).to.equal('cancelled');
    store.answer = serve;
    expect(await count()).to.equal(200_000);
  });

  it('log no credentials', () => {
    const log = readFileSync(forkline.logFile, 'utf8');
    for (const secret of ['secret-of-the-key', 'token-of-the-session', 'KEYOFTHETEST'])
      expect(log).not.to.contain(secret);
  });

  describe('the command that installs extensions', () => {
    let dir: string;
    const run = (...args: string[]): { status: number | null; text: string } => {
      const ran = spawnSync(process.execPath, [join(process.cwd(), COMMAND), 'extensions', ...args], {
        ...{ cwd: dir, encoding: 'utf8', timeout: 60_000 },
        env: { PATH: process.env.PATH, HOME: dir },
      });
      return { status: ran.status, text: ran.stdout + ran.stderr };
    };
    before(() => {
      dir = mkdtempSync(join(tmpdir(), 'forkline-install-'));
    });
    after(() => rmSync(dir, { recursive: true, force: true }));

    it('takes packages, files and packed files, and lists them', () => {
      const wheel = packages.find((path) => path.includes('excel'))!;
      expect(run('list').text).to.match(/^httpfs +not installed\nexcel +not installed\n$/);
      const installed = run('install', wheel);
      expect(installed.status, installed.text).to.equal(0);
      const file = installed.text.trim();
      expect(file).to.match(/extensions\/v[\d.]+\/\w+\/excel\.duckdb_extension$/);
      const packed = join(dir, 'excel.duckdb_extension.gz');
      writeFileSync(packed, gzipSync(readFileSync(file), { level: 1 }));
      expect(run('install', packed).text).to.equal(installed.text);
      expect(run('list').text).to.contain(file);
    });

    it('refuses a file that was changed, and keeps the one that is there', () => {
      const content = readFileSync(
        run('list')
          .text.split('\n')
          .find((line) => line.startsWith('excel'))!
          .split(/ +/)[1]!,
      );
      content[5000]! ^= 1;
      const broken = join(dir, 'excel.duckdb_extension');
      writeFileSync(broken, content);
      const { status, text } = run('install', broken);
      expect(status).to.equal(1);
      expect(text).to.match(/the engine refuses excel: .*signature/);
      expect(run('list').text).to.match(/^excel +\//m);
    });

    it('says what it cannot do', () => {
      expect(run('install', 'nothing.duckdb_extension').text).to.match(
        /nothing\.duckdb_extension cannot be read \(ENOENT\)/,
      );
      expect(run('install', 'httpfs', '--repository', 'http://127.0.0.1:1').text).to.match(
        /httpfs cannot be fetched: /,
      );
      writeFileSync(join(dir, 'x.whl'), 'no package');
      expect(run('install', './x.whl').text).to.match(/\.\/x\.whl is no package/);
      expect(run('remove').status).to.equal(2);
    });
  });
});
