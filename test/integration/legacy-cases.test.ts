/**
 * The further cases of the legacy language against a server: those that the database computes as a whole. LEGACY_CASES=all
 * (`npm run test:legacy`) asks all of them, as the planner places them and in the stage engine alone.
 */
import { expect } from 'chai';
import type { LegacyCase } from '../fixtures/legacy/cases/case.ts';
import { testDatabase } from '../support/database.ts';
import { type Forkline, startForkline } from '../support/forkline.ts';
import { CASES, legacyTables, mistake } from '../support/legacy-cases.ts';

const SCHEMA = 'legacy_cases';
const LEAST_IN_DATABASE = 150;
type Pushdown = 'auto' | 'off' | 'require';

describe('further cases of the legacy language', function () {
  this.timeout(240_000);
  let forkline: Forkline;

  before(async () => {
    const { url, admin } = await testDatabase();
    await admin(
      `drop schema if exists ${SCHEMA} cascade; create schema ${SCHEMA}; ${legacyTables(SCHEMA)}
       grant usage on schema ${SCHEMA} to reader; grant select on all tables in schema ${SCHEMA} to reader`,
    );
    const connection = `${url}?options=${encodeURIComponent(`-c search_path=${SCHEMA}`)}`;
    forkline = await startForkline({ connections: { flights: { url: connection } }, dsl: { spares: 2 } });
  });
  after(async () => {
    await forkline.stop();
    await (await testDatabase()).admin(`drop schema ${SCHEMA} cascade`);
  });

  /** Returns what is wrong; null: nothing; undefined: the database does not compute it as a whole. */
  async function outcome(each: LegacyCase, pushdown: Pushdown): Promise<string | null | undefined> {
    const { query, model } = each;
    const answer = await forkline.query(query, {
      body: { dialect: 'legacy', rows: 'arrays', pushdown, ...(model !== undefined && { model }) },
    });
    if (answer.status !== 200 && answer.json.code === 'not-pushable') return undefined;
    if (answer.status !== 200) return JSON.stringify(answer.json);
    return mistake(each, {
      columns: answer.json.columns.map((column) => column.name),
      rows: answer.json.rows as unknown as readonly unknown[][],
    });
  }

  async function run(
    pushdown: Pushdown,
  ): Promise<{ readonly asked: number; readonly failed: readonly string[] }> {
    const left = [...CASES];
    const failed: string[] = [];
    let asked = 0;
    const work = async (): Promise<void> => {
      for (let each = left.pop(); each !== undefined; each = left.pop()) {
        const wrong = await outcome(each, pushdown);
        if (wrong !== undefined) asked++;
        if (typeof wrong === 'string') failed.push(`${each.query}\n  gives ${wrong}`);
      }
    };
    await Promise.all([work(), work(), work()]);
    return { asked, failed };
  }

  it('have the answers of the specification in the database', async () => {
    const { asked, failed } = await run('require');
    expect(failed.join('\n')).to.equal('');
    expect(asked).to.be.greaterThan(LEAST_IN_DATABASE);
  });

  if (process.env.LEGACY_CASES === 'all')
    for (const pushdown of ['auto', 'off'] as const)
      it(`have the answers of the specification, pushdown ${pushdown}`, async () => {
        expect((await run(pushdown)).failed.join('\n')).to.equal('');
      });
});
