/**
 * `npm run plans -- [--runs n] [--seed n]`: prints the plan, or the error, of each query of the fixtures and of so many
 * generated pipelines, one JSON line each, with stages in the worker and with stages where they are exact. No database is
 * needed: tables are described from a list. Two commits that print the same lines compile the same queries to the same
 * statements, errors, places and reasons.
 */

import { readdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { QueryError } from '../../core/protocol/errors.ts';
import { type ParameterKind, parameterKind } from '../../core/protocol/parameters.ts';
import type { Ask, AskAnswer, Plan, Pushdown } from '../../core/protocol/plan.ts';
import type { DatabaseColumn } from '../../core/protocol/types.ts';
import { planQuery } from '../../language/compile.ts';
import { nativeType } from '../../language/dialects/postgres/types.ts';
import { FAMILIES } from '../../language/functions/registry.ts';
import { JUDGES_NOTHING } from '../../language/source/judged-functions.ts';
import { STAGES } from '../../language/stages/kit/stage-files.ts';
import { ERRORS } from '../fixtures/language/errors.ts';
import type { StageFixtures } from '../fixtures/language/fixture.ts';
import { TABLES } from '../fixtures/language/flights.ts';
import * as WHOLE from '../fixtures/language/queries.ts';
import { TEST_CONNECTIONS } from '../support/test-connections.ts';
import { makePipeline, type StageSeed } from './pipelines.ts';

/** The columns of the table `data`: each type that enters stages in a way of its own. */
const DATA_TYPES: readonly (readonly [name: string, typeOid: number, typeModifier?: number])[] = [
  ['id', 20],
  ['i2', 21],
  ['i4', 23],
  ['i8', 20],
  ['f4', 700],
  ['f8', 701],
  ['n', 1700, ((12 << 16) | 3) + 4],
  ['nu', 1700],
  ['s', 25],
  ['vc', 1043, 14],
  ['ch', 1042, 8],
  ['b', 16],
  ['d', 1082],
  ['t', 1114],
  ['z', 1184],
  ['m', 1083],
  ['v', 1186],
  ['u', 2950],
  ['y', 17],
  ['j', 114],
  ['jb', 3802],
  ['l', 1009],
  ['k', 1016],
  ['inet', 869],
];
const DATA = DATA_TYPES.map(
  ([name, typeOid, typeModifier = -1]): DatabaseColumn => ({ name, type: nativeType(typeOid, typeModifier) }),
);
const NUMBERS: readonly DatabaseColumn[] = [
  { name: 'x', type: nativeType(20) },
  { name: 's', type: nativeType(25) },
];
const SIDE: readonly DatabaseColumn[] = ['id', 'j1', 'j2'].map((name) => ({
  name,
  type: nativeType(name === 'j2' ? 25 : 20),
}));

interface Query {
  readonly text: string;
  readonly params?: Readonly<Record<string, string | number | boolean | null>>;
}

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '3000' }, seed: { type: 'string', default: '1' } },
});
await main(Number(values.runs), Number(values.seed));

async function main(runs: number, seed: number): Promise<void> {
  for (const query of [...(await fixtures()), ...documented(), ...generated(runs, seed)])
    for (const pushdown of ['off', 'auto'] as const)
      console.log(JSON.stringify({ query: query.text, pushdown, ...outcome(query, pushdown) }));
}

async function fixtures(): Promise<readonly Query[]> {
  const directory = new URL('../fixtures/language/stages/', import.meta.url);
  const modules = await Promise.all(
    readdirSync(directory)
      .toSorted()
      .map((file): Promise<StageFixtures> => import(new URL(file, directory).href)),
  );
  return [...modules, WHOLE, { fixtures: [], errors: ERRORS }].flatMap(({ fixtures: right, errors = [] }) =>
    [...right, ...errors].map(({ query, params }) => ({ text: query, ...(params && { params }) })),
  );
}

