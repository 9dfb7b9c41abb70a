/** Connections that change while Forkline runs: the processes go on, and what is new is in force when the reload has ended. */
import { readFile, writeFile } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { expect } from 'chai';
import { testDatabase } from '../support/database.ts';
import { type Forkline, SEVERAL_PROCESSES, startForkline } from '../support/forkline.ts';
import { until } from '../support/until.ts';

const DEADLINE_MS = 30_000;

type Connections = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Writes the configuration with these connections, and other members if given, and waits for the reload's end. */
async function reload(forkline: Forkline, connections: Connections, more: object = {}): Promise<void> {
  const config = JSON.parse(await readFile(forkline.configFile, 'utf8')) as object;
  await writeFile(forkline.configFile, JSON.stringify({ ...config, ...more, connections }));
  const reloads = () => forkline.output().split('forkline: reloaded\n').length;
  const before = reloads();
  process.kill(forkline.monitorPid, 'SIGHUP');
  await until(() => reloads() > before, DEADLINE_MS, 'the reload has ended');
}

/** The processes that are no DSL workers, whose number changes by itself. */
async function pids(forkline: Forkline): Promise<string[]> {
  const rows = (await forkline.processes()).filter(({ role }) => role !== 'dsl');
  return rows.map(({ workerId, pid }) => `${workerId} ${pid}`).sort();
}

const ask = (forkline: Forkline, text: string, connection: string) =>
  forkline.query(text, { body: { connection } });

