/** One value of hundreds of megabytes made a SQL worker, which all queries share, several times as large. */
import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import { type Forkline, startForkline } from '../support/forkline.ts';
import { post } from '../support/read-answer.ts';

const MB = 1024 * 1024;
const VALUE = 120 * MB;

describe('regression: one row filled a shared SQL worker', function () {
  this.timeout(240_000);
  let forkline: Forkline;
  before(async () => {
    forkline = await startForkline({ sql: { processes: 1, connectionsPerProcess: 4 } });
  });
  after(() => forkline.stop());

  /** The most memory that the SQL worker ever had. */
  async function peakBytes(): Promise<number> {
    const worker = (await forkline.processes()).find(({ role }) => role === 'sql')!;
    const status = await readFile(`/proc/${worker.pid}/status`, 'utf8');
    return Number(/VmHWM:\s*(\d+) kB/.exec(status)![1]) * 1024;
  }

  /** Runs `ask` and expects that the worker stayed within the room of a row that is allowed, far below the value. */
  async function withoutGrowing<T>(ask: () => Promise<T>): Promise<T> {
    const before = await peakBytes();
    const result = await ask();
    expect((await peakBytes()) - before).to.be.below(VALUE / 2);
    return result;
  }

  const ROWS = {
    'one long value': `repeat('x', ${VALUE}) as v`,
    'several values that are long together': `i, repeat('y', ${VALUE / 2}) as v, repeat('z', ${VALUE / 2}) as w`,
  };

  for (const format of ['json', 'ndjson', 'csv']) {
    for (const [what, columns] of Object.entries(ROWS))
      it(`${what}, as ${format}`, async () => {
        const query = `select ${columns} from generate_series(1, 1) i`;
        const answer = await withoutGrowing(() => post(forkline, { query, format }));
        const problem = JSON.parse(answer.body.toString());
        expect(problem).to.include({ status: 422, code: 'result-too-large' });
        expect(problem.limit).to.include({ name: 'dslRowBytes', value: 32 * MB });
        expect(problem.limit.observed).to.be.at.least(VALUE);
        expect(problem.hint).to.contain('dslRowBytes');
      });

    it(`one long value behind many short rows, as ${format}`, async () => {
      const short = "select 'a short row' as v from generate_series(1, 30000) i";
      const query = `${short} union all select repeat('x', ${VALUE})`;
      const answer = await withoutGrowing(() => post(forkline, { query, format }));
      const last = answer.body.toString().trimEnd().split('\n').at(-1)!;
      if (format === 'ndjson') expect(JSON.parse(last)['@error'].limit.name).to.equal('dslRowBytes');
      else expect(answer.ended).to.equal(false);
    });
  }

  it('with stages, it is not read a second time', async () => {
    const query = `set pushdown = off; select repeat('x', ${VALUE}) as v | eval n = length(v)`;
    const answer = await withoutGrowing(() => post(forkline, { query }));
    expect(JSON.parse(answer.body.toString()).limit).to.include({ name: 'dslRowBytes', value: 32 * MB });
  });

  it('an error that quotes it is cut, and no worker is lost', async () => {
    for (const stages of ['', ' | where true', ' | eval z = 1']) {
      const query = `set pushdown = off; select ('x' || repeat('a', ${VALUE}))::int as v${stages}`;
      const answer = await withoutGrowing(() =>
        post(forkline, { query: stages === '' ? query.slice(20) : query }),
      );
      const problem = JSON.parse(answer.body.toString());
      expect(problem).to.include({ code: 'sql-error', sqlstate: '22P02' });
      expect(problem.detail).to.match(/^invalid input syntax for type integer: "xaaaa/);
      expect(answer.body.length).to.be.below(20_000);
    }
  });

  it('an error of the stages that quotes a long value is cut, and no worker is lost', async () => {
    const query = "select 'x' as s | eval v = cast(repeat(s, 30000000) as int64), z = lower(s)";
    const answer = await post(forkline, { query, pushdown: 'off' });
    expect(JSON.parse(answer.body.toString()).code).to.equal('bad-value');
    expect(answer.body.length).to.be.below(20_000);
  });

  it('rows within the limit come whole', async () => {
    const query = `select repeat('x', ${20 * MB}) as v from generate_series(1, 3)`;
    const answer = await post(forkline, { query, format: 'csv' });
    expect([answer.status, answer.body.length]).to.deep.equal([200, 3 * (20 * MB + 2) + 3]);
  });
});
