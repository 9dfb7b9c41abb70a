/** Changes that a database tells: answers made before are stale at once, whatever table of a partitioned one the statement names. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { testDatabase } from '../support/database.ts';
import { type Answer, type Forkline, startForkline } from '../support/forkline.ts';
import { type TcpProxy, tcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';

const run = promisify(execFile);
const COMMAND = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

describe('changes that a database tells', function () {
  this.timeout(60_000);
  let forkline: Forkline;
  let proxy: TcpProxy;
  let admin: Awaited<ReturnType<typeof testDatabase>>['admin'];

  before(async () => {
    const database = await testDatabase();
    admin = database.admin;
    await admin(`create schema if not exists "Told.s";
      drop table if exists told, "Told.s"."t.x", told_parts;
      create table told as select 1 as v;
      create table "Told.s"."t.x" as select 1 as v;
      create table told_parts (v int) partition by list (v);
      create table told_part_1 partition of told_parts for values in (1);
      create table told_part_2 partition of told_parts for values in (2);
      grant usage on schema "Told.s" to public;
      grant select on told, "Told.s"."t.x", told_parts, told_part_1, told_part_2 to public`);
    for (const table of ['told', '"Told.s"."t.x"', 'told_parts'])
      await admin((await run(process.execPath, [COMMAND, 'cache', 'trigger', table])).stdout);
    const target = new URL(database.url);
    proxy = await tcpProxy({ host: target.hostname, port: Number(target.port) });
    target.port = String(proxy.port);
    forkline = await startForkline({
      connections: { main: { url: target.href } },
      cache: { mode: 'on', minMs: 0, maxAgeMs: 3_600_000, listen: ['main'] },
    });
    await heard();
  });
  after(async () => {
    await forkline?.stop();
    await proxy?.[Symbol.asyncDispose]();
    await admin(
      'drop table told, told_parts; drop schema "Told.s" cascade; drop function forkline_changed() cascade',
    );
  });

  const status = ({ headers }: Answer): string => headers.get('cache-status') ?? '';
  const metric = async (name: string): Promise<number> =>
    Number(new RegExp(`^${name} (\\S+)$`, 'm').exec((await forkline.get('/metrics')).text)?.[1]);
  const heard = () => until(async () => (await metric('forkline_cache_connections_unheard')) === 0, 20_000);
  /** Resolves to the answer once it is kept. */
  const kept = (query: string): Promise<Answer> =>
    until(async () => {
      const answer = await forkline.query(query);
      return /; hit; ttl=\d/.test(status(answer)) ? answer : null;
    }, 10_000);
  /** Runs the statement, and expects that the kept answer counts no more. */
  const becomesStale = async (query: string, statement: string): Promise<Answer> => {
    await kept(query);
    const before = await metric('forkline_cache_changes_heard_total');
    await admin(statement);
    await until(async () => (await metric('forkline_cache_changes_heard_total')) > before, 10_000);
    const answer = await forkline.query(query);
    expect(status(answer), statement).to.match(/fwd=stale/);
    return answer;
  };

  it('make answers stale that read the table, by whichever statement, and no others', async () => {
    const other = 'select count(*) as untouched from flights';
    const query = 'select coalesce(sum(v), 0)::int as v from told';
    for (const [statement, v] of [
      ['insert into told values (2)', 3],
      ['update told set v = 4', 8],
      ['delete from told where ctid in (select ctid from told limit 1)', 4],
      ['truncate told', 0],
    ] as const) {
      await kept(other);
      const answer = await becomesStale(query, statement);
      expect(answer.json.rows, statement).to.deep.equal([{ v }]);
      expect(status(await forkline.query(other)), statement).to.include('; hit');
    }
    await becomesStale('select count(*) as n from "Told.s"."t.x"', 'insert into "Told.s"."t.x" values (3)');
  });

  it('reach partitions and the whole, whichever of them the statement names', async () => {
    const whole = 'select count(*) as n from told_parts';
    const part = 'select count(*) as n from told_part_2';
    await becomesStale(whole, 'insert into told_part_1 values (1)');
    await becomesStale(whole, 'insert into told_parts values (2)');
    await becomesStale(part, 'insert into told_parts values (2)');
    await kept(part);
    await becomesStale(whole, 'insert into told_part_1 values (1)');
    expect(status(await forkline.query(part))).to.include('; hit');
  });

  it('are heard as anybody tells them: by the name of a table, or of everything', async () => {
    const query = 'select count(*) as by_name from told';
    await becomesStale(query, `notify forkline_changed, 'told'`);
    await becomesStale(query, `notify forkline_changed, 'public.told'`);
    await becomesStale(query, 'notify forkline_changed');
    await becomesStale(query, `notify forkline_changed, '{"tab'`);
  });

  it('are not missed while the connection is away: no answer is fresh until changes are heard again', async () => {
    const query = 'select coalesce(max(v), 0)::int as v from told';
    await kept(query);
    proxy.drop();
    await until(async () => (await metric('forkline_cache_connections_unheard')) === 1, 20_000);
    await admin('insert into told values (70)');
    const away = await forkline.query(query, { headers: { 'cache-control': 'only-if-cached' } });
    expect(away.status).to.equal(504);
    proxy.restore();
    await heard();
    await until(async () => (await forkline.query('select 1 as one')).status === 200, 20_000);
    const back = await forkline.query(query);
    expect(back.json.rows).to.deep.equal([{ v: 70 }]);
    await kept(query);
  });

  it('are heard again after the worker that heard them was killed', async () => {
    const query = 'select count(*) as after_kill from told';
    for (const { pid } of (await forkline.processes()).filter(({ role }) => role === 'sql'))
      process.kill(pid, 'SIGKILL');
    const events = async (event: string): Promise<number> =>
      (await forkline.logLines()).filter((line) => line.includes(`"event":"${event}"`)).length;
    await until(async () => (await events('cache-changes-unheard')) >= 2, 20_000);
    await until(async () => (await events('cache-changes-heard')) >= 3, 20_000);
    await until(async () => (await forkline.query('select 1 as one')).status === 200, 20_000);
    await becomesStale(query, 'insert into told values (71)');
  });
});
