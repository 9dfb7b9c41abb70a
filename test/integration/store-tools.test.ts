/**
 * Tools of others on the store: backup and restore by pg_dump and pg_restore as docs/models.md says, and Flyway itself on the history.
 * They are skipped where the tools are not: PostgreSQL's client, and FORKLINE_FLYWAY, a directory with the jars of Flyway and its driver.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import pg from 'pg';
import { Catalogue } from '../../catalogue/catalogue.ts';
import { readDefinition } from '../../catalogue/models/definition.ts';
import type { PlannedModel } from '../../catalogue/models/model-rows.ts';
import { checkSchema, migrate } from '../../catalogue/store/migrate.ts';
import { readMigrations } from '../../catalogue/store/migration-files.ts';
import { printedBy, run } from '../support/command-there.ts';
import { installedServer, startInstalled } from '../support/installed-postgres.ts';
import { type StoreDatabase, storeDatabase } from '../support/store-database.ts';
import { until } from '../support/until.ts';

const DEADLINE_MS = 15_000;
const MIGRATIONS = fileURLToPath(new URL('../../catalogue/migrations', import.meta.url));
const MIGRATE_JAVA = fileURLToPath(new URL('../fixtures/flyway/Migrate.java', import.meta.url));

function planned(name: string): PlannedModel {
  const definition = readDefinition({ name, query: 'select 1 as n', owner: 'kim' });
  return {
    definition,
    text: 'select 1 as n',
    columns: [{ name: 'n', type: 'int64' }],
    buildsOn: [],
    sources: [],
  };
}

describe('tools on the store', function () {
  this.timeout(120_000);

  it('pg_dump keeps it, pg_restore brings it back under running servers', async function () {
    const bin = installedServer();
    if (bin === null) {
      console.log('      skipped: no PostgreSQL is installed whose server and client are of one version');
      this.skip();
    }
    await using server = await startInstalled(bin);
    const catalogue = new Catalogue({ url: server.url, migrate: 'auto', onTrouble: () => undefined });
    try {
      const by = { author: 'kim', reason: 'a test' };
      const save = (name: string) =>
        catalogue.change([{ kind: 'save', planned: planned(name), expected: 'any' }], by);
      await save('kept');
      const dump = join(server.dir, 'catalogue.dump');
      run(join(bin, 'pg_dump'), ['--schema=forkline', '--format=custom', `--file=${dump}`, server.url]);
      await save('later');
      expect((await catalogue.find(['later'])).missing).to.deep.equal([]);
      run(join(bin, 'pg_restore'), ['--clean', '--if-exists', `--dbname=${server.url}`, dump]);
      await until(
        async () => (await catalogue.find(['later'])).missing.length === 1,
        DEADLINE_MS,
        'the running server looks everything up again',
      );
      expect((await catalogue.find(['kept'])).models.map(({ name }) => name)).to.deep.equal(['kept']);
      await save('after');
      const versions = await catalogue.models.versions('kept');
      expect(versions.map(({ version, author }) => [version, author])).to.deep.equal([[1, 'kim']]);
    } finally {
      await catalogue.close();
    }
  });

  it('Flyway finds the history valid and has nothing to do; what it made itself is taken as it is', async function () {
    const jars = process.env.FORKLINE_FLYWAY;
    if (jars === undefined || printedBy('java', '-version') === null) {
      console.log(
        '      skipped: set FORKLINE_FLYWAY to a directory with the jars of Flyway (docs/models.md), with Java 17',
      );
      this.skip();
    }
    const libraries = readdirSync(jars)
      .filter((name) => name.endsWith('.jar'))
      .map((name) => join(jars, name));
    const flyway = (database: StoreDatabase): readonly string[] => {
      const { host, pathname, username, password } = new URL(database.url);
      const args = [
        '-cp',
        libraries.join(':'),
        MIGRATE_JAVA,
        `jdbc:postgresql://${host}${pathname}`,
        username,
        password,
        MIGRATIONS,
      ];
      return run('java', args)
        .split('\n')
        .filter((line) => /^(?:migrations|version) /.test(line));
    };
    const withClient = async <T>(
      database: StoreDatabase,
      work: (client: pg.Client) => Promise<T>,
    ): Promise<T> => {
      const client = new pg.Client({ connectionString: database.url });
      await client.connect();
      try {
        return await work(client);
      } finally {
        await client.end();
      }
    };
    const all = readMigrations();
    await using store = await storeDatabase();
    await withClient(store, (client) => migrate(client, all));
    expect(flyway(store)).to.deep.equal(['migrations 0', `version ${all.length}`]);
    await using other = await storeDatabase();
    expect(flyway(other)).to.deep.equal([`migrations ${all.length}`, `version ${all.length}`]);
    await withClient(other, async (client) => {
      await checkSchema(client, all);
      expect(await migrate(client, all)).to.deep.equal([]);
    });
  });
});
