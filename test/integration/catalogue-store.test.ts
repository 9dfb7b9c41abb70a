/** The store of the catalogue on a real database: migrations as Flyway has them, look-ups in one statement, changes that are heard of. */
import { expect } from 'chai';
import pg from 'pg';
import { Catalogue } from '../../catalogue/catalogue.ts';
import { readDefinition } from '../../catalogue/models/definition.ts';
import type { PlannedModel } from '../../catalogue/models/model-rows.ts';
import { flywayChecksum } from '../../catalogue/store/checksum.ts';
import { checkSchema, migrate, SchemaError } from '../../catalogue/store/migrate.ts';
import { type Migration, readMigrations } from '../../catalogue/store/migration-files.ts';
import type { QueryError } from '../../core/protocol/errors.ts';
import { type StoreDatabase, storeDatabase } from '../support/store-database.ts';
import { until } from '../support/until.ts';

const DEADLINE_MS = 15_000;
const BY = { author: 'kim', reason: 'a test' };

async function withClient<T>({ url }: { url: string }, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

async function errorOf(work: Promise<unknown>): Promise<Error> {
  try {
    await work;
  } catch (thrown) {
    return thrown as Error;
  }
  throw new Error('it went well');
}

function migration(version: number, sql: string): Migration {
  const script = `V${version}__test.sql`;
  return { version, description: 'test', script, sql, checksum: flywayChecksum(sql) };
}

const HISTORY =
  'select version, script, checksum, success from forkline.flyway_schema_history order by installed_rank';

describe('the migrations of the store', function () {
  this.timeout(60_000);
  const all = readMigrations();

  it('are applied once, each with its row, by several at the same time', async () => {
    await using store = await storeDatabase();
    const done = await Promise.all([1, 2, 3].map(() => withClient(store, (client) => migrate(client, all))));
    expect(done.map(({ length }) => length).sort()).to.deep.equal([0, 0, all.length]);
    expect(await store.admin(HISTORY)).to.deep.equal(
      all.map(({ version, script, checksum }) => ({
        version: String(version),
        script,
        checksum,
        success: true,
      })),
    );
    await withClient(store, async (client) => {
      expect((await checkSchema(client, all)).pending).to.deep.equal([]);
      expect(await migrate(client, all)).to.deep.equal([]);
    });
  });

  it('that fail leave the store as it was, and the next try goes on from there', async () => {
    await using store = await storeDatabase();
    const next = all.length + 1;
    const broken = [
      ...all,
      migration(next, 'create table half (a int); select 1/0; create table other (b int)'),
    ];
    await withClient(store, async (client) => {
      const error = await errorOf(migrate(client, broken));
      expect(error).to.be.instanceOf(SchemaError);
      expect(error.message)
        .to.contain(`V${next}__test.sql failed and was rolled back`)
        .and.contain('division by zero');
      expect(await store.admin("select to_regclass('forkline.half') as t")).to.deep.equal([{ t: null }]);
      expect(await migrate(client, [...all, migration(next, 'create table whole (a int)')])).to.deep.equal([
        next,
      ]);
    });
  });

  it('that were changed, failed elsewhere, or are too new are refused with what to do', async () => {
    await using store = await storeDatabase();
    await withClient(store, async (client) => {
      await migrate(client, all);
      const changed = all.map((each) => (each.version === 1 ? migration(1, `${each.sql}\n-- later`) : each));
      expect((await errorOf(checkSchema(client, changed))).message).to.contain(
        'V1__test.sql has the checksum',
      );
      const add = (version: number, success: boolean) =>
        store.admin(
          `insert into forkline.flyway_schema_history values ($1, $2::text, 'x', 'SQL', 'V' || $2::text || '__x.sql', 1, 'me', now(), 1, $3)`,
          [100 + version, String(version), success],
        );
      await add(all.length + 1, true);
      expect((await checkSchema(client, all)).pending, 'one version newer').to.deep.equal([]);
      await add(all.length + 2, true);
      expect((await errorOf(checkSchema(client, all))).message).to.contain(
        'works beside a schema that is one version newer',
      );
      await store.admin('delete from forkline.flyway_schema_history where installed_rank > 100');
      await add(all.length + 1, false);
      expect((await errorOf(migrate(client, all))).message).to.contain('failed half way under another tool');
    });
  });
});

function planned(name: string, more: object = {}, buildsOn: readonly string[] = []): PlannedModel {
  const definition = readDefinition({ name, query: 'select 1 as n', ...more });
  const columns = [{ name: 'n', type: 'int64' }];
  const sources = [{ connection: 'main', tables: [], columns: ['n'] }];
  return { definition, text: definition.query!, columns, buildsOn, sources };
}

describe('the catalogue', function () {
  this.timeout(60_000);
  let store: StoreDatabase;
  let catalogue: Catalogue;
  const troubles: string[] = [];
  const open = (): Catalogue =>
    new Catalogue({
      url: store.url,
      migrate: 'auto',
      onTrouble: (line) => void troubles.push(line),
    });
  const save = (model: PlannedModel, expected: number | 'absent' | 'any' | 'not said' = 'any') =>
    catalogue.change([{ kind: 'save', planned: model, expected }], BY);
  const codeOf = async (work: Promise<unknown>): Promise<string> =>
    ((await errorOf(work)) as QueryError).code;

  before(async () => {
    store = await storeDatabase();
    catalogue = open();
    for (const [name, base] of [['a'], ['b', 'a'], ['c', 'b'], ['d', 'c'], ['other', 'a']] as const)
      await save(planned(name, {}, base === undefined ? [] : [base]));
  });
  after(async () => {
    await catalogue.close();
    await store[Symbol.asyncDispose]();
  });

  /** Returns the number of statements that `work` costs. */
  async function statements(of: Catalogue, work: () => Promise<unknown>): Promise<number> {
    const before = of.statements;
    await work();
    return of.statements - before;
  }

  it('finds a model with all that it builds on in one statement, and then in none', async () => {
    const fresh = open();
    await until(
      async () =>
        (await fresh.find(['nothing'])).models.length === 0 &&
        fresh.areCurrent([{ key: 'nothing', version: 0 }]),
      DEADLINE_MS,
      'it hears of changes',
    );
    expect(
      await statements(fresh, async () => {
        const { models, missing } = await fresh.find(['d', 'x']);
        expect(models.map(({ name }) => name).sort()).to.deep.equal(['a', 'b', 'c', 'd']);
        expect(missing).to.deep.equal(['x']);
      }),
    ).to.equal(1);
    expect(await statements(fresh, () => fresh.find(['d', 'x']))).to.equal(0);
    expect(await statements(fresh, () => fresh.find(['b']))).to.equal(0);
    await fresh.close();
  });

  it('lists, shows and traces in one statement each', async () => {
    const usual = { prefix: null, tag: null, owner: null, search: null, after: null, limit: 2 };
    expect(
      await statements(catalogue, async () => {
        const page = await catalogue.models.list(usual);
        expect(page.models.map(({ name }) => name)).to.deep.equal(['a', 'b']);
        expect(page.next).to.equal('b');
      }),
    ).to.equal(1);
    expect(
      (await catalogue.models.list({ ...usual, after: 'd' })).models.map(({ name }) => name),
    ).to.deep.equal(['other']);
    expect(
      await statements(catalogue, async () => {
        const uses = await catalogue.models.uses('b');
        expect(uses?.reads).to.deep.equal([{ name: 'a', direct: true }]);
        expect(uses?.readBy).to.deep.equal([
          { name: 'c', direct: true },
          { name: 'd', direct: false },
        ]);
      }),
    ).to.equal(1);
    expect(await statements(catalogue, () => catalogue.models.versions('b'))).to.equal(1);
    expect(await catalogue.models.uses('nothing')).to.equal(null);
  });

  it('searches names, descriptions and tags, and takes what LIKE means literally', async () => {
    await save(
      planned('sales_by_week', { description: 'Net sales, a week', tags: ['finance'], owner: 'lee' }),
    );
    const usual = { prefix: null, tag: null, owner: null, search: null, after: null, limit: 10 };
    for (const filter of [
      { search: 'week sales' },
      { search: 'NET' },
      { prefix: 'Sales_' },
      { tag: 'finance' },
      { owner: 'lee' },
    ])
      expect(
        (await catalogue.models.list({ ...usual, ...filter })).models.map(({ name }) => name),
        JSON.stringify(filter),
      ).to.deep.equal(['sales_by_week']);
    for (const prefix of ['%', 'sales%', 's_les', "'; drop table model; --", '\\'])
      expect((await catalogue.models.list({ ...usual, prefix })).models, prefix).to.deep.equal([]);
  });

  it('refuses a change without a version, for another one, and of two editors the second', async () => {
    await save(planned('edited'), 'absent');
    expect(await codeOf(save(planned('edited', { owner: 'x' }), 'not said'))).to.equal('version-missing');
    expect(await codeOf(save(planned('edited', { owner: 'x' }), 'absent'))).to.equal('version-conflict');
    const both = await Promise.allSettled(
      [1, 2].map((n) => save(planned('edited', { owner: `editor ${n}` }), 1)),
    );
    expect(both.map(({ status }) => status).sort()).to.deep.equal(['fulfilled', 'rejected']);
    const lost = both.find(({ status }) => status === 'rejected') as PromiseRejectedResult;
    expect((lost.reason as QueryError).message).to.contain(
      'is in version 2 now; the change was made for one that is in version 1',
    );
    expect(
      await save(planned('edited', { owner: `editor ${both[0]!.status === 'fulfilled' ? 1 : 2}` }), 2),
    ).to.deep.equal([{ key: 'edited', version: 2, changed: false }]);
    const versions = await catalogue.models.versions('edited');
    expect(versions.map(({ version, author, reason }) => ({ version, author, reason }))).to.deep.equal([
      { version: 2, ...BY },
      { version: 1, ...BY },
    ]);
  });

  it('refuses a circle with its path, also when two are closed at once', async () => {
    const error = (await errorOf(save(planned('a', { owner: 'y' }, ['d'])))) as QueryError;
    expect(error.code).to.equal('model-cycle');
    expect(error.message).to.contain('a -> d -> c -> b -> a');
    await save(planned('left'));
    await save(planned('right'));
    const both = await Promise.allSettled([
      save(planned('left', {}, ['right'])),
      save(planned('right', {}, ['left'])),
    ]);
    expect(both.filter(({ status }) => status === 'rejected')).to.have.length(1);
  });

  it('removes only what nobody reads; the number of versions goes on', async () => {
    const remove = (name: string, expected: number | 'any') =>
      catalogue.change([{ kind: 'remove', name, expected }], BY);
    expect((await errorOf(remove('c', 'any'))).message).to.contain('other models read `c`: d');
    await save(planned('gone'));
    expect(await codeOf(remove('gone', 7))).to.equal('version-conflict');
    await remove('gone', 1);
    expect(await codeOf(remove('gone', 1))).to.equal('not-found');
    expect((await save(planned('gone'), 'absent'))[0]!.version).to.equal(3);
    expect((await catalogue.models.versions('gone')).map(({ removed }) => removed)).to.deep.equal([
      false,
      true,
      false,
    ]);
  });

  it('makes all changes of a call or none', async () => {
    const changes = [planned('one'), planned('two'), planned('c', { owner: 'z' }, ['no_such_model'])];
    expect(
      await codeOf(
        catalogue.change(
          changes.map((model) => ({ kind: 'save', planned: model, expected: 'any' })),
          BY,
        ),
      ),
    ).to.equal('bad-model');
    expect((await catalogue.find(['one', 'two'])).missing).to.deep.equal(['one', 'two']);
  });

  it('hears of changes of others within a second, and also of those that nobody told', async () => {
    const other = open();
    const current = (version: number) => async () => {
      await other.find(['heard']);
      return other.areCurrent([{ key: 'heard', version }]);
    };
    await save(planned('heard'));
    await until(current(1), DEADLINE_MS, 'the first version');
    await save(planned('heard', { owner: 'told' }));
    await until(
      () => !other.areCurrent([{ key: 'heard', version: 1 }]),
      DEADLINE_MS,
      'the second version is told',
    );
    await until(current(2), DEADLINE_MS, 'the second version');
    // A pooler may drop notifications; then a change is only written down.
    await store.admin(`
      update forkline.model set version = 9 where key = 'heard';
      insert into forkline.change (revision, key) select revision + 1, 'heard' from forkline.state;
      update forkline.state set revision = revision + 1`);
    await until(
      () => !other.areCurrent([{ key: 'heard', version: 2 }]),
      DEADLINE_MS,
      'the silent change is found',
    );
    expect((await other.find(['heard'])).models[0]!.version).to.equal(9);
    await other.close();
  });

  it('believes a backup that is restored under it, also one without what it knows', async () => {
    const other = open();
    const tables = ['model_version', 'change', 'state'];
    const columns =
      'key, name, version, owner, description, tags, definition, text, columns, builds_on, sources';
    await store.admin(`create schema kept;
      create table kept.model as select ${columns} from forkline.model;
      ${tables.map((table) => `create table kept.${table} as table forkline.${table};`).join('\n')}`);
    await save(planned('later'));
    const knows = async (name: string): Promise<boolean> => (await other.find([name])).missing.length === 0;
    await until(
      async () => (await knows('later')) && other.areCurrent([{ key: 'later', version: 1 }]),
      DEADLINE_MS,
      'it knows the newest',
    );
    await store.admin(`begin; truncate forkline.model, ${tables.map((table) => `forkline.${table}`).join(', ')};
      insert into forkline.model (${columns}) select ${columns} from kept.model;
      ${tables.map((table) => `insert into forkline.${table} select * from kept.${table};`).join('\n')} commit; drop schema kept cascade`);
    await until(async () => !(await knows('later')), DEADLINE_MS, 'it is gone');
    expect(await knows('a')).to.equal(true);
    await other.close();
  });

  it('says that the store is away, believes nothing meanwhile, and comes back by itself', async () => {
    const other = open();
    await until(
      async () =>
        (await other.find(['a'])).models.length === 1 && other.areCurrent([{ key: 'a', version: 1 }]),
      DEADLINE_MS,
      'it is there',
    );
    await store.close();
    await until(() => !other.areCurrent([{ key: 'a', version: 1 }]), DEADLINE_MS, 'it is noticed');
    const error = (await errorOf(other.find(['a']))) as QueryError;
    expect(error.code).to.equal('store-unavailable');
    expect(error.details.hint).to.contain('forkline migrate --check');
    expect(`${error.message} ${error.details.hint}`).to.not.contain(new URL(store.url).password);
    const late = open();
    expect(await codeOf(late.find(['a']))).to.equal('store-unavailable');
    await store.open();
    for (const each of [other, late])
      await until(
        async () =>
          (await each.find(['a']).catch(() => null))?.models.length === 1 &&
          each.areCurrent([{ key: 'a', version: 1 }]),
        DEADLINE_MS,
        'it is back',
      );
    await Promise.all([other.close(), late.close()]);
  });
});