function documented(): readonly Query[] {
  const stages = STAGES.flatMap(({ docs }) =>
    docs.examples.map(({ text }) => ({ text: `select * from flights | ${text}` })),
  );
  const functions = Object.values(FAMILIES)
    .flat()
    .map(({ aggregate, window, example: [expression] }) => {
      if (window === true)
        return { text: `select * from numbers | streamstats ${expression} as v sort x | fields v | head 1` };
      const stage = aggregate === true ? `stats ${expression} as v` : `eval v = ${expression} | fields v`;
      return { text: `select * from numbers | ${stage}` };
    });
  return [...stages, ...functions];
}

function generated(runs: number, seed: number): readonly Query[] {
  const stage = fc.array(fc.nat(9999), { minLength: 6, maxLength: 24 });
  const pipelines = fc.sample(fc.array(stage, { minLength: 2, maxLength: 6 }), { seed, numRuns: runs });
  return pipelines.map((seeds: readonly StageSeed[]) =>
    makePipeline({ table: 'data', columns: [] }, DATA, seeds),
  );
}

function outcome({ text, params = {} }: Query, pushdown: Pushdown): object {
  const parameters = Object.fromEntries(
    Object.entries(params).map(([name, value]): [string, ParameterKind] => [
      name,
      parameterKind(name, value),
    ]),
  );
  const answers: Record<string, AskAnswer> = {};
  const asked: object[] = [];
  try {
    for (;;) {
      const request = {
        text,
        parameters,
        connection: 'main',
        dialects: TEST_CONNECTIONS,
        pushdown,
        throughWorker: false,
        answers,
      };
      const step = planQuery(request, JUDGES_NOTHING);
      if (step.kind === 'plan') return { asked, plan: shown(step.plan) };
      for (const ask of step.asks) {
        asked.push(shownAsk(ask));
        answers[ask.key] = answerTo(ask);
      }
    }
  } catch (thrown) {
    if (!(thrown instanceof QueryError)) throw new Error(`the compiler fails at ${text}`, { cause: thrown });
    return { asked, error: { code: thrown.code, message: thrown.message, ...thrown.details } };
  }
}

function answerTo(ask: Ask): AskAnswer {
  switch (ask.kind) {
    case 'source':
      return {
        kind: 'source',
        columns: columnsOf(ask.sql),
        parameterTypes: ask.parameters.map(() => nativeType(25)),
      };
    case 'engine':
      return { kind: 'engine', columns: ask.relations.flatMap(({ columns }) => columns) };
    case 'values':
      return { kind: 'values', values: ['ATL', "it's", null], complete: true };
    case 'models':
      return { kind: 'models', models: [], missing: ask.names };
    case 'scans':
      return { kind: 'scans', scans: [] };
    default:
      return ask satisfies never;
  }
}

function columnsOf(sql: string): readonly DatabaseColumn[] {
  const tables = [...sql.matchAll(/\bfrom (\w+)/g)].map(([, name]) => name!);
  if (sql.includes('id % 3 as j1')) return SIDE;
  if (tables.includes('data')) return DATA;
  if (tables.includes('numbers')) return NUMBERS;
  return TABLES[tables.findLast((name) => TABLES[name] !== undefined) ?? 'flights']!.columns;
}

/** Without what names the types of one database: their form is the connector's. */
function shown({ sources, worker, stages, columns, warnings, cacheable }: Plan): object {
  return {
    sources: sources.map((source) => ({
      connection: source.connection,
      sql: source.sql,
      parameters: source.parameters,
      segments: source.segments,
      columns: source.columns,
      leaving: source.databaseColumns?.map(({ name }) => name),
      stages: source.placed?.segments,
      raising: source.placed?.raising,
      sourceMayFail: source.placed?.sourceMayFail,
    })),
    worker,
    stages,
    columns,
    warnings,
    cacheable,
  };
}

function shownAsk(ask: Ask): object {
  switch (ask.kind) {
    case 'source':
      return {
        kind: ask.kind,
        key: ask.key,
        sql: ask.sql,
        parameters: ask.parameters,
        segments: ask.segments,
      };
    case 'engine':
    case 'models':
      return ask;
    case 'values':
      return { kind: ask.kind, key: ask.key, atMost: ask.atMost, plan: shown(ask.plan) };
    case 'scans':
      return { kind: ask.kind, key: ask.key, plan: shown(ask.plan) };
    default:
      return ask satisfies never;
  }
}
