/**
 * The database quotes a value that it does not like in its error, and GET /v1/queries/{id} showed that to everybody; the log
 * had what values had become on the way (in upper case, joined to others). And an error of a megabyte was logged at length.
 */
import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import { type Answer, FEW_PROCESSES, type Forkline, startForkline } from '../support/forkline.ts';
import { until } from '../support/until.ts';

const DEADLINE_MS = 20_000;
type Value = string | number;

/** The value that must be seen nowhere but in the author's own answer, in any case of letters. */
const CASES: readonly (readonly [what: string, query: string, value: Value, secrets: readonly string[]])[] = [
  ['a text for an integer', 'select :p::integer as a', 'geheim4711', ['geheim', '4711']],
  ['a short text', 'select (:p::text)::integer as a', 'zq7', ['zq7']],
  ['one character', 'select (:p::text)::integer as a', 'ß', ['ß']],
  ['in upper case', 'select upper(:p::text)::integer as a', 'geheim', ['geheim']],
  ['joined to another', "select (:p::text || 'tail')::integer as a", 'gz', ['gztail', 'gz']],
  ['reversed', 'select reverse(:p::text)::integer as a', 'mieheg', ['geheim', 'mieheg']],
  ['a part of it', 'select substr(:p::text, 1, 6)::integer as a', 'geheimnis', ['geheim']],
  ['as JSON', 'select :p::text::json as a', '{"a": geheim}', ['geheim']],
  ['as an array', 'select :p::text::int[] as a', '{1,geheim}', ['geheim']],
  ['as a date', 'select :p::text::date as a', '2024-13-45', ['2024-13-45', '13-45']],
  ['as a uuid', 'select :p::text::uuid as a', 'geheim-uuid', ['geheim']],
  ['as an address', 'select :p::text::inet as a', '10.1.2.333', ['10.1.2']],
  ['with quotes in it', 'select (:p::text)::integer as a', 'ge"he\'im', ['ge"he', "he'im"]],
  [
    'as the name of a table',
    'select to_regclass(:p::text)::text, :p::text::regclass::text as a',
    'Geheim',
    ['geheim'],
  ],
  ['a number', 'select (:p::int * 1)::text::uuid as a', 471_147, ['471147']],
  [
    'a number out of range',
    'select (:p::bigint)::text::smallint as a',
    987_654_321,
    ['987654321', '987,654,321'],
  ],
  ['in a stage in the database', "select 'a' as x | eval n = cast(:p as int64)", 'geheim', ['geheim']],
  [
    'in a stage in a worker',
    "set pushdown = off; select 'a' as x | eval n = cast(concat(x, :p) as int64)",
    'geheim',
    ['geheim'],
  ],
  [
    'a short one in a worker',
    "set pushdown = off; select 'b' as x | eval n = cast(concat(upper(:p), x) as int64)",
    'zq',
    ['zqb', 'zq'],
  ],
  ['a long one', 'select (:p::text)::integer as a', 'geheim'.repeat(1000), ['geheim']],
  ['one longer than errors may be', 'select (:p::text)::integer as a', 'geheim'.repeat(20_000), ['geheim']],
];

describe('regression: values in errors', function () {
  this.timeout(120_000);
  let forkline: Forkline;
  before(async () => {
    forkline = await startForkline({ ...FEW_PROCESSES, log: { level: 'debug' } });
  });
  after(() => forkline.stop());

  /** Returns what others may read of a query that has ended: its entry, the list, its lines in the log. */
  async function seenByOthers(queryId: string): Promise<string> {
    const entry = await until(async () => {
      const { text } = await forkline.get(`/v1/queries/${queryId}`);
      return /"state":"(?:failed|finished)"/.test(text) ? text : null;
    }, DEADLINE_MS);
    const lines = await until(async () => {
      const ofQuery = (await forkline.logLines())
        .filter((line) => line.includes(`"queryId":"${queryId}"`))
        // The random name of a process's stream may hold a value of two letters by chance.
        .map((line) => line.replace(/"stream":"[^"]*"/, ''));
      return ofQuery.some((line) => line.includes('"query":')) ? ofQuery : null;
    }, DEADLINE_MS);
    return [entry, (await forkline.get('/v1/queries')).text, ...lines].join('\n').toLowerCase();
  }

  for (const [index, [what, query, value, secrets]] of CASES.entries())
    it(`${what}: only its author sees it`, async () => {
      const queryId = `value-${index}`;
      const answer = await forkline.query(query, { params: { p: value }, headers: { 'Query-Id': queryId } });
      expect(answer.status, answer.text).to.be.within(400, 499);
      const seen = await seenByOthers(queryId);
      for (const secret of secrets) expect(seen).to.not.include(secret.toLowerCase());
      expect(seen).to.include('"error":{"code":');
    });

  it('what stands in the query itself is told: names, literals', async () => {
    const queryId = 'named';
    await forkline.query('select "no_such_column", :p::text as a from types', {
      params: { p: 'geheim' },
      headers: { 'Query-Id': queryId },
    });
    const { error } = (await forkline.get(`/v1/queries/${queryId}`)).json as unknown as {
      error: { message: string };
    };
    expect(error.message).to.equal('column "no_such_column" does not exist');
  });

  it('also for /v1/explain', async () => {
    const url = `${forkline.url}/v1/explain?q=${encodeURIComponent("select 'a' as x | eval n = parse_no(:p)")}&param.p=geheim`;
    const response = await fetch(url, { headers: { 'Query-Id': 'explained' } });
    await response.text();
    expect(await (await fetch(`${forkline.url}/v1/queries/explained`)).text()).to.not.include('geheim');
  });

  const LONG: readonly (readonly [where: string, query: string])[] = [
    ['the database', "select repeat('x', 3000000)::integer as a"],
    ['a stage in the database', "select repeat('x', 3000000) as x | eval n = cast(x as int64)"],
    [
      'a stage in a worker',
      "set pushdown = off; select repeat('x', 3000000) as x | eval n = cast(x as int64)",
    ],
    ['a huge error', "select repeat('x', 100000000)::integer as a"],
  ];
  for (const [where, query] of LONG)
    it(`an error with millions of characters of ${where} is told and logged in 2 KB`, async () => {
      const sizeOfLog = async () => (await readFile(forkline.logFile)).length;
      const before = await sizeOfLog();
      const answer: Answer = await forkline.query(query);
      expect(answer.status, answer.text.slice(0, 300)).to.be.within(400, 499);
      const { detail, queryId } = JSON.parse(answer.text) as { detail: string; queryId: string };
      expect(detail).to.have.length.within(50, 2100);
      await seenByOthers(queryId);
      expect((await sizeOfLog()) - before).to.be.below(8000);
    });
});
