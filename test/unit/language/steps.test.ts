/** Every step of the compiler is data: each documented example of a stage and of a function is printed as JSON. */
import { expect } from 'chai';
import type { Ask, AskAnswer, PlanRequest } from '../../../core/protocol/plan.ts';
import type { Column } from '../../../core/protocol/types.ts';
import { FAMILIES } from '../../../language/functions/registry.ts';
import { JUDGES_NOTHING } from '../../../language/source/judged-functions.ts';
import { STAGES } from '../../../language/stages/kit/stage-files.ts';
import { describedSource, printed, printedSteps, STEPS } from '../../../language/steps.ts';
import { writtenType } from '../../../language/types/written-type.ts';
import { TABLES } from '../../fixtures/language/flights.ts';
import { TEST_CONNECTIONS } from '../../support/test-connections.ts';

const NUMBERS: readonly Column[] = [
  { name: 'x', type: writtenType('int64') },
  { name: 's', type: writtenType('string') },
];

function answerOf(ask: Ask): AskAnswer {
  if (ask.kind === 'values') return { kind: 'values', values: ['ATL', null], complete: true };
  if (ask.kind === 'scans') return { kind: 'scans', scans: [] };
  if (ask.kind === 'engine')
    return {
      kind: 'engine',
      columns: ['hash', 'delay', 'origin', 'dests'].map((name) => ({ name, engineType: 'VARCHAR' })),
    };
  if (ask.kind === 'models') return { kind: 'models', models: [], missing: ask.names };
  const table = Object.keys(TABLES).find((name) => new RegExp(`from ${name}\\b`).test(ask.sql));
  if (table === undefined) return describedSource({ dialects: TEST_CONNECTIONS }, ask.connection, NUMBERS);
  return { kind: 'source', columns: TABLES[table]!.columns, parameterTypes: [] };
}

function stepsOf(text: string, pushdown: PlanRequest['pushdown'] = 'auto') {
  const answers: Record<string, AskAnswer> = {};
  const request: PlanRequest = {
    text,
    parameters: {},
    connection: 'main',
    dialects: TEST_CONNECTIONS,
    pushdown,
    throughWorker: false,
    answers,
  };
  for (;;) {
    const made = printedSteps(request, JUDGES_NOTHING);
    if (made.kind === 'steps') return made.steps;
    for (const ask of made.asks) answers[ask.key] = answerOf(ask);
  }
}

describe('the steps of the compiler', () => {
  const queries = [
    ...STAGES.flatMap(({ docs }) => docs.examples.map(({ text }) => `select * from flights | ${text}`)),
    ...Object.values(FAMILIES)
      .flat()
      .map(({ aggregate, window, example: [expression] }) => {
        if (window === true) return `select * from numbers | streamstats ${expression} as v sort x`;
        return `select * from numbers | ${aggregate === true ? 'stats' : 'eval v ='} ${expression}`;
      }),
  ];

  for (const query of queries)
    it(`are JSON: ${query}`, () => {
      for (const pushdown of ['auto', 'off'] as const) {
        const steps = stepsOf(query, pushdown);
        expect(Object.keys(steps)).to.deep.equal(STEPS);
        expect(JSON.parse(JSON.stringify(steps))).to.deep.equal(steps);
      }
    });

  it('write a query that several read once', () => {
    const { tree, resolved, placed } = stepsOf(
      'let late = (select * from flights | where delay > 9); late | union (late | head 1)',
    ) as Record<string, { source?: unknown; queries?: { shared: boolean; base: unknown }[] }>;
    expect(JSON.stringify(tree).match(/"definition":0/g)).to.have.length(2);
    expect(JSON.stringify(resolved)).to.contain('"same":"#/source/query"');
    expect(placed!.queries!.map(({ shared }) => shared)).to.deep.equal([true, false, false]);
  });

  it('refuse what is no data', () => {
    expect(() => printed({ emit: () => '' })).to.throw('#/emit is a function');
    expect(() => printed([new Map()])).to.throw('#/0 is no plain object');
  });
});
