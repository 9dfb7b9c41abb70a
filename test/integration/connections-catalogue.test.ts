/** Connections of the catalogue: made, tested, changed and removed over HTTP while queries run, on one started Forkline. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tableFromArrays } from 'apache-arrow';
import { expect } from 'chai';
import { testDatabase } from '../support/database.ts';
import { fakeSpark } from '../support/fake-spark.ts';
import { type Forkline, startForkline } from '../support/forkline.ts';
import { type StoreDatabase, storeDatabase } from '../support/store-database.ts';
import { installedExtensions } from '../support/stores/engine-extensions.ts';
import { type FakeServer, serveFile, startFakeServer } from '../support/stores/fake-servers.ts';
import { until } from '../support/until.ts';

const DEADLINE_MS = 30_000;
const WEB_TOKEN = 'token-that-nobody-may-see';

/** An answer of one of many routes. */
type Json = ReturnType<typeof JSON.parse>;

interface Sent {
  readonly status: number;
  readonly json: Json;
  readonly headers: Headers;
}

describe('connections of the catalogue', function () {
  this.timeout(120_000);
  let store: StoreDatabase;
  let forkline: Forkline;
  let restart: () => Promise<Forkline>;
  let dir: string;
  let web: FakeServer;
  /** null: stores are told and tested, but not read. */
  let extensionDirectory: string | null = null;
  /** The URL of the test database without the password, and the password. */
  let address: string;
  let password: string;

  before(async function () {
    store = await storeDatabase();
    extensionDirectory =
      process.env.FORKLINE_EXTENSION_PACKAGES === undefined ? null : installedExtensions(this);
    web = await startFakeServer((request, response, { pathname }) => {
      const isAllowed = request.headers.authorization === `Bearer ${WEB_TOKEN}`;
      const content = pathname === '/data/rates.csv' ? Buffer.from('day,rate\n2026-01-02,1.5\n') : null;
      if (!isAllowed) response.writeHead(401).end();
      else serveFile(request, response, content === null ? undefined : { content, etag: '"one"' });
    });
    dir = await mkdtemp(join(tmpdir(), 'forkline-connections-'));
    const url = new URL((await testDatabase()).url);
    password = decodeURIComponent(url.password);
    url.password = '';
    address = url.href;
    const host = url.host;
    restart = () =>
      startForkline(
        {
          dataDir: join(dir, 'data-of-forkline'),
          store: { url: store.url, directories: [dir] },
          audit: { file: join(dir, 'audit.jsonl') },
          secrets: {
            reader: {
              value: 'env:READER',
              connections: ['extra', 'kept', 'elsewhere', 'bad', 'audited'],
              hosts: [host],
            },
            'lake-token': { value: 'env:LAKE', connections: ['cluster'], hosts: ['127.0.0.1'] },
            'other-host': { value: 'env:READER', connections: ['bound'], hosts: ['db.example.com'] },
            'web-token': {
              value: 'env:WEB_TOKEN',
              connections: ['open-data'],
              hosts: ['127.0.0.1', '169.254.169.254'],
            },
            'wrong-login': { value: 'env:WRONG', connections: ['wrong'], hosts: [url.hostname] },
          },
          sql: { processes: 2, connectionsPerProcess: 2 },
          ...(extensionDirectory !== null && { dsl: { extensionDirectory } }),
        },
        {
          env: {
            ...{ READER: password, WRONG: 'not-the-password-of-anybody' },
            ...{ WEB_TOKEN, LAKE: 'token-of-the-lake' },
          },
        },
      );
    forkline = await restart();
  });
  after(async () => {
    await forkline.stop();
    await web.stop();
    await store[Symbol.asyncDispose]();
    await rm(dir, { recursive: true });
  });

  async function send(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Sent> {
    const response = await fetch(forkline.url + path, {
      method,
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      json: text.startsWith('{') ? JSON.parse(text) : {},
    };
  }

  const ask = (text: string, connection: string) => forkline.query(text, { body: { connection } });
  const current = (connection: string) => ask('select current_user::text as u', connection);
  const pids = async (): Promise<string[]> =>
    (await forkline.processes())
      .filter(({ role }) => role !== 'dsl')
      .map(({ workerId, pid }) => `${workerId} ${pid}`)
      .sort();
  const listed = async (): Promise<Json[]> => (await send('GET', '/v1/connections')).json.connections;
  const make = async (name: string, definition: object): Promise<Sent> => {
    const made = await send('POST', '/v1/connections', { name, ...definition });
    expect(made.status, JSON.stringify(made.json)).to.equal(201);
    return made;
  };

  it('are made, used by every process, changed and removed while a query runs, and no process is replaced', async () => {
    const before = await pids();
    const running = forkline.query('select 7 as n, pg_sleep(2)::text as s', {
      headers: { 'query-id': 'goes-on' },
    });
    await until(
      async () => (await send('GET', '/v1/queries/goes-on')).json.phase === 'sql',
      DEADLINE_MS,
      'runs',
    );
    expect((await current('extra')).json).to.include({ code: 'unknown-connection' });
    const made = await make('extra', { url: address, secret: 'reader' });
    expect(made.json).to.deep.equal({ name: 'extra', version: 1, changed: true, inUse: true, problem: null });
    expect([made.headers.get('etag'), made.headers.get('location')]).to.deep.equal([
      '"1"',
      '/v1/connections/extra',
    ]);
    // At once, on each slot of each worker, with and without stages.
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        ask(n % 2 === 0 ? 'select 1 as n' : 'select 1 as n | eval m = n + 1', 'extra'),
      ),
    );
    expect(answers.map(({ status }) => status)).to.deep.equal(Array(8).fill(200));
    expect(await listed()).to.deep.include({
      name: 'extra',
      dialect: 'postgres',
      default: false,
      source: 'catalogue',
    });

    const elsewhere = new URL(address);
    elsewhere.pathname = '/postgres';
    const changed = await send(
      'PUT',
      '/v1/connections/extra?reason=moved',
      { url: elsewhere.href, secret: 'reader' },
      { 'if-match': '"1"' },
    );
    expect(changed.json).to.deep.include({ version: 2, changed: true, inUse: true });
    expect((await ask('select current_database()::text as d', 'extra')).json.rows).to.deep.equal([
      { d: 'postgres' },
    ]);
    const same = await send(
      'PUT',
      '/v1/connections/extra',
      { url: elsewhere.href, secret: 'reader' },
      { 'if-match': '"2"' },
    );
    expect(same.json).to.deep.include({ version: 2, changed: false, inUse: true });

    const removed = await send('DELETE', '/v1/connections/extra?reason=done', undefined, {
      'if-match': '"2"',
    });
    expect(removed.status).to.equal(204);
    const refused = await current('extra');
    expect([refused.status, refused.json.code]).to.deep.equal([404, 'unknown-connection']);
    expect(refused.json.detail).to.include('there is no connection extra');
    const { versions } = (await send('GET', '/v1/connections/extra/versions')).json;
    expect(
      versions.map(({ version, reason, author, removed }: Json) => [version, reason, author, removed]),
    ).to.deep.equal([
      [3, 'done', '127.0.0.1', true],
      [2, 'moved', '127.0.0.1', false],
      [1, '', '127.0.0.1', false],
    ]);
    expect((await running).json.rows).to.deep.equal([{ n: 7, s: '' }]);
    expect(await pids()).to.deep.equal(before);
  });

  it('leave no secret in the environment of a process that works with them', async () => {
    const processes = await forkline.processes();
    const found = await Promise.all(
      processes
        .filter(({ role }) => role !== 'monitor' && role !== 'database')
        .map(async ({ role, pid }) => [role, await readFile(`/proc/${pid}/environ`, 'utf8')] as const),
    );
    expect(new Set(found.map(([role]) => role))).to.include.keys('server', 'sql', 'logger');
    for (const [role, environ] of found)
      expect(environ, role).not.to.contain(password).and.not.to.contain('not-the-password-of-anybody');
  });

  it('are in the audit: who changed which, and that one was tested', async () => {
    await make('audited', { url: address, secret: 'reader' });
    await send('POST', '/v1/connections/audited/test');
    const { headers } = await send('GET', '/v1/connections/audited');
    await send('DELETE', '/v1/connections/audited?reason=over', undefined, {
      'if-match': headers.get('etag')!,
    });
    const acts = await until(
      async () => {
        const lines = (await readFile(join(dir, 'audit.jsonl'), 'utf8')).trimEnd().split('\n');
        const records = lines
          .map((line) => JSON.parse(line) as Json)
          .filter(({ connection }) => connection === 'audited');
        const own = records.filter(({ event }) => String(event).startsWith('connection-'));
        return own.length >= 3 ? own : null;
      },
      DEADLINE_MS,
      'audit',
    );
    expect(acts.map(({ event }) => event)).to.deep.equal([
      'connection-saved',
      'connection-tested',
      'connection-removed',
    ]);
    expect(acts[0]).to.include({ version: 1, method: 'anonymous' });
    expect(acts[2]).to.include({ reason: 'over' });
  });

  it('have a kind of their own: files and SQLite only below the directories that the configuration names', async () => {
    await writeFile(join(dir, 'a.csv'), 'n,w\n1,x\n2,y\n');
    await make('lake', { kind: 'files', root: dir });
    expect((await ask('select sum(n) as s from "a.csv"', 'lake')).json.rows).to.deep.equal([{ s: 3 }]);
    const refused = await send('POST', '/v1/connections', {
      name: 'escape',
      kind: 'sqlite',
      path: '/etc/passwd',
    });
    expect([refused.status, refused.json.code]).to.deep.equal([422, 'bad-connection']);
    expect(refused.json.detail).to.include('path: must be below one of store.directories');
    expect((await send('DELETE', '/v1/connections/lake', undefined, { 'if-match': '"1"' })).status).to.equal(
      204,
    );
  });

  it('may be to stores, with secrets by their names, at no link-local address', async () => {
    const definition = {
      ...{ kind: 'files', root: `http://${web.host}/data`, http: { token: 'web-token' } },
      tables: { rates: { path: 'rates.csv' } },
    };
    const tried = await send('POST', '/v1/connections/open-data/test', definition);
    expect(tried.json, JSON.stringify(tried.json)).to.deep.include({
      ok: true,
      reached: true,
      kind: 'files',
    });
    expect(web.lastHeaders().authorization).to.equal(`Bearer ${WEB_TOKEN}`);
    await make('open-data', definition);
    const shown = (await send('GET', '/v1/connections/open-data')).json;
    expect([shown.definition, shown.inUse]).to.deep.equal([definition, true]);
    const asked = await ask('select * from rates', 'open-data');
    if (extensionDirectory === null) expect(asked.json.code).to.equal('unsupported');
    else expect(asked.json.rows, asked.text).to.deep.equal([{ day: '2026-01-02', rate: 1.5 }]);
    expect(JSON.stringify([tried.json, shown, await listed(), asked.text])).not.to.include(WEB_TOKEN);

    const test = (changes: object): Promise<Sent> =>
      send('POST', '/v1/connections/open-data/test', { ...definition, ...changes });
    const [elsewhere, literal, linked] = await Promise.all([
      test({ root: `http://localhost:${web.host.split(':')[1]}/data` }),
      test({ http: { token: WEB_TOKEN } }),
      test({ root: 'http://2852039166/latest' }), // 169.254.169.254
    ]);
    expect([elsewhere.json.code, literal.json.code]).to.deep.equal(['bad-connection', 'bad-connection']);
    expect(elsewhere.json.detail).to.include(
      'http.token: the secret web-token is not for the host localhost',
    );
    expect(literal.json.detail)
      .to.include('http.token: must be the name of a secret')
      .and.not.include(WEB_TOKEN);
    expect(linked.json.ok).to.equal(false);
    expect(JSON.stringify(linked.json.findings)).to.include('link-local').and.not.include(WEB_TOKEN);
    const gone = await send('DELETE', '/v1/connections/open-data', undefined, { 'if-match': '"1"' });
    expect(gone.status).to.equal(204);
    expect(await readFile(forkline.logFile, 'utf8')).not.to.include(WEB_TOKEN);
  });

  it('may be to a Spark, with a secret as its token', async () => {
    await using spark = await fakeSpark({
      token: 'token-of-the-lake',
      fields: [{ name: 'n', type: { double: {} } }],
      execute(stream) {
        stream.batch(tableFromArrays({ n: Float64Array.from([1, 2]) }));
        stream.complete();
        stream.end();
      },
    });
    const { json } = await make('cluster', { kind: 'spark', url: spark.url, secret: 'lake-token' });
    expect(json).to.deep.include({ inUse: true, problem: null });
    expect((await ask('select n from t | assert n > 0', 'cluster')).json.rows).to.deep.equal([
      { n: 1 },
      { n: 2 },
    ]);
    const tested = await send('POST', '/v1/connections/cluster/test');
    expect(tested.json).to.deep.include({ ok: true, reached: true });
    await send('DELETE', '/v1/connections/cluster', undefined, { 'if-match': '*' });
    const elsewhere = { kind: 'spark', url: 'sc://spark.example.com/;use_ssl=true', secret: 'lake-token' };
    const refused = await send('POST', '/v1/connections', { name: 'cluster', ...elsewhere });
    expect(refused.json.detail).to.include('the secret lake-token is not for the host spark.example.com');
  });

  it('send a secret only from the connection and to the host that it is bound to, and nothing else of this machine', async () => {
    const cases: readonly (readonly [string, object, RegExp])[] = [
      [
        'other',
        { url: address, secret: 'reader' },
        /secret: the secret reader is not for the connection other/,
      ],
      [
        'extra',
        { url: 'env:READER' },
        /url: references such as env: and file: stand in the configuration only/,
      ],
    ];
    for (const [name, definition, told] of cases) {
      const refused = await send('POST', '/v1/connections', { name, ...definition });
      expect([refused.status, refused.json.code], JSON.stringify(definition)).to.deep.equal([
        422,
        'bad-connection',
      ]);
      expect(refused.json.detail).to.match(told);
      const tried = await send('POST', `/v1/connections/${name}/test`, definition);
      expect([tried.status, tried.json.code], JSON.stringify(definition)).to.deep.equal([
        422,
        'bad-connection',
      ]);
    }
    const log = await readFile(forkline.logFile, 'utf8');
    for (const secret of [password, 'not-the-password-of-anybody'])
      expect(log.includes(secret), 'no secret in the log').to.equal(false);
    expect(JSON.stringify(await listed())).to.not.include(password);
  });

  it('have names that nothing can be hidden in', async () => {
    for (const name of ['__proto__', "x'; drop table connection; --"]) {
      const refused = await send('POST', '/v1/connections', `{"name": ${JSON.stringify(name)}, "url": "x"}`);
      expect([refused.status, refused.json.code], name).to.deep.equal([422, 'bad-connection']);
      expect(refused.json.detail).to.include("a connection's name is");
    }
    await make('constructor', { kind: 'files', root: dir });
    expect((await ask('select 1 as n', 'constructor')).json.rows).to.deep.equal([{ n: 1 }]);
    const gone = await send('DELETE', '/v1/connections/constructor', undefined, { 'if-match': '*' });
    expect(gone.status).to.equal(204);
    expect((await ask('select 1 as n', 'constructor')).json.code).to.equal('unknown-connection');
    for (const body of ['[]', '7', '"x"', 'null', '{"name": 7}', '{', '{"url": "x"}'])
      expect((await send('POST', '/v1/connections', body)).status, body).to.equal(400);
    expect((await send('GET', '/v1/connections/nobody')).status).to.equal(404);
    expect((await send('POST', '/v1/connections/nobody/test')).status).to.equal(404);
    expect((await send('GET', '/v1/connections?x=1')).status).to.equal(400);
  });

  it('leave those of the configuration alone, and say how they are changed', async () => {
    for (const [method, path, body] of [
      ['POST', '/v1/connections', { name: 'main', kind: 'files', root: dir }],
      ['PUT', '/v1/connections/main', { kind: 'files', root: dir }],
      ['DELETE', '/v1/connections/main', undefined],
    ] as const) {
      const refused = await send(method, path, body);
      expect([refused.status, refused.json.code], method).to.deep.equal([409, 'read-only-connection']);
      expect(refused.json.hint).to.include('Change it there, and reload');
    }
    expect((await send('GET', '/v1/connections/main')).json).to.deep.equal({
      ...{ name: 'main', dialect: 'postgres', source: 'configuration' },
    });
  });

  it('are changed by two editors at once only by the one who knows the other', async () => {
    const root = { kind: 'files', root: dir };
    await make('both', root);
    const change = (tables: object, version: string | null) =>
      send(
        'PUT',
        '/v1/connections/both',
        { ...root, tables },
        version === null ? {} : { 'if-match': version },
      );
    const answers = await Promise.all([
      change({ one: { path: 'a.csv' } }, '"1"'),
      change({ two: { path: 'a.csv' } }, '"1"'),
    ]);
    expect(answers.map(({ status }) => status).sort()).to.deep.equal([200, 412]);
    expect((await change({}, null)).json).to.include({ code: 'version-missing', status: 428 });
    expect((await send('POST', '/v1/connections', { name: 'both', ...root })).json.code).to.equal(
      'version-conflict',
    );
    expect((await send('DELETE', '/v1/connections/both')).json.code).to.equal('version-missing');
    const shown = await send('GET', '/v1/connections/both');
    expect([shown.json.version, shown.headers.get('etag'), shown.json.inUse]).to.deep.equal([2, '"2"', true]);
    expect((await send('DELETE', '/v1/connections/both', undefined, { 'if-match': '"2"' })).status).to.equal(
      204,
    );
  });

  it('are tested: whether they are reached, which version that is, what the role may do; also before they are made', async () => {
    const draft = await send('POST', '/v1/connections/extra/test', { url: address, secret: 'reader' });
    expect(draft.json, JSON.stringify(draft.json)).to.deep.include({
      name: 'extra',
      kind: 'postgres',
      ok: true,
      reached: true,
    });
    const texts = draft.json.findings.map(({ text }: Json) => text).join('\n');
    expect(texts)
      .to.match(/^it is PostgreSQL \d+/m)
      .and.match(/^the role \w+ has no rights beyond/m)
      .and.match(/^statements only read: /m);
    expect((await listed()).map(({ name }) => name)).to.not.include('extra');
    expect((await send('POST', '/v1/connections/main/test')).json).to.deep.include({
      ok: true,
      reached: true,
    });
    await make('wrong', { url: address, secret: 'wrong-login' });
    const wrong = await send('POST', '/v1/connections/wrong/test');
    expect(wrong.json).to.deep.include({ ok: false, reached: false });
    expect(wrong.json.findings[0].text).to.include('it refuses the login');
    expect(JSON.stringify(wrong.json)).to.not.include('not-the-password-of-anybody');
    await send('DELETE', '/v1/connections/wrong', undefined, { 'if-match': '*' });
  });

  it('never reach link-local addresses and those of metadata, whatever they are called', async () => {
    for (const definition of [
      { url: 'postgresql://me@2852039166/d' },
      { kind: 'mariadb', url: 'mariadb://me@[::ffff:169.254.169.254]/d' },
      { kind: 'spark', url: 'sc://0xa9fea9fe:80' },
    ]) {
      const tried = await send('POST', '/v1/connections/bad/test', definition);
      expect(tried.json, definition.url).to.deep.include({ ok: false, reached: false });
      expect(tried.json.findings[0].text, definition.url).to.include('link-local');
    }
    const made = await make('bad', { url: 'postgresql://me@169.254.169.254/d' });
    expect(made.json.problem).to.include('link-local');
    expect((await current('bad')).json.detail).to.include('link-local');
    await send('DELETE', '/v1/connections/bad', undefined, { 'if-match': '*' });
  });

  it('a second server of the same store uses them within a second, also when it was told nothing', async () => {
    await using second = await startForkline({ store: { url: store.url, directories: [dir] } });
    await make('shared', { kind: 'files', root: dir });
    const seen = async (n: number): Promise<boolean> =>
      (await second.query('select count(*) as n from "a.csv"', { body: { connection: 'shared' } })).status ===
      n;
    await until(() => seen(200), DEADLINE_MS, 'the other server has it');
    // Written past both servers, without a notification.
    await store.admin(
      `with r as (update forkline.state set revision = revision + 1 returning revision),
            d as (delete from forkline.connection where name = 'shared')
       insert into forkline.change (revision, key) select revision, '@shared' from r`,
    );
    await until(() => seen(404), DEADLINE_MS, 'the other server has heard');
  });

  it('go on while the store is down, also over a restart', async () => {
    await make('kept', { url: address, secret: 'reader' });
    await store.close();
    expect((await current('kept')).status).to.equal(200);
    const refused = await send(
      'PUT',
      '/v1/connections/kept',
      { url: address, secret: 'reader' },
      { 'if-match': '"1"' },
    );
    expect([refused.status, refused.json.code]).to.deep.equal([503, 'store-unavailable']);
    process.kill((await forkline.processes()).find(({ role }) => role === 'server')!.pid, 'SIGKILL');
    const answered = async () => (await current('kept').catch(() => null))?.status === 200;
    await until(answered, DEADLINE_MS, 'an answer of the next server');
    const reloads = () => forkline.output().split('forkline: reloaded\n').length;
    const before = reloads();
    process.kill(forkline.monitorPid, 'SIGHUP');
    await until(() => reloads() > before, DEADLINE_MS, 'the reload has ended');
    expect((await current('kept')).status).to.equal(200);
    const kept = await readFile(join(forkline.dataDir, 'connections.json'), 'utf8');
    expect(kept).to.include('kept').and.not.include(password);
    await forkline.stop();
    forkline = await restart();
    expect((await current('kept')).status).to.equal(200);
    await store.open();
    const root = { kind: 'files', root: dir };
    const saved = async () =>
      (await send('POST', '/v1/connections', { name: 'later', ...root })).status === 201;
    await until(saved, DEADLINE_MS, 'the store takes changes again');
    expect((await listed()).map(({ name }) => name)).to.include.members(['main', 'kept', 'later']);
  });
});
