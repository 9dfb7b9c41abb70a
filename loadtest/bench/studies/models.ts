/**
 * Measures the catalogue with many models of 30 columns each, on an embedded PostgreSQL of its own: look-ups (cold and from the
 * cache), pages of lists and searches, and a change until another catalogue has heard of it.
 *
 *   npm run bench:models -- [models] [look-ups]
 *
 * Prints the median and the 95th percentile in milliseconds, and the statements of each operation.
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { Catalogue } from '../../../catalogue/catalogue.ts';
import { readDefinition } from '../../../catalogue/models/definition.ts';
import type { PlannedModel } from '../../../catalogue/models/model-rows.ts';
import { SCHEMA } from '../../../catalogue/store/migrate.ts';
import { openCluster } from '../../../demo/cluster.ts';

const [count = 100_000, lookups = 2000] = process.argv.slice(2).map(Number);
const COLUMNS = 30;
/** Every so many models one begins a chain that the next four build on, so that a look-up fetches up to five. */
const CHAIN = 5;

interface Figure {
  readonly name: string;
  readonly target: number;
  readonly times: number[];
  readonly statements: number;
}

function quantile(times: readonly number[], share: number): number {
  return times.toSorted((a, b) => a - b)[Math.min(times.length - 1, Math.floor(times.length * share))]!;
}

function print({ name, target, times, statements }: Figure): void {
  const [median, p95] = [quantile(times, 0.5), quantile(times, 0.95)];
  const verdict = p95 <= target ? 'held' : 'MISSED';
  console.log(
    `| ${name} | ${(statements / times.length).toFixed(2)} | ${median.toFixed(3)} | ${p95.toFixed(3)} | ${target} | ${verdict} |`,
  );
}

/** The rows are made in the store itself, as saving would make them. */
async function fill(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, options: `-c search_path=${SCHEMA}` });
  await client.connect();
  const columns = Array.from({ length: COLUMNS }, (_, index) => ({
    ...{ name: `column_${index}`, type: index % 3 === 0 ? 'int64' : 'string' },
    description: `What the column number ${index} says, in a sentence as people write it`,
  }));
  const definition = readDefinition({ name: 'x', query: 'select 1 as n', columns, owner: 'o' });
  await client.query(
    `insert into model (key, version, name, owner, description, tags, definition, text, columns, builds_on, sources)
     select 'model_' || i, 1, 'Model_' || i, 'owner' || i % 100,
            'Sales of the region ' || i % 1000 || ' by week and product line ' || i % 37,
            array['tag' || i % 50, 'all'],
            $1::jsonb || jsonb_build_object('name', 'Model_' || i, 'query', 'select * from sales | where region = ' || i),
            'select * from sales | where region = ' || i, $2::jsonb,
            case when i % $4 = 0 then '{}'::text[] else array['model_' || i - 1] end,
            '[{"connection": "main", "tables": ["sales"], "columns": ["region"]}]'
     from generate_series(0, $3::int - 1) i`,
    [JSON.stringify(definition), JSON.stringify(columns), count, CHAIN],
  );
  await client.query('vacuum analyze model');
  await client.end();
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

/** Runs `work` so often, each time with another number. */
async function figure(
  catalogue: Catalogue,
  name: string,
  target: number,
  times: number,
  work: (index: number) => Promise<unknown>,
): Promise<void> {
  for (let index = 0; index < 50; index++) await work(count - 1 - index); // the sessions are there and warm
  const before = catalogue.statements;
  const taken: number[] = [];
  for (let index = 0; index < times; index++) taken.push(await timed(() => work(index)));
  print({ name, target, times: taken, statements: catalogue.statements - before });
}

