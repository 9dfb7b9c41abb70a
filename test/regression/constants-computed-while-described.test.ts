/**
 * While the columns of a user's SQL for the stage engine were asked for, the engine computed its constants: gigabytes
 * outside of its memory limit, and minutes in which it heard no interrupt.
 */
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { type DslProcess, startDslProcess } from '../../loadtest/dsl-process.ts';
import { startForkline } from '../support/forkline.ts';
import { until } from '../support/until.ts';

const MIB = 1024 ** 2;
const HEAVY = [
  "select repeat('x', 1500000000) as a",
  "select list_transform(range(100), lambda x: repeat('x', 1000000000)) as a",
  "select levenshtein(repeat('a', 100000), repeat('b', 100000)) as a",
  'select * from range(100000000000)',
];

/** Expressions that the binder itself computes, for minutes. */
const ENDLESS = "select * from range(levenshtein(repeat('a', 400000), repeat('b', 400000)))";

function peakBytes({ child }: DslProcess): number {
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) * 1024;
}

describe('regression: constants computed while described', function () {
  this.timeout(240_000);

  it('describing computes no column', async () => {
    for (const sql of HEAVY) {
      await using worker = await startDslProcess();
      const before = peakBytes(worker);
      const relations = [{ name: 'input', columns: [{ name: 'x', engineType: 'BIGINT' }] }];
      const call = { queryId: 'q1', connection: 'main', sql, relations, deadlineAt: Date.now() + 120_000 };
      const reply = await worker.describe(call);
      expect(reply.ok, JSON.stringify(reply)).to.equal(true);
      expect((peakBytes(worker) - before) / MIB, sql).to.be.below(200);
    }
  });

  it('what the binder computes ends with the deadline, and its worker with it', async () => {
    await using forkline = await startForkline({ dsl: { spares: 1, max: 2 } });
    const workers = async (): Promise<number[]> =>
      (await forkline.processes()).filter(({ role }) => role === 'dsl').map(({ pid }) => pid);
    const before = await workers();
    const described = forkline.query(`select 1 as a | sql (${ENDLESS})`, {
      body: { limits: { timeoutMs: 3000 } },
    });
    const beside = await forkline.query("select 'x' as t | sql (select upper(t) as u from input)");
    expect(beside.status, beside.text).to.equal(200);
    const { status, json } = await described;
    expect(status).to.equal(504);
    expect(json.code).to.equal('deadline-exceeded');
    const lost = async (): Promise<true | null> => {
      const left = await workers();
      return before.some((pid) => !left.includes(pid)) ? true : null;
    };
    await until(lost, 30_000, 'its worker is gone');
    const after = await forkline.query('select 1 as a | sql (select a + 1 as b from input)');
    expect(after.json.rows).to.deep.equal([{ b: 2 }]);
  });

  it("what does not fit into memory is the query's fault", async () => {
    await using forkline = await startForkline({
      limits: { dslMemoryBytes: 256 * MIB },
      dsl: { spares: 1, max: 2, dataLimitBytes: 768 * MIB },
    });
    for (const sql of [
      "select * from unnest([repeat('x', 3000000000)])",
      "select * from range(length(repeat('x', 3000000000)))",
      "select repeat('x', 3000000000) as a",
    ]) {
      const { status, text } = await forkline.query(`select 1 as a | sql (${sql})`);
      expect(status, `${sql}: ${text}`).to.equal(422);
      expect(JSON.parse(text).code, sql).to.equal('memory-exceeded');
    }
    const after = await forkline.query('select 1 as a | sql (select a + 1 as b from input)');
    expect(after.json.rows).to.deep.equal([{ b: 2 }]);
  });
});
