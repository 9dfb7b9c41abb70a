/** Models over HTTP, on a started Forkline with a store: queries, rows, changes, drift, and a store that goes away. */
import { expect } from 'chai';
import { testDatabase } from '../support/database.ts';
import { FEW_PROCESSES, type Forkline, startForkline } from '../support/forkline.ts';
import { inTime } from '../support/in-time.ts';
import { type StoreDatabase, storeDatabase } from '../support/store-database.ts';
import { until } from '../support/until.ts';

const DEADLINE_MS = 20_000;

/** An answer of one of many routes. */
type Json = ReturnType<typeof JSON.parse>;

describe('models', function () {
  this.timeout(120_000);
  let store: StoreDatabase;
  let forkline: Forkline;

  before(async () => {
    store = await storeDatabase();
    forkline = await startForkline({ ...FEW_PROCESSES, store: { url: store.url } });
  });
  after(async () => {
    await forkline.stop();
    await store[Symbol.asyncDispose]();
  });

  async function send(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; json: Json; headers: Headers }> {
    const response = await fetch(forkline.url + path, {
      method,
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      json: text.startsWith('{') ? JSON.parse(text) : {},
    };
  }

  async function make(name: string, definition: object): Promise<Json> {
    const { status, json } = await send('POST', '/v1/models', { name, ...definition });
    expect(status, JSON.stringify(json)).to.equal(201);
    return json;
  }

  const rows = async (text: string, init = {}) => {
    const answer = await forkline.query(text, init);
    expect(answer.status, answer.text).to.equal(200);
    return answer.json.rows;
  };
  const problem = async (text: string, init = {}): Promise<Json> => (await forkline.query(text, init)).json;

  it('are queries that other queries begin with, placed as if they were written out', async () => {
    const saved = await make('late', { query: 'select origin, delay from flights | where delay > 0' });
    expect(saved).to.deep.include({
      version: 1,
      buildsOn: [],
      sources: [{ connection: 'main', tables: ['flights'], columns: ['delay', 'origin'] }],
    });
    await make('late_by_origin', { query: 'late | stats count() as n by origin', tags: ['x'] });
    const written =
      'select origin, delay from flights | where delay > 0 | stats count() as n by origin | sort origin';
    expect(await rows('late_by_origin | sort origin')).to.deep.equal(await rows(written));
    const both = [
      await send('POST', '/v1/explain', { query: 'late_by_origin | sort origin' }),
      await send('POST', '/v1/explain', { query: written }),
    ];
    expect(both[0]!.json.sources[0].sql).to.equal(both[1]!.json.sources[0].sql);
    expect(
      await rows('late_by_origin | stats count() as n', { format: 'json', body: { pushdown: 'off' } }),
    ).to.deep.equal([{ n: 4 }]);
    expect(await rows('explain late | head 1')).to.have.length.above(1);
  });

  it('are read in joins, alone, in the formats that workers encode, and by the legacy language', async () => {
    await make('codes', { table: 'airports', timeColumn: undefined });
    expect(await rows('late_by_origin | join codes on origin = iata | stats count() as n')).to.deep.equal([
      { n: 4 },
    ]);
    expect(await rows('codes')).to.have.length(5);
    const arrow = await fetch(`${forkline.url}/v1/models/codes/rows?format=arrow`);
    expect([arrow.status, (await arrow.arrayBuffer()).byteLength > 500]).to.deep.equal([200, true]);
    const legacy = { body: { dialect: 'legacy' } };
    expect(await rows('model name = late_by_origin | count', legacy)).to.deep.equal([{ count: 4 }]);
    expect(await rows('model name = airports | count', legacy)).to.deep.equal([{ count: 5 }]);
    await make('counted', { language: 'legacy', query: 'model name = late | stats count(*) as n by origin' });
    expect(await rows('counted | where n > 0 | stats count() as all')).to.deep.equal([{ all: 4 }]);
    // A table is read until there is a model of its name.
    await make('types', { query: 'select 1 as one' });
    expect(await rows('model name = types | count', legacy)).to.deep.equal([{ count: 1 }]);
  });

  it('take parameters, and refuse missing, wrong and superfluous ones by name', async () => {
    const parameters = [
      { name: 'origin', type: 'string', default: 'ATL' },
      { name: 'least', type: 'int64' },
    ];
    await make('from_airport', {
      query: 'select origin, delay from flights where origin = :origin | where delay > :least',
      parameters,
    });
    expect(await rows('from_airport | dedup origin | fields origin', { params: { least: 5 } })).to.deep.equal(
      [{ origin: 'ATL' }],
    );
    expect(
      await rows('from_airport | dedup origin | fields origin', { params: { least: 5, origin: 'ORD' } }),
    ).to.deep.equal([{ origin: 'ORD' }]);
    expect(await problem('from_airport | head 1')).to.include({ code: 'missing-parameter' });
    expect((await problem('from_airport | head 1', { params: { least: 'x' } })).detail).to.contain(
      'the parameter :least of the model `from_airport` is a whole number',
    );
    expect((await problem('from_airport | head 1', { params: { least: 1, orign: 'x' } })).hint).to.contain(
      ':origin',
    );
    const address = `/v1/models/from_airport/rows?param.least=5&limit=3`;
    expect((await send('GET', address)).json.rowCount).to.equal(3);
    expect((await send('GET', `/v1/models/from_airport/rows?param.least=five`)).json.code).to.equal(
      'bad-parameter',
    );
    expect((await send('GET', `/v1/models/from_airport/rows?q=select+1`)).json.code).to.equal('bad-request');
  });

  it('have rows with an ETag that follows the data, and the model', async () => {
    await (await testDatabase()).admin(
      'create table public.tagged as select 1 as n; grant select on public.tagged to reader',
    );
    await make('tagged', { query: 'select n from tagged', cache: { keep: '10m' } });
    const get = (headers = {}) => send('GET', '/v1/models/tagged/rows', undefined, headers);
    const first = await get();
    const etag = first.headers.get('etag')!;
    expect(first.headers.get('cache-control')).to.equal('private, max-age=600');
    expect((await get()).headers.get('etag')).to.equal(etag);
    expect((await get({ 'If-None-Match': `"x", ${etag}` })).status).to.equal(304);
    await (await testDatabase()).admin('update public.tagged set n = 2');
    const changed = await get({ 'If-None-Match': etag });
    expect([changed.status, changed.json.rows]).to.deep.equal([200, [{ n: 2 }]]);
    const lines = await fetch(`${forkline.url}/v1/models/tagged/rows?format=ndjson`, {
      headers: { 'If-None-Match': changed.headers.get('etag')! },
    });
    expect([lines.status, (await lines.text()).split('\n')[0]]).to.deep.equal([200, '{"n":2}']);
    await (await testDatabase()).admin('drop table public.tagged');
    expect((await send('DELETE', '/v1/models/tagged', undefined, { 'If-Match': '*' })).status).to.equal(204);
  });

  it('tell errors with model, version and place, and refuse circles with their path', async () => {
    const bad = await send(
      'PUT',
      '/v1/models/late',
      { query: 'select origin, delay from flights\n| where dela > 0' },
      { 'If-Match': '"1"' },
    );
    expect([bad.status, bad.json.detail, bad.json.position.line]).to.deep.equal([
      400,
      'there is no column `dela` here',
      2,
    ]);
    const circle = await send(
      'PUT',
      '/v1/models/late',
      { query: 'late_by_origin | head 1' },
      { 'If-Match': '"1"' },
    );
    expect(circle.json).to.include({ code: 'model-cycle', status: 422 });
    expect(circle.json.detail).to.contain('late -> late_by_origin -> late');
    await make('divided', { query: 'select 1 as a, 0 as b\n| eval c = (9223372036854775807 + b) + a' });
    const failed = await problem('divided | where c > 0');
    expect(failed.code, JSON.stringify(failed)).to.equal('bad-value');
    expect(failed.detail).to.match(/^in the model `divided` \(version 1\), stage 1 \(eval\), line 2/);
    expect(failed.model).to.include({ name: 'divided', version: 1, line: 2 });
    expect(failed.position).to.include({ line: 1, column: 1, endColumn: 8 });
  });

  it('are changed by who has seen the last version, and go back', async () => {
    await make('steps', { query: 'select 1 as n', description: 'one' });
    const put = (query: string, match?: string) =>
      send('PUT', '/v1/models/steps', { query }, match === undefined ? {} : { 'If-Match': match });
    expect((await put('select 2 as n')).status).to.equal(428);
    expect((await put('select 2 as n', '"7"')).status).to.equal(412);
    const second = await put('select 2 as n', '"1"');
    expect([second.status, second.headers.get('etag')]).to.deep.equal([200, '"2"']);
    expect(await rows('steps')).to.deep.equal([{ n: 2 }]);
    const back = await send('POST', '/v1/models/steps/rollback?to=1&reason=wrong', {}, { 'If-Match': '"2"' });
    expect(back.json).to.include({ version: 3, changed: true });
    expect(await rows('steps')).to.deep.equal([{ n: 1 }]);
    const { versions } = (await send('GET', '/v1/models/steps/versions')).json;
    expect(versions.map((each: Json) => each.reason)).to.deep.equal(['back to version 1: wrong', '', '']);
    expect(
      (await send('GET', '/v1/models/steps/diff?from=2&to=3')).json.changes.map((each: Json) => each.member),
    ).to.deep.equal(['query', 'description']);
    expect((await send('DELETE', '/v1/models/late', undefined, { 'If-Match': '*' })).json.detail).to.contain(
      'late_by_origin',
    );
    expect((await send('DELETE', '/v1/models/steps', undefined, { 'If-Match': '"3"' })).status).to.equal(204);
    expect(await problem('steps')).to.include({ code: 'unknown-source' });
  });

  it('notice a table that changed: what is missing is an error with its time, what is new a warning', async () => {
    const { admin } = await testDatabase();
    await admin('create table public.drifting (a int, b text); grant select on public.drifting to reader');
    await make('drifting', { query: 'select * from drifting' });
    await make('reader_of_drifting', { query: 'drifting | stats count() as n by b' });
    const planned = [
      'drifting | where a > 0 | stats max(a) as most',
      'set pushdown = off; drifting | tail 1',
    ];
    for (const text of planned) await rows(text);
    await admin('alter table public.drifting add column c date');
    const warned = (await forkline.query('drifting | head 1')).json.stats as Json;
    expect(warned.warnings.join()).to.contain('has the column `c` (date), which its contract does not name');
    await admin('alter table public.drifting drop column b, alter column a type text');
    // Their plans were made with the columns that there were.
    for (const text of planned) expect((await problem(text)).code, text).to.equal('model-drift');
    const first = await problem('reader_of_drifting');
    expect([first.status, first.code]).to.deep.equal([409, 'model-drift']);
    expect(first.detail)
      .to.contain('the column `b` (string) is gone; the column `a` is string instead of int64')
      .and.contain('It last held at 20');
    expect(first.model).to.include({ name: 'drifting', version: 1 });
    await until(
      async () => String((await problem('drifting')).detail).includes('first seen broken at 20'),
      DEADLINE_MS,
      'since when',
    );
    const tested = (await send('POST', '/v1/models/drifting/test')).json;
    expect([tested.ok, tested.contract.ok, tested.contract.broken.length]).to.deep.equal([false, false, 2]);
    await admin('drop table public.drifting');
    const gone = (await send('POST', '/v1/models/drifting/test')).json;
    expect(gone.contract.broken.join()).to.contain('drifting');
    expect((await problem('drifting')).detail).to.match(
      /^in the model `drifting` \(version 1\), line 1, column 15: /,
    );
    for (const name of ['reader_of_drifting', 'drifting'])
      expect((await send('DELETE', `/v1/models/${name}`, undefined, { 'If-Match': '*' })).status).to.equal(
        204,
      );
  });

  it('are fresh or not, by their column of time', async () => {
    await make('old', { query: 'select date from flights', timeColumn: 'date', freshness: '1d' });
    const answered = await send('POST', '/v1/models/old/test');
    expect(answered.status, JSON.stringify(answered.json)).to.equal(200);
    const { ok, freshness } = answered.json;
    expect([ok, freshness.ok]).to.deep.equal([false, false]);
    expect(freshness.newest).to.match(/^2001-01-28/);
    await make('new', { query: 'select now() as at', timeColumn: 'at', freshness: '1h' });
    expect((await send('POST', '/v1/models/new/test')).json).to.deep.include({ ok: true });
    for (const [more, message] of [
      [{ timeColumn: 'origin' }, 'which is string'],
      [{ timeColumn: 'at' }, 'which its query does not give'],
      [{ columns: [{ name: 'origin', type: 'int64' }] }, 'is string instead of int64'],
      [{ parameters: [{ name: 'x', type: 'date' }] }, 'the query has no parameter `:x`'],
      [{ query: 'select origin from flights where origin = :o' }, ':o'],
      [{ query: 'set pushdown = off; select 1 as n | head 1' }, 'has no `set pushdown`'],
      [{ query: 'select 1 as n; select 2' }, ''],
      [{ query: 'delete from flights' }, ''],
      [{ connection: 'nowhere' }, 'there is no connection nowhere'],
    ] as const) {
      const refused = await send('POST', '/v1/models', {
        name: 'bad',
        query: 'select origin from flights',
        ...more,
      });
      expect(refused.status, JSON.stringify(more)).to.be.within(400, 422);
      expect(refused.json.detail).to.contain(message);
    }
  });

  it('of a repository are applied all or not at all, and applied again without a change', async () => {
    const models = Array.from({ length: 50 }, (_, index) => ({
      name: `repo_${index}`,
      query: index === 0 ? 'select 1 as n' : `repo_${index - 1} | eval n = n + 1`,
      tags: ['repo'],
    })).reverse();
    const half = models.map((model, index) =>
      index % 2 === 0 ? model : { ...model, query: 'select 1 | whre x' },
    );
    const refused = await send('POST', '/v1/catalogue/apply', { models: half });
    expect([refused.status, refused.json.code]).to.deep.equal([422, 'bad-model']);
    expect(refused.json.detail)
      .to.contain('of 50 models cannot be saved, so nothing was changed')
      .and.contain('more');
    expect((await send('GET', '/v1/models?prefix=repo_')).json.models).to.deep.equal([]);
    const planned = await send('POST', '/v1/catalogue/apply?dryRun=true', { models });
    expect(planned.json.steps.filter((step: Json) => step.action === 'create')).to.have.length(50);
    expect((await send('GET', '/v1/models?prefix=repo_')).json.models).to.deep.equal([]);
    const applied = await send('POST', '/v1/catalogue/apply', { models });
    expect(applied.json, JSON.stringify(applied.json)).to.include({ applied: true });
    expect(await rows('repo_49')).to.deep.equal([{ n: 50 }]);
    const exported = (await send('GET', '/v1/catalogue/export')).json.models.map(
      (each: Json) => each.definition,
    );
    const again = await send('POST', '/v1/catalogue/apply?prune=true', { models: exported });
    expect(again.status, JSON.stringify(again.json)).to.equal(200);
    expect(again.json.steps.map((step: Json) => step.action)).to.deep.equal(exported.map(() => 'same'));
    const kept = exported.filter(({ name }: Json) => !name.startsWith('repo_'));
    const pruned = await send('POST', '/v1/catalogue/apply?prune=true', { models: kept });
    expect(pruned.json.steps.filter((step: Json) => step.action === 'remove')).to.have.length(50);
    const circle = ['a', 'b'].map((name, index) => ({
      name: `loop_${name}`,
      query: `loop_${['b', 'a'][index]} | head 1`,
    }));
    expect((await send('POST', '/v1/catalogue/apply', { models: circle })).json.detail).to.contain(
      'loop_a -> loop_b -> loop_a',
    );
  });

  it('that are published stand in /openapi.json with their types', async () => {
    await make('published one', {
      query: 'select origin, delay from flights where date >= :day',
      published: true,
      parameters: [{ name: 'day', type: 'date' }],
    });
    const { paths } = (await send('GET', '/openapi.json')).json;
    const { get } = paths['/v1/models/published%20one/rows'];
    expect(get.parameters[0]).to.deep.include({
      name: 'param.day',
      required: true,
      schema: { type: 'string', format: 'date' },
    });
    const schema = get.responses[200].content['application/json'].schema;
    expect(schema.allOf[1].properties.rows.items.properties.delay).to.deep.equal({
      type: ['integer', 'null'],
    });
    expect(
      (await send('GET', '/v1/models/published%20one/rows?param.day=2001-01-05&limit=1')).json.rowCount,
    ).to.equal(1);
  });

  it('complete the columns of a query that begins with one', async () => {
    const query = 'late_by_origin | where ';
    const { items } = (await inTime(() => send('POST', '/v1/complete', { query, position: query.length })))
      .json;
    const columns = items.filter(({ kind }: Json) => kind === 'column').map(({ label }: Json) => label);
    expect(columns).to.deep.equal(['origin', 'n']);
  });

  it('may be called like words of the languages, and are then quoted', async () => {
    for (const name of ['where', 'group', 'stats', 'null', 'join', 'sort', '한글']) {
      await make(name, { query: `select '${name}' as word` });
      expect(await rows(`"${name}" | head 1`), name).to.deep.equal([{ word: name }]);
      const legacy = await rows(`model name = '${name}' | head 1`, { body: { dialect: 'legacy' } });
      expect(legacy, name).to.deep.equal([{ word: name }]);
    }
    for (const name of ['select', 'with', 'let', 'explain', 'model']) {
      const { status, json } = await send('POST', '/v1/models', { name, query: 'select 1 as n' });
      expect([status, json.detail], name).to.deep.equal([
        422,
        `the model \`${name}\` cannot be saved: name cannot be \`${name}\`: queries begin with that word`,
      ]);
    }
  });

  it('with ten megabytes of text are refused', async () => {
    const query = `select 1 as n | where n in (${'1,'.repeat(5 * 1024 * 1024)}1)`;
    const { status, json } = await send('POST', '/v1/models', { name: 'huge', query });
    expect(status).to.be.oneOf([400, 413]);
    expect(json.detail).to.be.a('string').and.have.length.lessThan(500);
    expect((await send('GET', '/v1/models/huge')).status).to.equal(404);
  });

  it('are offered by name where one may stand, with their parameters and columns, in both languages', async () => {
    await make('far flights', {
      query: 'select origin from flights where distance > :miles',
      description: 'Flights that go far',
      parameters: [{ name: 'miles', type: 'int64', default: 1000 }],
    });
    const offered = async (query: string, more = {}): Promise<Json> => {
      const { json } = await inTime(() =>
        send('POST', '/v1/complete', { query, position: query.length, ...more }),
      );
      return json.items.filter(({ kind }: Json) => kind === 'model');
    };
    const model = {
      ...{ label: 'far flights', kind: 'model' },
      detail: 'a model: Flights that go far; parameters miles: int64 = 1000; columns origin',
    };
    for (const text of ['far', 'select * from flights | join (far', 'let x = (fa'])
      expect(await offered(text), text).to.deep.equal([{ ...model, insert: '"far flights"' }]);
    expect(await offered('select far')).to.deep.equal([]);
    const legacy = { dialect: 'legacy' };
    for (const text of [
      'model name = far',
      'model name = late | join left fa',
      'model name = late | union all fa',
    ])
      expect(await offered(text, legacy), text).to.deep.equal([{ ...model, insert: "'far flights'" }]);
    const far = { query: "model name = 'far flights' | where ", position: 35 };
    const columns = await inTime(() => send('POST', '/v1/complete', { ...far, ...legacy }));
    expect(columns.json.items.map(({ label }: Json) => label)).to.include('origin');
  });

  it('come from connections whose tables and columns are listed', async () => {
    const { connections } = (await send('GET', '/v1/connections')).json;
    expect(connections).to.have.length(1);
    expect(connections[0]).to.deep.include({ name: 'main', dialect: 'postgres', default: true });
    const { tables, complete } = (await send('GET', '/v1/connections/main/tables')).json;
    expect(complete).to.equal(true);
    const airports = tables.find(({ name }: Json) => name === 'airports');
    expect(airports).to.deep.include({ schema: 'public', visible: true });
    expect(airports.columns[0]).to.deep.equal({ name: 'iata', type: 'string' });
    expect((await send('GET', '/v1/connections/nowhere/tables')).json.code).to.equal('unknown-connection');
  });

  it('are away with their store: other queries go on, and all comes back', async () => {
    expect(await rows('late | head 1')).to.have.length(1);
    await store.close();
    await until(
      async () => (await problem('late | head 1')).code === 'store-unavailable',
      DEADLINE_MS,
      'it is noticed',
    );
    expect(await rows('select 1 as one | eval two = 2')).to.deep.equal([{ one: 1, two: 2 }]);
    expect((await send('GET', '/v1/models')).status).to.equal(503);
    expect((await send('GET', '/openapi.json')).status).to.equal(200);
    await store.open();
    await until(
      async () => (await forkline.query('late | head 1')).status === 200,
      DEADLINE_MS,
      'it is back',
    );
  });

  it('need a store: without one 501, and names are what they were', async () => {
    await using bare = await startForkline(FEW_PROCESSES);
    const answer = await bare.get('/v1/models');
    expect([answer.status, answer.json.code]).to.deep.equal([501, 'no-catalogue']);
    expect((await bare.query('late | head 1')).json).to.include({
      code: 'unknown-source',
      detail: 'a query begins with SQL, not with `late`',
    });
    // A store that is down at the start: the rest works.
    await store.close();
    await using early = await startForkline({ ...FEW_PROCESSES, store: { url: store.url } });
    expect((await early.query('select 1 as one')).status).to.equal(200);
    expect((await early.query('late | head 1')).json.code).to.equal('store-unavailable');
    await store.open();
    await until(async () => (await early.query('late | head 1')).status === 200, DEADLINE_MS, 'it is there');
  });
});