/** Prints how the store itself takes its time, which other work on the machine does not change. */
async function explain(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, options: `-c search_path=${SCHEMA} -c jit=off` });
  await client.connect();
  for (const where of ["tags @> array['tag7']", "search @@ websearch_to_tsquery('simple', 'product 7')"]) {
    const { rows } = await client.query<{ 'QUERY PLAN': string }>(
      `explain (analyze, buffers) select key, name, description from model where ${where} order by key limit 51`,
    );
    console.log(rows.map((row) => row['QUERY PLAN']).join('\n'));
  }
  await client.end();
}

async function heardOf(catalogue: Catalogue, other: Catalogue): Promise<number> {
  const planned = async (owner: string): Promise<PlannedModel> => {
    const { definition, text, columns, buildsOn, sources } = (await catalogue.show('model_0'))!;
    return { definition: { ...definition, owner }, text, columns, buildsOn, sources };
  };
  await other.find(['model_0']);
  const { version } = (await other.show('model_0'))!;
  const model = await planned(`owner of ${performance.now()}`);
  const done = catalogue.change([{ kind: 'save', planned: model, expected: 'any' }], {
    author: 'a',
    reason: '',
  });
  const startedAt = performance.now();
  while (other.areCurrent([{ key: 'model_0', version }])) await delay(1);
  await done;
  return performance.now() - startedAt;
}

const dir = mkdtempSync(join(tmpdir(), 'forkline-models-'));
chmodSync(dir, 0o711);
const cluster = await openCluster({
  dataDir: dir,
  maxConnections: 40,
  onProgress: () => {},
  onTrouble: console.error,
});
const options = {
  url: cluster.adminUrl,
  migrate: 'auto',
  onTrouble: console.error,
} as const;
const [catalogue, other] = [new Catalogue(options), new Catalogue(options)];
try {
  await catalogue.ready();
  await fill(cluster.adminUrl);
  const key = (index: number): string => `model_${(index * 7919) % count}`;
  const usual = { prefix: null, tag: null, owner: null, search: null, after: null, limit: 50 };
  await catalogue.find(['nothing']);
  while (!other.areCurrent([{ key: 'nothing', version: 0 }])) await other.find(['nothing']);
  console.log(`${count} models of ${COLUMNS} columns\n`);
  console.log('| operation | statements | median ms | p95 ms | target | |\n|---|---|---|---|---|---|');
  await figure(catalogue, 'look-up of a model with what it builds on, cold', 5, lookups, (index) =>
    catalogue.find([key(index)]),
  );
  await figure(catalogue, 'look-up, cached', 0.2, lookups, (index) => catalogue.find([key(index)]));
  const page = (name: string, more: (index: number) => object): Promise<void> =>
    figure(catalogue, name, 20, 200, (index) => catalogue.models.list({ ...usual, ...more(index) }));
  await page('list, a page of 50', (index) => ({ after: key(index) }));
  await page('prefix', (index) => ({ prefix: `model_${index % 100}` }));
  await page('tag of 2 % of the models', (index) => ({ tag: `tag${index % 50}` }));
  await page('tag of all models', () => ({ tag: 'all' }));
  await page('owner of 1 %', (index) => ({ owner: `owner${index % 100}` }));
  await page('words of 0.003 %', (index) => ({ search: `region ${index % 1000} line ${index % 37}` }));
  await page('words of 2.7 %', (index) => ({ search: `product ${index % 37}` }));
  await page('words of all models', () => ({ search: 'sales week' }));
  await page('words of all and a rare tag', (index) => ({ search: 'sales', tag: `tag${index % 50}` }));
  await figure(catalogue, 'one model, shown', 20, 200, (index) => catalogue.models.show(key(index)));
  await figure(catalogue, 'lineage of a model', 20, 200, (index) => catalogue.models.uses(key(index)));
  await explain(cluster.adminUrl);
  const times: number[] = [];
  for (let index = 0; index < 30; index++) times.push(await heardOf(catalogue, other));
  print({ name: 'a change until another server has heard of it', target: 1000, times, statements: 0 });
} finally {
  await Promise.all([catalogue.close(), other.close()]);
  await cluster.stop();
  rmSync(dir, { recursive: true, force: true });
}
