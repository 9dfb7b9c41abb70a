/** The conformance suite of the legacy language, by its own runner, against a started server and a database of its own. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { type Client, createClient, ServerError } from '../../cli/kit/client.ts';
import { runMigrateQuery } from '../../cli/migrate-query.ts';
import { startTestDatabase } from '../support/database.ts';
import { type Forkline, SEVERAL_PROCESSES, startForkline } from '../support/forkline.ts';

/** The case expects one table where all cases share a database: it is run first, when there is no other. */
const ALONE = 'model-list-01';

/** A value as both languages show it: a number with few digits, whatever its type. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'string' || !/^-?\d+(?:\.\d+)?(?:e[-+]?\d+)?$/i.test(value)) return value;
  return Number(Number(value).toPrecision(12));
}

interface Outcome {
  readonly id: string;
  readonly passed: boolean;
  readonly text?: string;
}

const folder = new URL('../fixtures/legacy/', import.meta.url);

function run(url: string, databaseUrl: string, report: string, ...flags: readonly string[]): Promise<string> {
  const child = spawn(
    process.execPath,
    [new URL('run-suite.mjs', folder).pathname, url, `--json=${report}`, '--verbose', ...flags],
    {
      env: {
        ...process.env,
        LEGACY_DB_URL: databaseUrl,
        LEGACY_BODY: '{"dialect":"legacy"}',
        LEGACY_MODEL_FIELD: 'model',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let text = '';
  child.stdout.on('data', (part: Buffer) => (text += String(part)));
  child.stderr.on('data', (part: Buffer) => (text += String(part)));
  return new Promise((resolve) => child.on('close', () => resolve(text)));
}

/** Cases without a counterpart in today's language, each with the part of the error that says why. */
const NO_COUNTERPART: Readonly<Record<string, string>> = {
  'pivot-06': 'SORTCOL desc',
  'pivot-09': 'COLSIZE',
  'pivot-25': 'SORTCOL over several functions',
  'replacewords-02': 'a model beside the rows',
  'replacewords-03': 'a model beside the rows',
  'spath-05': 'depend on the data',
  'ysort-02': 'the order of the columns depends on the data',
  'ysort-03': 'the order of the columns depends on the data',
};

/**
 * The stage `sql` costs two workers each time, and what stands in it is the SQL by which the legacy text itself is computed. So the
 * migrated texts that have it are all run by `npm run test:legacy`, and a third of them here.
 */
const TRIES_ALL = process.env.LEGACY_CASES === 'all';

interface Case {
  readonly id: string;
  readonly query: string;
  readonly model?: string;
  readonly command: string;
  readonly expect: { readonly ordered?: boolean; readonly subsetOf?: unknown };
}

interface Rows {
  readonly columns: readonly string[];
  readonly rows: readonly string[];
}

describe('the suite of the legacy language', function () {
  this.timeout(600_000);
  let forkline: Forkline;
  let database: Awaited<ReturnType<typeof startTestDatabase>>;
  let outcomes: readonly Outcome[] = [];

  before(async () => {
    database = await startTestDatabase();
    // `model list` lists what there is, and the suite knows of its own tables only.
    await database.admin('drop table flights, airports, types');
    forkline = await startForkline({
      dsl: SEVERAL_PROCESSES.dsl,
      connections: { flights: { url: database.url } },
    });
    const report = join(tmpdir(), `forkline-legacy-${process.pid}.jsonl`);
    const told = async (...flags: readonly string[]): Promise<readonly Outcome[]> => {
      const text = await run(forkline.url, database.adminUrl, report, ...flags);
      if (process.env.LEGACY_PRINT !== undefined) console.log(text);
      const lines = readFileSync(report, 'utf8').trim().split('\n');
      return lines.map((line) => JSON.parse(line) as Outcome);
    };
    const alone = await told(`--id=${ALONE}`);
    const all = await told();
    outcomes = [...alone, ...all.filter(({ id }) => id !== ALONE)];
  });
  after(async () => {
    await forkline.stop();
    await database.stop();
  });

  it('passes as a whole', () => {
    expect(outcomes).to.have.length(240);
    const failed = outcomes.filter(({ passed }) => !passed).map(({ id, text }) => `${id}: ${text}`);
    expect(failed).to.deep.equal([]);
  });

  it('gives the same rows once it is migrated to the language of today', async () => {
    const client = createClient(forkline.url, null);
    const cases = readFileSync(new URL('suite.jsonl', folder), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Case);
    const wrong: string[] = [];
    const without: string[] = [];
    const left = cases.map((each, index) => ({ each, isTried: TRIES_ALL || index % 3 === 0 }));
    const work = async (): Promise<void> => {
      for (let next = left.pop(); next !== undefined; next = left.pop()) {
        const { each, isTried } = next;
        const outcome = await migratedOutcome(client, each, isTried);
        if (process.env.LEGACY_PRINT !== undefined) console.log(each.id, outcome);
        if (outcome === null) continue;
        (outcome.startsWith('no counterpart') ? without : wrong).push(`${each.id}: ${outcome}`);
      }
    };
    await Promise.all([work(), work(), work()]);
    expect(wrong, 'other rows').to.deep.equal([]);
    const ids = without.map((line) => line.slice(0, line.indexOf(':')));
    expect(without.filter((_, index) => NO_COUNTERPART[ids[index]!] === undefined)).to.deep.equal([]);
    expect(ids).to.have.members(Object.keys(NO_COUNTERPART));
  });

  async function rowsOf(client: Client, body: object): Promise<Rows> {
    const answer = JSON.parse(
      await text(await client.post('/v1/query', { ...body, rows: 'arrays', numbers: 'string' })),
    ) as { readonly columns: readonly { readonly name: string }[]; readonly rows: readonly unknown[][] };
    return {
      columns: answer.columns.map(({ name }) => name),
      rows: answer.rows.map((row) => JSON.stringify(row.map(plain))),
    };
  }

  /** Resolves to what is wrong with the case once it is migrated; null: nothing. `triesSql`: also where its text has the stage `sql`. */
  async function migratedOutcome(
    client: Client,
    { query, model, expect: wanted }: Case,
    triesSql: boolean,
  ): Promise<string | null> {
    const printed = new PassThrough();
    const errors = new PassThrough();
    const options = { text: query, files: [], model: model ?? null, connection: null, describe: null };
    const streams = { stdin: new PassThrough(), stdout: printed, stderr: errors };
    const code = await runMigrateQuery(options, async () => client, streams);
    printed.end();
    errors.end();
    if (code !== 0) return `no counterpart: ${await text(errors)}`;
    const today = await text(printed);
    if (!triesSql && /\|\s*sql \(/.test(today)) return null;
    try {
      const before = await rowsOf(client, {
        query,
        dialect: 'legacy',
        ...(model !== undefined && { model }),
      });
      const after = await rowsOf(client, { query: today });
      const rows = (all: Rows): readonly string[] =>
        wanted.ordered === true ? all.rows : [...all.rows].sort();
      // Rows that are taken by chance are others each time.
      const same =
        wanted.subsetOf !== undefined || JSON.stringify(rows(before)) === JSON.stringify(rows(after));
      if (same && String(before.columns) === String(after.columns)) return null;
      return `${today}gives ${JSON.stringify(after)} instead of ${JSON.stringify(before)}`;
    } catch (thrown) {
      if (!(thrown instanceof ServerError)) throw thrown;
      return `${today}fails: ${JSON.stringify(thrown.problem)}`;
    }
  }
});
