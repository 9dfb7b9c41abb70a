/** A login for each role, on a real PostgreSQL: row-level security keyed by current_user holds against free SQL, caches and queues. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { type Forkline, startForkline } from '../support/forkline.ts';
import { inTime } from '../support/in-time.ts';
import { roleTricks } from '../support/role-tricks.ts';
import { until } from '../support/until.ts';

const COMMAND = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const run = promisify(execFile);
const PASSWORDS = { role_north: 'north-PaSs-4711', role_south: 'south-PaSs-4712' };

const SETUP = `
  create role role_north login password '${PASSWORDS.role_north}';
  create role role_south login password '${PASSWORDS.role_south}';
  create table secrets (owner text, note text);
  insert into secrets values ('role_north', 'of the north'), ('role_south', 'of the south');
  alter table secrets enable row level security;
  create policy own_rows on secrets using (owner = current_user);
  create view secrets_of_owner with (security_invoker = true) as select * from secrets;
  create function leaky(text) returns text language plpgsql immutable cost 0.0001
    as $$ begin raise notice '%', $1; return $1; end $$;
  create table only_south (a int);
  create schema role_north authorization role_north;
  create schema role_south authorization role_south;
  create table role_north.mine as select 1 as northern;
  create table role_south.mine as select 1 as southern;
  grant select on role_north.mine to role_north;
  grant select on role_south.mine to role_south;
  grant select on secrets, secrets_of_owner to role_north, role_south;
  grant select on only_south to role_south;
  analyze secrets`;
const TEAR_DOWN = `drop view secrets_of_owner; drop table secrets, only_south; drop function leaky(text);
  drop schema role_north cascade; drop schema role_south cascade;
  drop role role_north; drop role role_south`;

const POLICY = {
  roles: {
    north: { connections: ['crm'] },
    south: { connections: ['crm'] },
    loginless: { connections: ['crm'] },
    everywhere: { connections: '*', processes: true },
  },
};

interface Asked {
  readonly status: number;
  readonly text: string;
  readonly json: {
    readonly code?: string;
    readonly detail?: string;
    readonly hint?: string;
    readonly rows?: readonly Readonly<Record<string, unknown>>[];
    readonly items?: readonly { readonly text: string }[];
  };
}

describe('logins of roles', function () {
  this.timeout(120_000);
  let dir: string;
  let database: TestDatabase;
  let forkline: Forkline;
  let env: Record<string, string>;
  const keys = new Map<string, string>();

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'forkline-roles-'));
    database = await testDatabase();
    await database.admin(SETUP);
    writeFileSync(join(dir, 'policy.json'), JSON.stringify(POLICY));
    forkline = await startForkline({
      connections: { crm: { roles: logins() } },
      sql: { processes: 1, connectionsPerProcess: 2, roleIdleMs: 1500 },
      access: { keysFile: join(dir, 'keys.json'), policyFile: join(dir, 'policy.json') },
    });
    env = {
      PATH: process.env.PATH ?? '',
      HOME: process.env.HOME ?? '/',
      FORKLINE_CONFIG: forkline.configFile,
    };
    for (const role of Object.keys(POLICY.roles)) {
      const { stdout } = await run(process.execPath, [COMMAND, 'keys', 'create', role, '--roles', role], {
        env,
      });
      keys.set(role, stdout.trim());
    }
    await until(async () => (await ask('everywhere', 'GET', '/v1/limits')).status === 200, 5000);
  });
  after(async () => {
    await forkline?.stop();
    await database.admin(TEAR_DOWN);
    rmSync(dir, { recursive: true });
  });

  function logins(): Record<string, { url: string }> {
    const url = (role: keyof typeof PASSWORDS) => {
      const to = new URL(database.url);
      to.username = role;
      to.password = PASSWORDS[role];
      return to.href;
    };
    return { north: { url: url('role_north') }, south: { url: url('role_south') } };
  }

  async function ask(role: string, method: string, path: string, body?: string): Promise<Asked> {
    const type = body?.startsWith('{') ? 'application/json' : 'text/plain';
    const response = await fetch(`${forkline.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${keys.get(role)}`, 'content-type': type },
      ...(body !== undefined && { body }),
    });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '') && text.startsWith('{');
    return { status: response.status, text, json: isJson ? JSON.parse(text) : {} };
  }
  const query = (role: string, text: string, options = '') => ask(role, 'POST', `/v1/query${options}`, text);
  const notes = async (role: string, text: string) =>
    (await query(role, text)).json.rows?.map(({ note }) => note);

  it('ask the database as the role', async () => {
    expect((await query('north', 'select current_user::text as u')).json.rows).to.deep.equal([
      { u: 'role_north' },
    ]);
    expect(await notes('north', 'select note from secrets')).to.deep.equal(['of the north']);
    expect(await notes('south', 'select note from secrets')).to.deep.equal(['of the south']);
    for (const text of [
      'select note from secrets | sort note | head 5',
      'set pushdown = off; select note from secrets | where length(note) > 0',
      'let s = (select note from secrets); s | union (s) | dedup note',
      'select note from secrets | lookup (select note, owner from secrets) note output owner as o',
    ]) {
      expect(await notes('north', text), text).to.deep.equal(['of the north']);
      expect(await notes('south', text), text).to.deep.equal(['of the south']);
    }
  });

  it('hold against every statement that tries to step out of them', async () => {
    for (const [role, other] of [
      ['north', 'south'],
      ['south', 'north'],
    ] as const) {
      for (const sql of roleTricks(`role_${other}`)) {
        const staged = [`${sql} | head 100`, `set pushdown = off; ${sql} | head 100`];
        for (const text of role === 'north' ? [sql, ...staged] : [sql]) {
          const answer = await query(role, text);
          expect(answer.text, `${role}: ${text}`).not.to.contain(`of the ${other}`);
        }
        // The session is the role's own afterwards, in any case.
        expect(await notes(role, 'select note from secrets'), `after ${sql}`).to.deep.equal([
          `of the ${role}`,
        ]);
      }
      expect(await notes(other, 'select note from secrets')).to.deep.equal([`of the ${other}`]);
    }
  });

  it('have plans, columns and completions of their own', async () => {
    const about = 'select a from only_south';
    expect((await query('south', about)).status).to.equal(200);
    expect((await query('north', about)).json.code).to.equal('permission-denied');
    expect((await query('south', `${about} | head 1`)).status).to.equal(200);
    expect((await query('north', `${about} | head 1`)).json.code).to.equal('permission-denied');
    // One text that means another table for each role, by the search path of its login.
    for (const pushdown of ['', 'set pushdown = off; '])
      for (const [role, column] of [
        ['north', 'northern'],
        ['south', 'southern'],
        ['north', 'northern'],
      ] as const) {
        const text = `${pushdown}select * from mine | fields *`;
        expect((await query(role, text)).json.rows).to.deep.equal([{ [column]: 1 }]);
        expect((await ask(role, 'POST', '/v1/explain', text)).text).to.contain(column);
      }
    const complete = async (role: string) => {
      const body = JSON.stringify({ query: 'select * from only_', position: 19 });
      return (await inTime(() => ask(role, 'POST', '/v1/complete', body))).text;
    };
    expect(await complete('south')).to.contain('only_south');
    expect(await complete('north')).not.to.contain('only_south');
  });

  it('are together as many as one login would have, and are closed when nobody uses them', async () => {
    const sessions = async () =>
      (
        await database.admin(
          "select count(*)::int as n from pg_stat_activity where usename like 'role\\_%' and application_name like 'forkline sql-%'",
        )
      ).rows[0]!.n as number;
    // On a busy machine all others may have ended before the first count: this one is still there.
    const slow = query('north', 'select pg_sleep(2)::text as slept');
    let most = await until(sessions, 10_000);
    const asked = Array.from({ length: 40 }, async (_, index) => {
      const role = index % 2 === 0 ? 'north' : 'south';
      const answer = await notes(role, `select note from secrets where ${index} = ${index}`);
      most = Math.max(most, await sessions());
      return [role, answer?.[0]];
    });
    for (const [role, note] of await Promise.all(asked)) expect(note).to.equal(`of the ${role}`);
    expect((await slow).status).to.equal(200);
    expect(most).to.be.within(1, 2);
    await until(async () => (await sessions()) === 0, 10_000);
    expect(await notes('north', 'select note from secrets')).to.deep.equal(['of the north']);
  });

  it('that a role does not have, or has twice, are a clear error everywhere', async () => {
    for (const role of ['loginless', 'everywhere'])
      for (const path of ['/v1/query', '/v1/explain', '/v1/query.arrow', '/v1/query.csv']) {
        const { status, json } = await ask(role, 'POST', path, 'select 1 as a | head 1');
        expect([status, json.code], `${role} ${path}`).to.deep.equal([403, 'no-login']);
        expect(json.detail).to.equal(`key:${role} has no login for the connection crm`);
        expect(json.hint).to.contain(`Its roles: ${role}`).and.not.contain('north');
      }
    const file = join(dir, 'keys.json');
    const created = run(process.execPath, [COMMAND, 'keys', 'create', 'both', '--roles', 'north,south'], {
      env,
    }).then(
      () => expect.fail('it was made'),
      ({ stderr }: { stderr: string }) => stderr,
    );
    expect(await created).to.contain('north and south have a login each for the connection crm');
    // Somebody wrote it into the file by hand.
    const { keys: stored } = JSON.parse(readFileSync(file, 'utf8')) as {
      keys: { name: string; roles: string[] }[];
    };
    const changed = stored.map((key) =>
      key.name === 'loginless' ? { ...key, roles: ['north', 'south'] } : key,
    );
    writeFileSync(file, JSON.stringify({ keys: changed }));
    const told = await until(async () => {
      const { json } = await query('loginless', 'select 1');
      return json.detail?.includes('several') ? json : null;
    }, 5000);
    expect([told.code, told.detail]).to.deep.equal([
      'no-login',
      'key:loginless has several logins for the connection crm, and must have one',
    ]);
    const check = await run(process.execPath, [COMMAND, 'policy', 'check'], { env }).catch(
      (thrown) => thrown,
    );
    expect(check.stderr).to.contain('of loginless: north and south have a login each');
    writeFileSync(file, JSON.stringify({ keys: stored }));
    const note = await run(process.execPath, [COMMAND, 'policy', 'check'], { env });
    expect(note.stdout).to.contain('note: roles.loginless: it names the connection crm, and has no login');
  });

  it('are looked at by doctor each, and their passwords are nowhere', async () => {
    const { stdout } = await run(process.execPath, [COMMAND, 'doctor'], { env });
    expect(stdout)
      .to.match(/crm \(north\): /)
      .and.match(/crm \(south\): /);
    const log = (await forkline.logLines()).join('\n');
    const processes = (await ask('everywhere', 'GET', '/v1/processes')).text;
    for (const password of Object.values(PASSWORDS))
      for (const place of [stdout, log, processes, forkline.output()])
        expect(place.includes(password)).to.equal(false);
  });

  it('change by a reload, and a session of the old login answers nobody', async () => {
    const { north, south } = logins();
    const config = JSON.parse(readFileSync(forkline.configFile, 'utf8')) as object;
    const write = (roles: object) =>
      writeFileSync(forkline.configFile, JSON.stringify({ ...config, connections: { crm: { roles } } }));
    expect(await notes('north', 'select note from secrets')).to.deep.equal(['of the north']);
    write({ north: south, south: north });
    process.kill(forkline.pid, 'SIGHUP');
    await until(
      async () => (await notes('north', 'select note from secrets'))?.[0] === 'of the south',
      10_000,
    );
    expect(await notes('south', 'select note from secrets')).to.deep.equal(['of the north']);
    write({ south });
    process.kill(forkline.pid, 'SIGHUP');
    await until(async () => (await query('north', 'select 1')).json.code === 'no-login', 10_000);
    expect(await notes('south', 'select note from secrets')).to.deep.equal(['of the south']);
  });
});
