/** /v1/format and /v1/complete on a real server and a real database. */
import { expect } from 'chai';
import { testDatabase } from '../support/database.ts';
import { FEW_PROCESSES, type Forkline, startForkline } from '../support/forkline.ts';
import { inTime } from '../support/in-time.ts';

interface Completion {
  readonly items: readonly { readonly label: string; readonly kind: string; readonly type?: string }[];
  readonly warnings: readonly string[];
}

describe('the tools of the language', function () {
  this.timeout(60_000);
  let forkline: Forkline;
  before(async () => {
    const { url } = await testDatabase();
    const gone = 'postgresql://nobody@127.0.0.1:1/nowhere';
    forkline = await startForkline({ ...FEW_PROCESSES, connections: { main: { url }, gone: { url: gone } } });
  });
  after(() => forkline.stop());

  async function post(path: string, body: unknown) {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const type = typeof body === 'string' ? 'text/plain' : 'application/json';
    const init = { method: 'POST', body: text, headers: { 'content-type': type } };
    const response = await fetch(forkline.url + path, init);
    return { status: response.status, json: (await response.json()) as Record<string, unknown> };
  }

  async function complete(query: string, more: object = {}): Promise<Completion> {
    const { status, json } = await inTime(() =>
      post('/v1/complete', { query, position: query.length, ...more }),
    );
    expect(status, JSON.stringify(json)).to.equal(200);
    return json as unknown as Completion;
  }

  const typed = ({ items }: Completion): readonly string[] =>
    items.filter(({ kind }) => kind === 'column').map(({ label, type }) => `${label} ${type}`);

  it('formats text and JSON, and says where a query is wrong', async () => {
    const formatted = { query: 'select 1\n| head 5\n', changed: true };
    expect((await post('/v1/format', 'select 1|HEAD 5')).json).to.deep.equal(formatted);
    expect((await post('/v1/format', { query: 'select 1|HEAD 5' })).json).to.deep.equal(formatted);
    const { status, json } = await post('/v1/format', { query: 'select 1\n| hed 5' });
    expect([status, json.code]).to.deep.equal([400, 'unknown-stage']);
    expect(json.position).to.include({ line: 2, column: 3 });
    expect((await post('/v1/format', { text: 'select 1' })).json.code).to.equal('bad-request');
  });

  it('completes columns with what the database says of them, and tables from its catalogue', async () => {
    const values = "select 1::int8 as n, 'x' as name, now() as at";
    expect(typed(await complete(`${values} | eval f = n / 2 | where `))).to.deep.equal([
      'n int64',
      'name string',
      'at timestamptz',
      'f float64',
    ]);
    const tables = await complete('select * from ');
    expect(tables.warnings).to.deep.equal([]);
    const names = tables.items.filter(({ kind }) => kind === 'table').map(({ label }) => label);
    expect(names).to.include.members(['airports', 'flights']);
    expect(typed(await complete('select * from flights f where f.de'))).to.deep.equal([
      'delay int64',
      'destination string',
    ]);
  });

  it('gives what it can when the SQL or the database is broken', async () => {
    const wrong = await complete('select nope from nothing | where ');
    expect(wrong.items.map(({ kind }) => kind))
      .to.include('function')
      .and.not.include('column');
    expect(wrong.warnings.join()).to.match(/nothing/);
    const gone = await complete('select a from t | where ', { connection: 'gone' });
    expect(gone.items).to.not.be.empty;
    expect(gone.warnings).to.not.be.empty;
  });

  it('leaves the list of queries alone, and refuses what is no request', async () => {
    await complete('select 1 as a | where ');
    const { queries } = (await forkline.get('/v1/queries')).json as unknown as { queries: unknown[] };
    expect(queries).to.deep.equal([]);
    expect((await post('/v1/complete', { query: 'select', position: -1 })).status).to.equal(400);
    expect((await post('/v1/complete', 'select')).status).to.equal(415);
    expect((await post('/v1/complete', { query: '', position: 0, connection: 'x' })).status).to.equal(404);
    expect((await fetch(`${forkline.url}/v1/complete`)).status).to.equal(405);
  });

  it('explains a draft like a query, and lists it nowhere', async () => {
    const query = 'select 41 as drafted | where drafted > 40 | sql (select drafted from input)';
    const draft = await post('/v1/explain/draft', { query });
    expect([draft.status, draft.json.stages]).to.deep.equal([
      200,
      (await post('/v1/explain', { query })).json.stages,
    ]);
    const wrong = await post('/v1/explain/draft', { query: 'select 42 as drafted | where draftd = 1' });
    expect([wrong.status, wrong.json.code, wrong.json.suggestions]).to.deep.equal([
      400,
      'unknown-column',
      ['drafted'],
    ]);
    const told = (await (await fetch(`${forkline.url}/v1/queries`)).json()) as {
      queries: readonly { query: string }[];
    };
    // The one that is no draft is listed.
    expect(told.queries.map((one) => one.query).filter((text) => text.includes('drafted'))).to.deep.equal([
      query,
    ]);
    expect((await post('/v1/explain/draft?timeoutMs=10', { query: 'x', draft: 1 })).status).to.equal(400);
  });
});
