/**
 * Columns whose collation or type has an equality of its own ('a' = 'A'): the answer must not depend on where a stage runs.
 * In stages text is equal only to the same characters, whatever the column says.
 */
import { expect } from 'chai';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { type Forkline, sharedForkline } from '../support/forkline.ts';

const SETUP = `
  CREATE SCHEMA collated; GRANT USAGE ON SCHEMA collated TO reader;
  CREATE EXTENSION IF NOT EXISTS citext SCHEMA public;
  CREATE COLLATION collated.ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
  CREATE DOMAIN collated.domain_ci AS text COLLATE collated.ci;
  CREATE DOMAIN collated.domain_citext AS citext;
  CREATE TYPE collated.mood AS ENUM ('ok', 'Ok', 'bad');
  CREATE TABLE collated.names (
    id int, ci text COLLATE collated.ci, vci varchar(9) COLLATE collated.ci, dci collated.domain_ci, ct citext,
    dct collated.domain_citext, fixed char(4), fci char(4) COLLATE collated.ci, icu text COLLATE "und-x-icu",
    name name, plain text, mood collated.mood, list text[] COLLATE collated.ci
  );
  INSERT INTO collated.names
  SELECT i, v, v, v, v, v, left(v, 4), left(v, 4), v, v, v, (ARRAY['ok', 'Ok', 'bad'])[i % 3 + 1]::collated.mood, ARRAY[v, upper(v)]
  FROM unnest(ARRAY['a', 'A', 'ab', 'AB', 'aB', 'É', 'é', 'b,B', '', 'a ']) WITH ORDINALITY AS u(v, i);
  GRANT SELECT ON collated.names TO reader`;

const COLUMNS = [
  ...['ci', 'vci', 'dci', 'ct', 'dct', 'fixed', 'fci', 'icu', 'name', 'plain'],
  // Expressions, no columns, whose collations the database derives.
  ...['ci || icu', "coalesce(ci, 'x')", 'plain COLLATE collated.ci', 'min(ci) OVER (PARTITION BY id)'],
];

/** Stages over `x`, text, and `id`. */
const STAGES = [
  "where x = 'a' | sort id",
  "where x <> 'a' | sort id",
  "where x in ('AB', 'é') | sort id",
  "where x not in ('AB', 'é') | sort id",
  "where x like 'a%' | sort id",
  "where x not like '%b' | sort id",
  "where x between 'A' and 'a' | sort id",
  "where x is distinct from 'a' | sort id",
  "where contains(x, 'B') | sort id",
  "where starts_with(x, 'A') | sort id",
  "where ends_with(x, 'B') | sort id",
  "where regexp_match(x, '^[aB]') | sort id",
  "eval y = replace(x, 'b', '*'), p = position(x, 'B'), n = nullif(x, 'a'), g = greatest(x, 'B') || x | sort id",
  "eval y = split(x, ',') | sort id",
  "explode x sep ',' | sort id, x",
  'stats count() as n, min(id) as first by x | sort x',
  'stats dc(x) as n, min(x) as low, max(x) as high, p50(id) as half',
  'eventstats count() as n by x | sort id',
  'streamstats row_number() as n by x sort id | sort id',
  'sort x, id',
  'dedup x sort id | sort id',
  'fields x | distinct | sort x',
  'top 20 x | sort x',
  "fields id, x | pivot count() splitrow id splitcol x in ('a' as low, 'A' as high) | sort id",
  "case when x = 'a' then 'small' otherwise 'other' as y | sort id",
  'join (select plain as x, id as other from collated.names) on x | sort id, other',
  'join left (select vci as x, id as other from collated.names) on x | sort id, other',
  'join anti (select icu as x from collated.names where id < 3) on x | sort id',
  'union (select icu as x, id from collated.names) | stats count() as n by x | sort x',
  'unpivot x as (name, value) | stats count() as n by value | sort value',
  "fillna x = 'a' | stats count() as n by x | sort x",
];

describe('regression: equality of a column’s own', function () {
  this.timeout(180_000);
  let database: TestDatabase;
  let forkline: Forkline;
  before(async () => {
    database = await testDatabase();
    await database.admin(SETUP);
    forkline = await sharedForkline();
  });
  after(async () => {
    await database.admin('DROP SCHEMA collated CASCADE');
  });

  async function rowsOf(query: string, pushdown: string): Promise<unknown> {
    const { status, text, json } = await forkline.query(query, { body: { pushdown } });
    expect(status, `${query}: ${text}`).to.equal(200);
    return json.rows;
  }

  for (const stages of STAGES)
    it(`is the same in both places: ${stages.slice(0, 70)}`, async () => {
      for (const column of COLUMNS) {
        const query = `select id, ${column} as x from collated.names | ${stages}`;
        const [placed, local] = [await rowsOf(query, 'auto'), await rowsOf(query, 'off')];
        expect(placed, query).to.deep.equal(local);
      }
    });

  it('is that of the characters', async () => {
    for (const column of ['ci', 'vci', 'dci', 'ct', 'dct', 'icu', 'plain']) {
      const query = `select id, ${column} as x from collated.names | where x = 'AB' | fields id`;
      expect(await rowsOf(query, 'require'), column).to.deep.equal([{ id: 4 }]);
    }
  });

  it('goes for elements of lists and for enums', async () => {
    for (const stages of [
      'explode list | stats count() as n by list | sort list',
      'stats count() as n by mood | sort mood',
      "where mood = 'Ok' | sort id | fields id",
      'stats min(mood) as low, max(mood) as high',
    ]) {
      const query = `select id, list, mood from collated.names | ${stages}`;
      expect(await rowsOf(query, 'auto'), query).to.deep.equal(await rowsOf(query, 'off'));
    }
  });
});
