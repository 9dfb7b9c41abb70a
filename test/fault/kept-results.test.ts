/** Kept answers through faults: restarts, reloads, damaged and cut files, a full disk, killed servers, a database that is away. */
import { execFileSync } from 'node:child_process';
import {
  appendFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { testDatabase } from '../support/database.ts';
import { type Answer, type Forkline, startForkline } from '../support/forkline.ts';
import { tcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';

const CACHE = { mode: 'on', minMs: 0 };
const KEPT = 'set cache = 1h; select random() as r, count(*) as n from flights';

describe('kept answers through faults', function () {
  this.timeout(120_000);
  let dataDir: string;

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'forkline-kept-'));
  });
  afterEach(() => rm(dataDir, { recursive: true, force: true }));

  const start = (overrides: object = {}): Promise<Forkline> =>
    startForkline({ dataDir, cache: CACHE, ...overrides });
  const status = ({ headers }: Answer): string => headers.get('cache-status') ?? '';
  const value = ({ json }: Answer): number => (json.rows[0] as { r: number }).r;
  const entries = async (): Promise<string[]> =>
    (await readdir(join(dataDir, 'results'))).filter((name) => /^[0-9a-f]{48}$/.test(name));
  const metric = async (forkline: Forkline, name: string): Promise<number> => {
    const { text } = await forkline.get('/metrics');
    return Number(
      text
        .split('\n')
        .find((line) => line.startsWith(`${name} `))
        ?.split(' ')[1] ?? Number.NaN,
    );
  };

  it('keeps them over a restart and a reload, forgets no purge, and sends nothing of a connection that leads to another database now', async () => {
    const { adminUrl } = await testDatabase();
    let first: number;
    {
      await using forkline = await start();
      first = value(await forkline.query(KEPT));
      expect(value(await forkline.query(KEPT))).to.equal(first);
      // Two Forklines on one directory: the second one is refused, and the first one goes on.
      const refused = await start().then(
        () => 'it started',
        (error: Error) => error.message,
      );
      expect(refused).to.match(/already|another|in use/i);
      expect(value(await forkline.query(KEPT))).to.equal(first);
    }
    {
      await using forkline = await start();
      const again = await forkline.query(KEPT);
      expect(status(again)).to.match(/^forkline; hit/);
      expect(value(again)).to.equal(first);
      await reload(forkline, (config) => ({ ...config, limits: { perClient: 63 } }));
      expect(value(await forkline.query(KEPT))).to.equal(first);
      await purge(forkline, { tables: ['flights'] });
    }
    await using forkline = await start();
    const second = value(await forkline.query(KEPT));
    expect(second).not.to.equal(first);
    await until(async () => value(await forkline.query(KEPT)) === second, 5000);
    const main = { url: adminUrl, allowPowerfulRole: true };
    await reload(forkline, (config) => ({ ...config, connections: { main } }));
    expect(value(await forkline.query(KEPT))).not.to.equal(second);
  });

  it('takes a damaged or cut file for a miss, counts it, and makes the answer anew', async () => {
    const damages: ((path: string) => Promise<void>)[] = [
      async (path) => {
        const bytes = await readFile(path);
        bytes[3]! ^= 1;
        await writeFile(path, bytes);
      },
      async (path) => truncate(path, (await stat(path)).size - 1),
      async (path) => truncate(path, 3),
      async (path) => truncate(path, 0),
      async (path) => appendFile(path, 'x'),
      async (path) => {
        const bytes = await readFile(path);
        bytes[bytes.length - 40]! ^= 1;
        await writeFile(path, bytes);
      },
    ];
    // Without memory for bodies each answer is read from its file.
    await using forkline = await start({ results: { memoryBytes: 0 } });
    for (const [index, damage] of damages.entries()) {
      const before = value(await forkline.query(KEPT));
      await until(async () => status(await forkline.query(KEPT)).includes('; hit'), 5000);
      const [id] = await entries();
      await damage(join(dataDir, 'results', id!));
      const answer = await forkline.query(KEPT);
      expect(answer.status, `damage ${index}`).to.equal(200);
      expect(status(answer), `damage ${index}`).to.equal('forkline; fwd=miss; stored');
      expect(value(answer)).not.to.equal(before);
      expect(await metric(forkline, 'forkline_results_trouble_total{reason="damaged"}')).to.equal(index + 1);
    }
  });

  it('answers on with a full disk, keeps nothing, and tells it', async function () {
    const dir = join(dataDir, 'results');
    await mkdir(dir, { recursive: true });
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', dir], { stdio: 'ignore' });
    } catch {
      console.log('      no tmpfs can be mounted here: needs root and mount(8)');
      this.skip();
    }
    try {
      await using forkline = await start();
      const large = 'set cache = 1h; select n, md5(n::text) as m from generate_series(1, 20000) n';
      for (const format of ['csv', 'json']) {
        const answer = await forkline.query(large, { format });
        expect(answer.status).to.equal(200);
        expect(answer.text.length).to.be.greaterThan(500_000);
      }
      await until(
        async () => (await metric(forkline, 'forkline_results_trouble_total{reason="disk"}')) >= 2,
        10_000,
      );
      expect(await readdir(dir)).to.deep.equal([]);
      expect(status(await forkline.query(large))).not.to.include('hit');
    } finally {
      execFileSync('umount', [dir]);
    }
  });

  it('keeps to its bounds, least recently used out first, and sends an answer over the bound whole', async () => {
    await using forkline = await start({ results: { maxEntries: 3, maxEntryBytes: 100_000 } });
    const large = 'set cache = 1h; select n, repeat(md5(n::text), 10) as t from generate_series(1, 5000) n';
    const [one, two] = await Promise.all([forkline.query(large), forkline.query(large)]);
    expect(one.json.rowCount).to.equal(5000);
    expect(two.json.rowCount).to.equal(5000);
    expect(status(await forkline.query(large))).not.to.include('hit');
    expect(await entries()).to.deep.equal([]);
    const query = (n: number) => `set cache = 1h; select random() as r, ${n} as n`;
    const isKept = (n: number) => async () => status(await forkline.query(query(n))).includes('; hit');
    for (const n of [1, 2, 3]) await until(isKept(n), 5000);
    await until(isKept(1), 5000);
    await until(isKept(4), 5000);
    await until(async () => (await entries()).length === 3, 5000);
    expect(status(await forkline.query(query(1)))).to.include('; hit');
    expect(status(await forkline.query(query(2)))).to.include('fwd=miss');
  });

  it('survives the kill of a server in the middle of writing: nothing half is ever sent', async () => {
    await using forkline = await start();
    const query = 'set cache = 1h; select n, repeat(md5(n::text), 20) as t from generate_series(1, 300000) n';
    const running = [1, 2, 3].map(() =>
      forkline.query(query, { format: 'ndjson' }).catch((error: Error) => error),
    );
    await until(
      async () => (await readdir(join(dataDir, 'results'))).some((name) => name.endsWith('.part')),
      20_000,
    );
    const server = (await forkline.processes()).find(({ role }) => role === 'server')!;
    process.kill(server.pid, 'SIGKILL');
    await Promise.all(running);
    await until(async () => (await forkline.query('select 1 as one')).status === 200, 20_000);
    const answer = await forkline.query(query, { format: 'ndjson' });
    expect(JSON.parse(answer.text.trimEnd().split('\n').at(-1)!)).to.have.nested.property(
      '@end.rowCount',
      300_000,
    );
    expect(status(answer)).not.to.include('; hit');
    const isPart = (name: string): boolean => name.endsWith('.part');
    await until(
      async () => !(await readdir(join(dataDir, 'results'))).some(isPart),
      20_000,
      'parts are gone',
    );
  });

  it('sends a stale answer when the database is away, as long as that is allowed', async () => {
    const target = new URL((await testDatabase()).url);
    await using proxy = await tcpProxy({ host: target.hostname, port: Number(target.port) });
    const url = new URL(target);
    url.port = String(proxy.port);
    await using forkline = await start({
      connections: { main: { url: url.href } },
      limits: { timeoutMs: 3000 },
      sql: { processes: 1, connectionsPerProcess: 2, acquireTimeoutMs: 500 },
      cache: { ...CACHE, staleIfErrorMs: 3_600_000 },
    });
    const first = await forkline.query(KEPT);
    await until(async () => status(await forkline.query(KEPT)).includes('; hit'), 5000);
    await purge(forkline, { everything: true });
    proxy.drop();
    const away = await forkline.query(KEPT);
    expect(away.status).to.equal(200);
    expect(status(away)).to.match(/^forkline; hit; ttl=-\d+; detail=stale-if-error$/);
    expect(value(away)).to.equal(value(first));
    const refused = await forkline.query(KEPT, { headers: { 'cache-control': 'stale-if-error=0' } });
    expect(refused.status).to.be.greaterThanOrEqual(500);
    proxy.restore();
  });

  it('serves others while a client reads a kept answer slowly, and lets the client go on', async () => {
    await using forkline = await start({ results: { memoryBytes: 0 } });
    const query =
      'set cache = 1h; select n, repeat(md5(random()::text), 60) as t from generate_series(1, 8000) n';
    await forkline.query(query, { format: 'ndjson' });
    await until(
      async () => status(await forkline.query(query, { format: 'ndjson' })).includes('; hit'),
      10_000,
    );
    const path = `/v1/query?format=ndjson&q=${encodeURIComponent(query)}`;
    const slow = await new Promise<import('node:http').IncomingMessage>((resolve) => {
      get(`${forkline.url}${path}`, { agent: false }, resolve).on('error', () => {});
    });
    slow.pause();
    expect(slow.headers['cache-status']).to.match(/^forkline; hit/);
    const server = (await forkline.processes()).find(({ role }) => role === 'server')!;
    expect(server.rssBytes).to.be.lessThan(400 * 1024 * 1024);
    // No database connection is held: both may be used by others.
    const others = await Promise.all([1, 2, 3, 4].map((n) => forkline.query(`select ${n} as n`)));
    expect(others.map((answer) => answer.status)).to.deep.equal([200, 200, 200, 200]);
    await forkline.query('set cache = off; select 1');
    await purge(forkline, { everything: true, remove: true });
    let bytes = 0;
    slow.on('data', (piece: Buffer) => {
      bytes += piece.length;
    });
    const ended = new Promise((resolve, reject) => slow.on('end', resolve).on('error', reject));
    slow.resume(); // a listener alone does not end the pause
    await ended;
    expect(String(bytes)).to.equal(slow.headers['content-length']);
  });

  async function purge(forkline: Forkline, body: object): Promise<void> {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${forkline.url}/v1/cache/purge`, {
      ...{ method: 'POST', headers, body: JSON.stringify(body) },
    });
    expect(answer.status, await answer.text()).to.equal(200);
  }

  async function reload(forkline: Forkline, change: (config: object) => object): Promise<void> {
    const config = JSON.parse(await readFile(forkline.configFile, 'utf8')) as object;
    await writeFile(forkline.configFile, JSON.stringify(change(config)));
    process.kill(forkline.monitorPid, 'SIGHUP');
    await until(() => forkline.output().includes('forkline: reloaded'), 20_000);
  }
});