describe('connections that change at run time', function () {
  this.timeout(120_000);
  let main: { url: string };
  /** Another database of the same cluster. */
  let elsewhere: { url: string };
  before(async () => {
    const { url } = await testDatabase();
    main = { url };
    const other = new URL(url);
    other.pathname = '/postgres';
    elsewhere = { url: other.href };
    shared = await startForkline({
      ...SEVERAL_PROCESSES,
      connections: { main },
      defaultConnection: 'main',
    });
  });
  after(() => shared.stop());

  /** The Forkline of those tests after which it is as before, but for its connections. */
  let shared: Forkline;
  async function having(connections: Connections): Promise<Forkline> {
    const config = JSON.parse(await readFile(shared.configFile, 'utf8')) as { connections: Connections };
    // A reload without a change is one with a new generation of processes.
    if (!isDeepStrictEqual(config.connections, connections)) await reload(shared, connections);
    if (connections.extra === undefined)
      await until(
        async () => (await sessionsElsewhere()) === 0,
        DEADLINE_MS,
        'no session of the test before',
      );
    return shared;
  }

  const databaseOf = async (forkline: Forkline, connection: string): Promise<unknown> => {
    const answer = await ask(forkline, 'select current_database()::text as d | eval n = 1', connection);
    expect(answer.status, answer.text).to.equal(200);
    return answer.json.rows[0]?.d;
  };

  /** Sessions of SQL workers in the other database, those that are about to end included. */
  const sessionsElsewhere = async (): Promise<number> => {
    const { admin } = await testDatabase();
    const { rows } = await admin(
      "select count(*)::int as n from pg_stat_activity where datname = 'postgres' and application_name like 'forkline%'",
    );
    return (rows[0] as { n: number }).n;
  };

  it('an added one answers, with and without stages, and no process is replaced', async () => {
    const forkline = await having({ main });
    const before = await pids(forkline);
    expect((await ask(forkline, 'select 1 as n', 'extra')).json).to.include({ code: 'unknown-connection' });
    await reload(forkline, { main, extra: elsewhere });
    expect(await databaseOf(forkline, 'extra')).to.equal('postgres');
    const plain = await ask(forkline, 'select current_database()::text as d', 'extra');
    expect(plain.json.rows).to.deep.equal([{ d: 'postgres' }]);
    const both = await ask(forkline, 'select 1 as a | join (@extra select 1 as a, 2 as b) on a', 'main');
    expect(both.status, both.text).to.equal(200);
    expect(await databaseOf(forkline, 'main')).to.not.equal('postgres');
    expect(await pids(forkline)).to.deep.equal(before);
    // Two workers with two sessions each.
    await until(async () => (await sessionsElsewhere()) === 4, DEADLINE_MS, 'a session for each slot');
    const slots = (await forkline.get('/metrics')).text;
    expect(slots).to.match(/^forkline_sql_slots 4$/m);
  });

  it('a removed one ends its queries normally and takes no new ones', async () => {
    const forkline = await having({ main, extra: elsewhere });
    const before = await pids(forkline);
    const running = forkline.query('select 7 as n, pg_sleep(10)::text as s', {
      body: { connection: 'extra' },
      headers: { 'query-id': 'on-its-way' },
    });
    await until(
      async () => (await forkline.get('/v1/queries/on-its-way')).json.phase === 'sql',
      DEADLINE_MS,
      'it runs',
    );
    await reload(forkline, { main });
    const refused = await ask(forkline, 'select 1 as n', 'extra');
    expect(refused.status).to.equal(404);
    expect(refused.json).to.include({ code: 'unknown-connection' });
    await until(async () => (await sessionsElsewhere()) === 1, DEADLINE_MS, 'only its session is left');
    expect((await forkline.get('/v1/queries/on-its-way')).json.state).to.equal('running');
    expect((await running).json.rows).to.deep.equal([{ n: 7, s: '' }]);
    await until(async () => (await sessionsElsewhere()) === 0, DEADLINE_MS, 'its sessions have ended');
    expect(await databaseOf(forkline, 'main')).to.be.a('string');
    expect(await pids(forkline)).to.deep.equal(before);
  });

  it('one with another URL gives new sessions, and plans anew', async () => {
    const forkline = await having({ main, extra: main });
    const before = await pids(forkline);
    const first = await databaseOf(forkline, 'extra');
    expect(first).to.not.equal('postgres');
    await reload(forkline, { main, extra: elsewhere });
    expect(await databaseOf(forkline, 'extra')).to.equal('postgres');
    await reload(forkline, { main, extra: main });
    expect(await databaseOf(forkline, 'extra')).to.equal(first);
    await until(async () => (await sessionsElsewhere()) === 0, DEADLINE_MS, 'the old sessions have ended');
    expect(await pids(forkline)).to.deep.equal(before);
  });

  it('one with other options judges by them at once', async () => {
    const { admin } = await testDatabase();
    await admin(
      'create or replace function changed_options() returns int language sql volatile as $$ select 5 $$',
    );
    const forkline = await having({ main });
    const before = await pids(forkline);
    const text = 'select changed_options() as n';
    expect((await ask(forkline, text, 'main')).status).to.equal(403);
    await reload(forkline, { main: { ...main, allowFunctions: ['public.changed_options'] } });
    const allowed = await ask(forkline, text, 'main');
    expect(allowed.json.rows, allowed.text).to.deep.equal([{ n: 5 }]);
    await reload(forkline, { main });
    expect((await ask(forkline, text, 'main')).status).to.equal(403);
    expect(await pids(forkline)).to.deep.equal(before);
  });

  it('bad ones are told, and leave the others alone', async () => {
    const forkline = await having({ main });
    const before = await pids(forkline);
    const wrong = new URL(main.url);
    wrong.username = 'nobody_of_this_name';
    wrong.password = 'wrong-password-of-a-test';
    const away = { url: 'postgresql://ann@127.0.0.1:1/x' };
    await reload(
      forkline,
      { main, extra: elsewhere, wrong: { url: wrong.href }, away },
      { defaultConnection: 'main' },
    );
    await until(() => /^forkline: connection away: .+/m.test(forkline.output()), DEADLINE_MS, 'away is told');
    await until(
      () => /^forkline: connection wrong: .+/m.test(forkline.output()),
      DEADLINE_MS,
      'wrong is told',
    );
    expect(forkline.output()).to.not.match(/connection (main|extra):|wrong-password-of-a-test/);
    expect(await databaseOf(forkline, 'extra')).to.equal('postgres');
    for (const name of ['away', 'wrong'])
      expect((await ask(forkline, 'select 1 as n', name)).json).to.include({ code: 'database-unavailable' });
    const lines = (await forkline.logLines()).filter((line) => line.includes('"connection-unreachable"'));
    expect(lines).to.have.length(2);
    expect(await pids(forkline)).to.deep.equal(before);
  });

  it('are those of a worker, and of a server, that starts afterwards', async () => {
    await using forkline = await startForkline({ sql: { processes: 1 } });
    await reload(forkline, { main, extra: elsewhere });
    for (const role of ['sql', 'server']) {
      const old = (await forkline.processes()).find((row) => row.role === role)!;
      process.kill(old.pid, 'SIGKILL');
      const another = async () => {
        const rows = await forkline.processes().catch(() => []); // the test's own server may be among them
        return rows.some((row) => row.role === role && row.pid !== old.pid && row.state === 'ready');
      };
      await until(another, DEADLINE_MS, `another ${role}`);
      const answered = async () => (await databaseOf(forkline, 'extra').catch(() => null)) === 'postgres';
      await until(answered, DEADLINE_MS, `an answer after the ${role}`);
    }
  });

  it('together with other changes make a new generation, as every other change does', async () => {
    await using forkline = await startForkline(SEVERAL_PROCESSES);
    const before = await pids(forkline);
    await reload(forkline, { main, extra: elsewhere }, { limits: { timeoutMs: 12_345 } });
    // The old server still answers on connections that it has.
    const answered = async () => (await ask(forkline, 'select 1 as n', 'extra')).status === 200;
    await until(answered, DEADLINE_MS, 'the new server answers');
    await until(
      async () => (await pids(forkline)).filter((pid) => before.includes(pid)).length === 2,
      DEADLINE_MS,
      'nobody is left but the monitor and the logger',
    );
  });
});
