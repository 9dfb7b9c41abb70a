/** The SQL that `forkline policy apply` prints, run on a real PostgreSQL: what a login sees then, and what tells of other rows. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import pg from 'pg';
import { type StoreDatabase, storeDatabase } from '../support/store-database.ts';

const COMMAND = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const LOGIN = `Odd "name's"`;
const SETUP = `
  create table orders (id int, region text, email text, ssn text);
  insert into orders values (1, 'EU', 'a@x', 'HID1'), (2, 'US', 'HID-b@x', 'HID2'), (3, E'it''s \\\\', 'c@x', 'HID3');
  create table free (a int);
  create function leaky(t text) returns bool language plpgsql immutable cost 0.0001 as $$ begin raise exception '%', t; end $$;`;

describe('forkline policy apply', function () {
  this.timeout(60_000);
  const dir = mkdtempSync(join(tmpdir(), 'forkline-apply-'));
  let database: StoreDatabase;

  before(async () => {
    database = await storeDatabase();
    await database.admin(SETUP);
    await database.admin(`create role ${pg.escapeIdentifier(LOGIN)} login password 'x'`);
    await database.admin(`grant select on orders to ${pg.escapeIdentifier(LOGIN)}`);
  });
  after(async () => {
    await database.admin(
      'drop schema if exists forkline_analyst cascade; drop table orders, free; drop function leaky',
    );
    await database.admin(
      `drop owned by ${pg.escapeIdentifier(LOGIN)}; drop role ${pg.escapeIdentifier(LOGIN)}`,
    );
    await database[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true });
  });

  const loginUrl = (): string => {
    const url = new URL(database.url);
    url.username = encodeURIComponent(LOGIN);
    url.password = 'x';
    return url.href;
  };

  function policy(
    role: object,
    ...args: string[]
  ): Promise<{ code: number; stdout: string; stderr: string }> {
    writeFileSync(
      join(dir, 'policy.json'),
      JSON.stringify({ roles: { analyst: { connections: ['crm', 'lake'], ...role } } }),
    );
    const config = {
      defaultConnection: 'crm',
      connections: {
        crm: { roles: { analyst: { url: loginUrl() } } },
        lake: { kind: 'files', root: dir, tables: { sales: { path: 'sales.csv' } } },
      },
      access: { keysFile: join(dir, 'keys.json'), policyFile: join(dir, 'policy.json') },
    };
    const file = join(dir, 'forkline.config.json');
    writeFileSync(file, JSON.stringify(config));
    const env = { PATH: process.env.PATH ?? '', HOME: dir, FORKLINE_CONFIG: file };
    return new Promise((done) => {
      execFile(process.execPath, [COMMAND, 'policy', ...args], { env }, (error, stdout, stderr) =>
        done({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
      );
    });
  }

  async function asLogin<T extends object>(sql: string): Promise<readonly T[]> {
    const client = new pg.Client({ connectionString: loginUrl() });
    await client.connect();
    try {
      return (await client.query<T>(sql)).rows;
    } finally {
      await client.end();
    }
  }
  const refusal = (asking: Promise<unknown>): Promise<string> =>
    asking.then(
      () => 'no error',
      (thrown: Error) => thrown.message,
    );

  const RULES = {
    rows: String.raw`region in ('EU', E'it''s \\') -- $forkline$ 100% %s` + '\n',
    masks: { email: `left(email, 1) || '***%s'` },
    hidden: ['ssn'],
  };

  it('makes views that show a login what the policy says, and takes the table away', async () => {
    const { code, stdout, stderr } = await policy(
      { views: { crm: { 'public.orders': RULES, free: {} } } },
      'apply',
      '--connection',
      'crm',
    );
    expect([code, stderr]).to.deep.equal([0, '']);
    expect(stdout).not.to.contain(':x@');
    for (let time = 0; time < 2; time++) await database.admin(stdout);
    expect(await asLogin('select * from orders order by id')).to.deep.equal([
      { id: 1, region: 'EU', email: 'a***%s' },
      { id: 3, region: "it's \\", email: 'c***%s' },
    ]);
    expect(await asLogin('select * from free')).to.deep.equal([]);
    expect(await refusal(asLogin('select * from public.orders'))).to.contain('permission denied');
    expect(await refusal(asLogin('select ssn from orders'))).to.contain('does not exist');
    expect(await refusal(asLogin('select * from orders where leaky(email)'))).not.to.contain('HID');
    expect(await refusal(asLogin('select * from orders where email::int > 0'))).not.to.contain('HID');
  });

  it('changes nothing where the table can be read in another way, or lacks a column', async () => {
    await database.admin('grant select on orders to public');
    const open = await policy({ views: { crm: { orders: RULES } } }, 'apply');
    expect(await refusal(database.admin(open.stdout))).to.contain('may still read the table orders itself');
    await database.admin('revoke select on orders from public');
    const wrong = await policy({ views: { crm: { orders: { masks: { mail: 'null' } } } } }, 'apply');
    expect(await refusal(database.admin(wrong.stdout))).to.contain('has no column mail');
  });

  it('refuses a policy whose views nobody could have', async () => {
    for (const [role, problem] of [
      [
        { views: { lake: { sales: {} } } },
        'the role needs a login of its own there: connections.lake.roles.analyst',
      ],
      [
        { views: { crm: { 'a.orders': {}, 'b.orders': {} } } },
        'its view would be called as that of a.orders',
      ],
      [{ views: { crm: { 'a"b': {} } } }, 'without quotes'],
    ] as const) {
      const { code, stderr } = await policy(role, 'check');
      expect([code, stderr.includes(problem)], stderr).to.deep.equal([2, true]);
    }
    const none = await policy({}, 'apply');
    expect([none.code, none.stderr]).to.deep.equal([
      1,
      'forkline: no role of the policy has "views": there is nothing to apply\n',
    ]);
  });

  it('has explain tell which rows and columns are shown', async () => {
    const role = {
      sql: ['lake'],
      tables: { lake: { sales: { rows: "region = 'EU'", masks: { a: 'null' }, hidden: ['b'] } } },
      models: { m: { rows: 'x > 1' } },
    };
    const { stdout } = await policy(role, 'explain', '--as', 'analyst');
    expect(stdout).to.contain('SQL of its own: lake\n');
    expect(stdout).to.contain(
      "tables.lake.sales: rows where region = 'EU', a as null, without b (by analyst)\n",
    );
    expect(stdout).to.contain('models.m: rows where x > 1 (by analyst)\n');
    const query = await policy(
      role,
      'explain',
      '--as',
      'analyst',
      '@lake select * from Sales | union (m) | union (other)',
    );
    expect(query.stdout).to.contain(
      "yes tables.lake.sales (rows where region = 'EU', a as null, without b (by analyst))",
    );
    expect(query.stdout).to.contain('yes models.m (rows where x > 1 (by analyst))');
    expect(query.stdout).to.contain('yes models.other (not listed: it is like its text written out)');
    const refused = await policy(role, 'explain', '--as', 'analyst', '@crm select 1');
    expect([refused.code, refused.stdout.includes('NO  sql: crm')]).to.deep.equal([1, true]);
  });
});
