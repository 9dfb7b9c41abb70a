/**
 * The formatter, by what it promises: the same tokens and comments, nothing changes when it is run again, the same plan.
 * Every query of the fixtures goes through it, and generated ones with white space, comments and case thrown in.
 */
import { readdirSync } from 'node:fs';
import type { DuckDBConnection } from '@duckdb/node-api';
import { expect } from 'chai';
import fc from 'fast-check';
import { QueryError } from '../../../../core/protocol/errors.ts';
import { POSTGRES } from '../../../../language/dialects/postgres/source.ts';
import { formatQuery } from '../../../../language/editor/format.ts';
import type { TokenKind } from '../../../../language/frontends/forkline/token.ts';
import { parseAlone } from '../../../../language/parse.ts';
import type { StageFixtures } from '../../../fixtures/language/fixture.ts';
import { FORMATTED } from '../../../fixtures/language/formatted.ts';
import { openDuckDb, type Params, planAsking } from '../run-plan.ts';

const directory = new URL('../../../fixtures/language/stages/', import.meta.url);
const FIXTURES = (
  await Promise.all(
    readdirSync(directory).map((file): Promise<StageFixtures> => import(new URL(file, directory).href)),
  )
).flatMap((module) => [...module.fixtures]);

/** All but places in the text, and white space: `assert` quotes its condition. */
async function planText(duck: DuckDBConnection, query: string, params: Params): Promise<string> {
  const plan = await planAsking(duck, query, params);
  return JSON.stringify(plan, (key, value) => (key === 'span' || key === 'segments' ? undefined : value))
    .replace(/\\+[nt]|\s/g, '')
    .replace(/\{"start":\d+,"end":\d+\}|\\"span\\":\{[^}]*\}/g, '');
}

function wordsOf(query: string): readonly string[] {
  return parseAlone(query, POSTGRES.lexical)
    .tokens.filter(({ kind }) => kind !== 'sql')
    .map(({ kind, text, lower }) => (kind === 'word' ? lower : `${kind} ${text}`));
}

async function checkPromises(duck: DuckDBConnection, query: string, params: Params = {}): Promise<void> {
  const formatted = formatQuery(query);
  expect(formatQuery(formatted), `twice: ${query}`).to.equal(formatted);
  expect(wordsOf(formatted)).to.deep.equal(wordsOf(query));
  expect(formatted, query).to.match(/[^\s]\n$/);
  const before = await planned(duck, query, params);
  const after = await planned(duck, formatted, params);
  expect(after, `${query}\n${formatted}`).to.equal(before);
}

/** The plan, or the message of its error. */
async function planned(duck: DuckDBConnection, query: string, params: Params): Promise<string> {
  try {
    return await planText(duck, query, params);
  } catch (thrown) {
    if (!(thrown instanceof QueryError)) throw thrown;
    return thrown.message.replace(/\s/g, '').toLowerCase();
  }
}

describe('formatter', () => {
  let duck: DuckDBConnection;
  before(async () => {
    duck = await openDuckDb();
  });
  after(() => duck.closeSync());

  it('formats a query that begins with the name of a model', () => {
    expect(formatQuery('flights_by_day|where flights>5|join late_routes on day=destination')).to.equal(
      'flights_by_day\n| where flights > 5\n| join late_routes on day = destination\n',
    );
    expect(formatQuery('"space test"|head 5')).to.equal('"space test"\n| head 5\n');
  });

  for (const { name, query, formatted } of FORMATTED)
    it(name, () => {
      expect(formatQuery(query)).to.equal(formatted);
      expect(formatQuery(formatted)).to.equal(formatted);
    });

  it('keeps its promises for every query of the fixtures', async () => {
    expect(FIXTURES.length).to.be.above(100);
    for (const { query, params } of FIXTURES) await checkPromises(duck, query, params);
  });

  it('and for every query that is mangled with comments, white space and capitals', async () => {
    const queries = fc.constantFrom(...FIXTURES.filter((fixture) => fixture.params === undefined));
    const choices = fc.infiniteStream(fc.nat(11));
    await fc.assert(
      fc.asyncProperty(queries, choices, ({ query }, choice) => checkPromises(duck, mangled(query, choice))),
      { numRuns: Number(process.env.FORKLINE_TEST_RUNS ?? 600) },
    );
  });

  it('reports what does not parse, with its place', () => {
    expect(() => formatQuery('select 1 | hed 5')).to.throw(QueryError, 'unknown stage `hed`');
    expect(() => formatQuery("select 1 | where 'a")).to.throw(QueryError, 'this string has no end');
    expect(() => formatQuery('')).to.throw(QueryError, 'the query is empty');
  });

  it('takes long input in its stride', async () => {
    const values = Array.from({ length: 20_000 }, (_, n) => n).join(',');
    const formatted = formatQuery(`select * from flights | where delay in (${values})`);
    expect(formatted.split('\n').length).to.be.above(1000);
    const nested = `${'('.repeat(90)}delay > 0${' and delay < 1000)'.repeat(90)}`;
    await checkPromises(duck, `select * from flights | where ${nested}`);
  });
});

const BETWEEN = [
  ' ',
  '\n',
  '\t ',
  ' -- note\n',
  ' /* a\n b */ ',
  '\n# own line\n',
  '\n// own\n',
  ' /* c */\n',
  '\n\n',
];

/** Returns the same tokens with other things between them; words that are no names in capitals. */
function mangled(query: string, choice: Iterator<number>): string {
  const pipe = parseAlone(query, POSTGRES.lexical).tokens.find(
    ({ kind, text }) => kind === 'symbol' && text.startsWith('|'),
  )?.start;
  if (pipe === undefined) return query;
  const tokens = parseAlone(query, POSTGRES.lexical).tokens.filter(({ start }) => start >= pipe);
  let text = query.slice(0, pipe);
  let at = pipe;
  let last: TokenKind = 'sql';
  for (const token of tokens) {
    const gap = query.slice(at, token.start);
    const raw = query.slice(token.start, token.end);
    const loud = token.kind === 'word' && /^(and|or|not|is|null|then|when|else|end|in|by)$/.test(raw);
    const chosen = choice.next().value as number; // the stream never ends
    // Around SQL a comment would be part of it.
    const open = gap !== '' && token.kind !== 'sql' && last !== 'sql';
    last = token.kind;
    text += open ? (BETWEEN[chosen] ?? gap) : gap;
    text += loud && chosen % 2 === 0 ? raw.toUpperCase() : raw;
    at = token.end;
  }
  return text + query.slice(at);
}
