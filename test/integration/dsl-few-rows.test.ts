/** The short way of queries on few rows through a DSL worker: the same bytes as the usual way, in every case that leaves it. */
import { rmSync } from 'node:fs';
import { expect } from 'chai';
import type { Row } from '../../connectors/kit/row-writer.ts';
import type { AnswerLimits, AnswerOptions } from '../../core/protocol/answer.ts';
import type { RunStagesCall } from '../../core/protocol/dsl-worker.ts';
import type { Column, ColumnType } from '../../core/protocol/types.ts';
import {
  type Answer,
  type DslProcess,
  type InputKinds,
  inputStream,
  stagesCall,
  startDslProcess,
} from '../../loadtest/dsl-process.ts';

const INPUT: InputKinds = {
  i: 'int64',
  f: 'float64',
  s: 'string',
  b: 'bool',
  d: 'date',
  t: 'timestamp',
  j: 'json',
};
const COLUMNS: readonly Column[] = Object.entries(INPUT).map(([name, kind]) => ({
  name,
  type: { kind } as ColumnType,
}));

function rowOf(i: number): Row {
  if (i % 7 === 3) return COLUMNS.map(() => null);
  const texts = ['', 'twelve bytes', 'a "text", longer than twelve bytes\r\n한글 😀'];
  return [i, i / 3, texts[i % 3]!, i % 2 === 0, '2024-02-29', '2024-02-29 10:00:00.5', '{"a": [1]}'];
}

function rows(count: number): Row[] {
  return Array.from({ length: count }, (_, i) => rowOf(i));
}

const NAMES = COLUMNS.map(({ name }) => name).join(', ');
const ALL = `SELECT ${NAMES} FROM input ORDER BY i NULLS LAST, s`;
const LIMITS: AnswerLimits = { capRows: null, maxRows: 1_000_000, maxBytes: 1024 ** 3 };

interface Case {
  readonly what: string;
  readonly sql?: string;
  readonly rows: readonly Row[];
  readonly limits?: Partial<AnswerLimits>;
}

const EACH_TWICE = `SELECT ${NAMES} FROM input CROSS JOIN range(2) ORDER BY i NULLS LAST, s`;

const CASES: readonly Case[] = [
  { what: 'no row', rows: [] },
  { what: 'one row', rows: rows(1) },
  { what: 'a hundred rows', rows: rows(100) },
  { what: 'as many rows as are gathered', sql: EACH_TWICE, rows: rows(512) },
  { what: 'one row more than are gathered', sql: `${EACH_TWICE} LIMIT 1025`, rows: rows(513) },
  {
    what: 'few rows that become many',
    sql: `SELECT ${NAMES} FROM input, range(3000)`,
    rows: rows(3),
  },
  { what: 'more rows than come whole', rows: rows(3000) },
  { what: 'rows cut by a cap', rows: rows(100), limits: { capRows: 7 } },
  { what: 'as many rows as the cap', rows: rows(7), limits: { capRows: 7 } },
  {
    what: 'rows cut by a cap above what is gathered',
    sql: `SELECT ${NAMES} FROM input, range(2000)`,
    rows: rows(3),
    limits: { capRows: 1500 },
  },
  { what: 'more rows than are allowed', rows: rows(11), limits: { maxRows: 10 } },
  {
    what: 'more rows than are allowed, above what is gathered',
    sql: `SELECT ${NAMES} FROM input, range(2000)`,
    rows: rows(3),
    limits: { maxRows: 1500 },
  },
  { what: 'more bytes than are allowed', rows: rows(100), limits: { maxBytes: 2000 } },
  {
    what: 'a value that cannot be cast',
    sql: `SELECT i, f, (s || 'x')::BIGINT::VARCHAR AS s, b, d, t, j FROM input`,
    rows: rows(2),
  },
  {
    what: 'a moment that the engine has no value for',
    rows: [[1, 1, '', true, '0044-03-15 BC', null, null]],
  },
];

const FORMATS: readonly Partial<AnswerOptions>[] = [
  {},
  { rows: 'arrays', numbers: 'string' },
  { format: 'ndjson' },
  { format: 'csv' },
];

/** The answer without its times. What a failed one had sent before does not count, nor how large it was by then. */
function plain({ body, reply }: Answer): unknown {
  if (reply.ok) return { text: body.toString(), reply: { ...reply.value, phases: null } };
  return { ...reply.error, limit: { ...reply.error.limit, observed: null } };
}

describe('dsl worker: few rows', function () {
  this.timeout(60_000);
  let worker: DslProcess;
  before(async () => {
    worker = await startDslProcess();
  });
  after(() => worker[Symbol.asyncDispose]());

  async function run(call: RunStagesCall, ...inputs: readonly Buffer[]): Promise<Answer> {
    const answer = await worker.run(call, ...inputs);
    await worker.scrub();
    return answer;
  }

  for (const { what, sql = ALL, rows: given, limits } of CASES) {
    it(`${what}: the same bytes, counts and errors as the usual way`, async () => {
      const stream = inputStream(INPUT, given);
      for (const format of FORMATS) {
        const answer: AnswerOptions = { format: 'json', rows: 'objects', numbers: 'number', ...format };
        const call = stagesCall(sql, INPUT, COLUMNS, { answer, limits: { ...LIMITS, ...limits } });
        const usual = await run({ ...call, manyRows: true }, stream);
        expect(plain(await run(call, stream)), JSON.stringify(format)).to.deep.equal(plain(usual));
      }
    });
  }

  it('binds parameters, and reads several inputs', async () => {
    const call = stagesCall(
      'SELECT input.n + $1 AS n, input2.n AS m FROM input JOIN input2 USING (n)',
      { n: 'int64' },
      [
        { name: 'n', type: { kind: 'int64' } },
        { name: 'm', type: { kind: 'int64' } },
      ],
    );
    const inputs = ['input', 'input2'].map((name) => ({ ...call.plan.inputs[0]!, name }));
    const plan = { ...call.plan, inputs, parameters: [{ name: 'p', kind: 'int64' as const }] };
    const streams = [
      [1, 2, 3],
      [3, 4],
    ].map((numbers) =>
      inputStream(
        { n: 'int64' },
        numbers.map((n) => [n]),
      ),
    );
    const answer = await run({ ...call, plan, parameters: [10] }, ...streams);
    expect(JSON.parse(`${answer.body.toString()}]}`).rows).to.deep.equal([{ n: 13, m: 3 }]);
  });

  it('end at once when they are cancelled or their time is up before their rows are here', async () => {
    const waiting = stagesCall(ALL, INPUT, COLUMNS, { manyRows: false });
    const cancelled = worker.run(waiting);
    worker.cancel(waiting.queryId);
    expect((await cancelled).reply)
      .to.deep.include({ ok: false })
      .and.to.have.nested.property('error.code', 'cancelled');
    await worker.scrub();
    const late = await run({ ...waiting, deadlineAt: Date.now() });
    expect(late.reply).to.have.nested.property('error.code', 'deadline-exceeded');
    const next = await run(waiting, inputStream(INPUT, rows(1)));
    expect(next.reply).to.have.nested.property('value.rows', 1);
  });

  it('need no answer pipe', async () => {
    await using other = await startDslProcess();
    const call = stagesCall(ALL, INPUT, COLUMNS);
    await other.run(call, inputStream(INPUT, rows(100)));
    await other.scrub();
    rmSync(`${other.config.fifoPath}.answer`);
    const { reply } = await other.run(call, inputStream(INPUT, rows(100)));
    expect(reply).to.deep.include({ ok: true });
  });
});
