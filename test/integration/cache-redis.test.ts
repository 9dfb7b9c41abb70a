/** Two Forklines that share kept answers through a real Redis, also when that is slow, gone, full, or has something else under our names. */
import { expect } from 'chai';
import { testDatabase } from '../support/database.ts';
import { type Answer, type Forkline, startForkline } from '../support/forkline.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';

const KEY = 'a-key-that-two-forklines-share-0123456789';

describe('answers that two Forklines share through Redis', function () {
  this.timeout(60_000);
  let redis: TestRedis;
  let one: Forkline;
  let two: Forkline;

  before(async function () {
    redis = await startRedis(this);
    const { admin } = await testDatabase();
    await admin('drop table if exists shared_by_redis; create table shared_by_redis as select 1 as v');
    await admin('grant select on shared_by_redis to public');
    const cache = {
      mode: 'on',
      minMs: 0,
      maxAgeMs: 3_600_000,
      redisUrl: redis.url,
      redisKey: 'env:SHARED_KEY',
    };
    const env = { SHARED_KEY: KEY };
    [one, two] = await Promise.all([startForkline({ cache }, { env }), startForkline({ cache }, { env })]);
    await areSharing();
  });
  after(async () => {
    await Promise.all([one?.stop(), two?.stop()]);
    await redis?.stop();
    await (await testDatabase()).admin('drop table if exists shared_by_redis');
  });

  const status = ({ headers }: Answer): string => headers.get('cache-status') ?? '';
  const value = ({ json }: Answer): unknown => (json.rows[0] as { r: unknown }).r;
  const metric = async (forkline: Forkline, name: string): Promise<number> => {
    const pattern = new RegExp(`^${name.replace(/[{}"]/g, '\\$&')} (\\S+)$`, 'm');
    return Number(pattern.exec((await forkline.get('/metrics')).text)?.[1] ?? 0);
  };
  const looked = (forkline: Forkline, outcome: string): Promise<number> =>
    metric(forkline, `forkline_cache_shared_looked_total{outcome="${outcome}"}`);
  const put = (forkline: Forkline, outcome: string): Promise<number> =>
    metric(forkline, `forkline_cache_shared_put_total{outcome="${outcome}"}`);
  const areSharing = (): Promise<unknown> =>
    until(async () => {
      const up = await Promise.all([one, two].map((each) => metric(each, 'forkline_cache_shared_up')));
      return up.every((isUp) => isUp === 1);
    }, 20_000);
  /** Each run of it gives another number, so that it shows who has run it. */
  const query = (name: string): string => `set cache = 1h; select random() as r, '${name}' as name`;
  /** Resolves to the answer of the first Forkline, once it is in Redis. */
  const shared = async (text: string): Promise<Answer> => {
    const before = (await keys()).length;
    const answer = await one.query(text);
    await until(async () => (await keys()).length > before, 10_000);
    return answer;
  };
  const purge = async (forkline: Forkline, body: object): Promise<object> => {
    const headers = { 'content-type': 'application/json' };
    const sent = await fetch(`${forkline.url}/v1/cache/purge`, {
      ...{ method: 'POST', headers, body: JSON.stringify(body) },
    });
    expect(sent.status).to.equal(200);
    return (await sent.json()) as object;
  };
  const keys = async (): Promise<string[]> => (await redis.command('KEYS', 'forkline:answer:*')) as string[];

  it('are sent by the other one as they were made, in every format', async () => {
    for (const format of ['json', 'ndjson', 'csv', 'parquet']) {
      const body = { format };
      const text = `set cache = 1h; select n, md5(random()::text) as r from generate_series(1, 2000) n where '${format}' <> ''`;
      const before = await put(one, 'done');
      const first = await one.query(text, body);
      await until(async () => (await put(one, 'done')) > before, 10_000);
      const second = await two.query(text, body);
      expect(status(second), format).to.match(/^forkline; hit; ttl=\d+$/);
      const withoutStats = ({ text: whole }: Answer): string =>
        whole.replace(/"stats":\{.*$/s, '').replace(/"@end":\{.*$/s, '');
      expect(withoutStats(second), format).to.equal(withoutStats(first));
    }
  });

  it('are stale for both when one of them is told of a change, also answers that are only in Redis', async () => {
    const text = 'set cache = 1h; select random() as r, v from shared_by_redis';
    const first = await shared(text);
    expect(value(await two.query(text))).to.equal(value(first));
    expect(await purge(two, { tables: ['shared_by_redis'] })).to.include({ told: true });
    await until(async () => !status(await one.query(text)).includes('; hit'), 10_000);
    const only = 'set cache = 1h; select random() as r, v, 2 as two from shared_by_redis';
    const second = await shared(only);
    await purge(one, { tables: ['shared_by_redis'] });
    const run = await two.query(only);
    expect(status(run)).not.to.include('; hit');
    expect(value(run)).not.to.equal(value(second));
    expect(await looked(two, 'stale')).to.be.above(0);
  });

  it('are not taken when something else is under their name: unsigned, of another name, changed, huge, of another type', async () => {
    await shared(query('donor'));
    const [donor] = await keys();
    const others: ((name: string) => Promise<unknown>)[] = [
      (name) => redis.command('SET', name, 'rubbish'),
      (name) => redis.command('COPY', donor!, name, 'REPLACE'),
      (name) => redis.command('SETRANGE', name, '60', 'x'),
      (name) => redis.command('SETRANGE', name, '70000000', 'x'),
      async (name) => {
        await redis.command('DEL', name);
        return redis.command('LPUSH', name, 'x');
      },
    ];
    for (const [index, damage] of others.entries()) {
      const before = await keys();
      const text = query(`foreign ${index}`);
      const first = await shared(text);
      const name = (await keys()).find((each) => !before.includes(each))!;
      await damage(name);
      const foreign = await looked(two, 'foreign');
      const answer = await two.query(text);
      expect(answer.status, String(index)).to.equal(200);
      expect(value(answer), String(index)).not.to.equal(value(first));
      expect(await looked(two, 'foreign'), String(index)).to.equal(foreign + 1);
    }
  });

  it('are made here when Redis is full, and when it does not answer: nobody waits longer than the time for it', async () => {
    await redis.command('CONFIG', 'SET', 'maxmemory', '1');
    const failed = await put(one, 'failed');
    expect((await one.query(query('full'))).status).to.equal(200);
    await until(async () => (await put(one, 'failed')) > failed, 10_000);
    expect(status(await one.query(query('full')))).to.include('; hit');
    await redis.command('CONFIG', 'SET', 'maxmemory', '0');
    await areSharing();
    process.kill(redis.pid, 'SIGSTOP');
    try {
      const answers = await Promise.all([1, 2, 3, 4, 5].map((n) => two.query(query(`slow ${n}`))));
      expect(answers.map((answer) => answer.status)).to.deep.equal([200, 200, 200, 200, 200]);
      expect(await looked(two, 'slow')).to.be.above(0);
    } finally {
      process.kill(redis.pid, 'SIGCONT');
    }
    await areSharing();
  });

  it('are made here when Redis is gone, shared again when it is back, and a change meanwhile is told then', async () => {
    await redis.kill();
    const text = 'set cache = 1h; select random() as r, v, 3 as three from shared_by_redis';
    expect((await one.query(text)).status).to.equal(200);
    const kept = await two.query(text);
    expect(kept.status).to.equal(200);
    expect(status(await two.query(text))).to.include('; hit');
    expect(await purge(one, { tables: ['shared_by_redis'] })).to.include({ told: false });
    expect(status(await two.query(text))).to.include('; hit');
    await redis.restart();
    await areSharing();
    await until(async () => !status(await two.query(text)).includes('; hit'), 10_000);
    // Each server finds Redis again in its own time.
    let round = 0;
    await until(async () => {
      const again = query(`after the restart ${round++}`);
      const first = await shared(again);
      return value(await two.query(again)) === value(first);
    }, 20_000);
  });

  it('are shared again after somebody emptied Redis', async () => {
    await redis.command('FLUSHALL');
    let round = 0;
    await until(async () => {
      const text = query(`emptied ${round++}`);
      const first = await shared(text);
      return value(await two.query(text)) === value(first);
    }, 20_000);
  });

  it('show the secrets of Redis in no line of the log', async () => {
    for (const forkline of [one, two])
      expect((await forkline.logLines()).filter((line) => line.includes(KEY))).to.deep.equal([]);
  });
});
