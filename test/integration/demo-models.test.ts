/** The models of the demo: what the set-up writes is what planning finds, and they answer as README says. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { DEMO_MODELS } from '../../demo/demo-models.ts';
import { type Forkline, startForkline } from '../support/forkline.ts';

describe('the models of the demo', function () {
  this.timeout(180_000);
  let forkline: Forkline;
  before(async () => {
    forkline = await startForkline({}, { useTestDatabase: false });
  });
  after(() => forkline.stop());

  it('are saved as planning finds them, and hold', async () => {
    const listed = (await forkline.get('/v1/models')).json as unknown as { models: { name: string }[] };
    expect(listed.models.map(({ name }) => name)).to.deep.equal([
      'departures',
      'flights_by_day',
      'late_routes',
    ]);
    for (const { definition, columns, buildsOn, sources } of DEMO_MODELS) {
      const path = `${forkline.url}/v1/models/${definition.name}`;
      const shown = (await (await fetch(path)).json()) as { definition: object };
      const headers = { 'content-type': 'application/json', 'if-match': '"1"' };
      const body = JSON.stringify(shown.definition);
      const saved = await (await fetch(path, { method: 'PUT', headers, body })).json();
      expect(saved).to.deep.equal({
        name: definition.name,
        columns,
        buildsOn,
        sources,
        version: 1,
        changed: false,
      });
    }
  });

  it('answer the queries of README', async () => {
    const readme = readFileSync(fileURLToPath(new URL('../../README.md', import.meta.url)), 'utf8');
    const first = /-d '(flights_by_day [^']*)'/.exec(readme)![1]!;
    expect((await forkline.query(first)).json.rowCount).to.equal(3);
    const legacy = JSON.parse(/-d '(\{"dialect": "legacy"[^']*)'/.exec(readme)![1]!) as { query: string };
    const answer = await forkline.query(legacy.query, { body: { dialect: 'legacy' } });
    expect(answer.status, answer.text).to.equal(200);
    expect(answer.json.rows[0]).to.have.all.keys('destination', 'late');
  });

  it('are in a schema that the role of queries cannot read', async () => {
    const { json } = await forkline.query('select * from forkline.model');
    expect(json.code).to.equal('permission-denied');
  });
});
