/** Kept answers beside logins of roles, the audit and models: who may get an answer, what is recorded of it, and of which version it is. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { FEW_PROCESSES, type Forkline, startForkline } from '../support/forkline.ts';
import { type StoreDatabase, storeDatabase } from '../support/store-database.ts';
import { until } from '../support/until.ts';

const COMMAND = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const run = promisify(execFile);
const PASSWORD = 'cached-PaSs-4713';
const SETUP = `
  create role cached_east login password '${PASSWORD}';
  create role cached_west login password '${PASSWORD}';
  create table cached_secrets (owner text, note text);
  insert into cached_secrets values ('cached_east', 'of the east'), ('cached_west', 'of the west');
  alter table cached_secrets enable row level security;
  create policy own_rows on cached_secrets using (owner = current_user);
  grant select on cached_secrets to cached_east, cached_west;
  analyze cached_secrets`;
const TEAR_DOWN = 'drop table cached_secrets; drop role cached_east; drop role cached_west';
const POLICY = {
  roles: {
    east: { connections: ['crm'] },
    west: { connections: ['crm'] },
    author: { connections: '*', processes: true, administration: true, queries: 'all' },
  },
};

interface Asked {
  readonly status: number;
  readonly cache: string;
  readonly headers: Headers;
  readonly json: { readonly rows?: readonly Readonly<Record<string, unknown>>[]; readonly code?: string };
}

describe('kept answers and access', function () {
  this.timeout(120_000);
  let dir: string;
  let database: TestDatabase;
  let store: StoreDatabase;
  let forkline: Forkline;
  const keys = new Map<string, string>();

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'forkline-cached-access-'));
    database = await testDatabase();
    store = await storeDatabase();
    await database.admin(SETUP);
    writeFileSync(join(dir, 'policy.json'), JSON.stringify(POLICY));
    const login = (role: string): { url: string } => {
      const to = new URL(database.url);
      to.username = role;
      to.password = PASSWORD;
      return { url: to.href };
    };
    forkline = await startForkline({
      ...FEW_PROCESSES,
      connections: {
        main: { url: database.url },
        crm: { roles: { east: login('cached_east'), west: login('cached_west') } },
      },
      defaultConnection: 'main',
      store: { url: store.url },
      cache: { mode: 'on', minMs: 0 },
      audit: { file: join(dir, 'audit.jsonl'), required: 'on', waitMs: 5000 },
      access: { keysFile: join(dir, 'keys.json'), policyFile: join(dir, 'policy.json') },
    });
    const env = {
      PATH: process.env.PATH ?? '',
      HOME: process.env.HOME ?? '/',
      FORKLINE_CONFIG: forkline.configFile,
    };
    for (const role of Object.keys(POLICY.roles)) {
      const args = [COMMAND, 'keys', 'create', role, '--roles', role];
      keys.set(role, (await run(process.execPath, args, { env })).stdout.trim());
    }
    await until(async () => (await send('author', 'GET', '/v1/limits')).status === 200, 10_000);
  });
  after(async () => {
    await forkline?.stop();
    await database.admin(TEAR_DOWN);
    await store[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true });
  });

  async function send(
    role: string,
    method: string,
    path: string,
    body?: object,
    more: Readonly<Record<string, string>> = {},
  ): Promise<Asked> {
    const headers = {
      authorization: `Bearer ${keys.get(role)}`,
      'content-type': 'application/json',
      ...more,
    };
    const response = await fetch(forkline.url + path, {
      ...{ method, headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      cache: response.headers.get('cache-status') ?? '',
      headers: response.headers,
      json: text.startsWith('{') ? JSON.parse(text) : {},
    };
  }

  const ask = (role: string, query: string): Promise<Asked> => send(role, 'POST', '/v1/query', { query });
  /** Asks until the answer is kept: it is written after it was sent. */
  const keep = (role: string, query: string): Promise<Asked> =>
    until(async () => {
      const asked = await ask(role, query);
      return asked.cache.includes('; hit') ? asked : null;
    }, 10_000) as Promise<Asked>;

  it('go to the role only whose login has made them, also where the database decides which rows it sees', async () => {
    const query = 'set cache = 10m; select note from cached_secrets';
    const first = await Promise.all([ask('east', query), ask('west', query)]);
    expect(first.map(({ json }) => json.rows)).to.deep.equal([
      [{ note: 'of the east' }],
      [{ note: 'of the west' }],
    ]);
    expect((await keep('east', query)).json.rows).to.deep.equal([{ note: 'of the east' }]);
    expect((await keep('west', query)).json.rows).to.deep.equal([{ note: 'of the west' }]);
  });

  it('are audited when they are sent as when they were made', async () => {
    const query = "set cache = 10m; select 'audited' as hit";
    await ask('east', query);
    const hit = await keep('east', query);
    const records = (): readonly Record<string, unknown>[] =>
      readFileSync(join(dir, 'audit.jsonl'), 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line));
    const own = (): readonly Record<string, unknown>[] =>
      records().filter(({ queryId }) => queryId === hit.headers.get('query-id'));
    await until(() => own().length === 2, 10_000);
    expect(own().map(({ event }) => event)).to.deep.equal(['query-begin', 'query-end']);
    expect(own()[1]).to.include({ outcome: 'ok', rows: 1, connection: 'crm', loginRole: 'east' });
  });

  it('of a model are of the version that there is, and are kept as long as it says', async () => {
    const make = (value: string, more: object = {}): object => ({
      ...{ name: 'cached_model', query: `select '${value}'::text as v, random() as r`, connection: 'main' },
      ...{ cache: { keep: '10m' }, ...more },
    });
    const made = await send('author', 'POST', '/v1/models', make('one'));
    expect(made.status, JSON.stringify(made.json)).to.equal(201);
    const first = await ask('author', 'cached_model');
    const again = await keep('author', 'cached_model');
    expect(again.json.rows![0]).to.include({ v: 'one' });
    expect(first.json.rows![0]).to.include({ v: 'one' });
    const rows = await send('author', 'GET', '/v1/models/cached_model/rows');
    expect(rows.headers.get('cache-control')).to.equal('private, max-age=600');

    const changed = await send('author', 'PUT', '/v1/models/cached_model', make('two'), {
      'if-match': '"1"',
    });
    expect(changed.status, JSON.stringify(changed.json)).to.equal(200);
    expect((await ask('author', 'cached_model')).json.rows![0]).to.include({ v: 'two' });
    expect((await keep('author', 'cached_model')).json.rows![0]).to.include({ v: 'two' });

    const purged = await send('author', 'POST', '/v1/cache/purge', { models: ['CACHED_model'] });
    expect(purged.json).to.have.property('entries').above(0);
    expect((await ask('author', 'cached_model')).cache).to.equal('forkline; fwd=stale; stored');
  });

  it('of a query that reads something beside a model are not kept for what the model says', async () => {
    const query = 'cached_model | eval x = 1 | append (select random() as r)';
    const first = await ask('author', query);
    if (first.status !== 200) throw new Error(JSON.stringify(first.json));
    expect((await ask('author', query)).cache).to.equal('forkline; fwd=miss');
  });
});
