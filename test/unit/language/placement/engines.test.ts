/** Placement walks a list of engines: one more between the database and the last takes its part without any change to it. */
import { expect } from 'chai';
import type { AskAnswer, PlanRequest } from '../../../../core/protocol/plan.ts';
import { compileTree } from '../../../../language/compile.ts';
import { parseRequest } from '../../../../language/parse.ts';
import { type Engine, enginesFor, no } from '../../../../language/placement/engines.ts';
import { place } from '../../../../language/placement/place.ts';
import type { PlacedGraph } from '../../../../language/placement/placed-graph.ts';
import { type ResolvedQuery, sqlsOf } from '../../../../language/resolve/graph.ts';
import { JUDGES_NOTHING } from '../../../../language/source/judged-functions.ts';
import { EXACT } from '../../../../language/stages/kit/exactness.ts';
import { FLIGHTS_COLUMNS } from '../../../fixtures/language/flights.ts';
import { TEST_CONNECTIONS } from '../../../support/test-connections.ts';

function resolvedQuery(text: string): ResolvedQuery {
  const answers: Record<string, AskAnswer> = {};
  const request: PlanRequest = {
    text,
    parameters: {},
    connection: 'main',
    dialects: TEST_CONNECTIONS,
    pushdown: 'auto',
    throughWorker: false,
    answers,
  };
  for (;;) {
    const made = compileTree(parseRequest(request), request, JUDGES_NOTHING);
    if (made.kind === 'compiled') return made.resolved!;
    for (const { key } of made.asks)
      answers[key] = { kind: 'source', columns: FLIGHTS_COLUMNS, parameterTypes: [] };
  }
}

/** An engine that reads every source and knows these stages. */
function engineOf(...names: readonly string[]): Engine {
  return {
    name: 'near',
    reason: 'near knows it',
    reads: () => true,
    refusal: () => null,
    exact: ({ node }) => (names.includes(node.name) ? EXACT : no(`near has no ${node.name}`)),
    split: () => null,
  };
}

function placed(text: string, near: Engine, pushdown: PlanRequest['pushdown'] = 'auto'): PlacedGraph {
  const query = resolvedQuery(text);
  const engines = enginesFor(sqlsOf(query), pushdown);
  return place(query, pushdown, false, engines.toSpliced(-1, 0, near));
}

function placesOf({ stages }: PlacedGraph): string[] {
  return stages.map(({ name, engine, why }) => `${name} in ${engine}: ${why}`);
}

const QUERY = "select * from flights | where delay > 1 | sample 20 | head 9 | parse origin as kv 'x'";

describe('a list of engines', () => {
  it('is walked from the source outwards, each engine as far as it is exact', () => {
    const graph = placed(QUERY, engineOf('sample', 'head'));
    expect(graph.engines).to.deep.equal(['source:main', 'near', 'stages']);
    expect(graph.answers).to.equal('stages');
    expect(placesOf(graph)).to.deep.equal([
      'where in source:main: exact in PostgreSQL',
      'sample in near: its chance is drawn by the stage engine',
      'head in near: it follows `sample`, which runs in a worker',
      'parse in stages: near has no parse',
    ]);
    const [query] = graph.queries;
    expect(query!.runs.map(({ engine, stages }) => [engine, stages.length])).to.deep.equal([
      ['source:main', 1],
      ['near', 2],
      ['stages', 1],
    ]);
    expect(query!.runs.map(({ sent }) => sent !== null)).to.deep.equal([true, true, false]);
  });

  it('skips an engine that has nothing to do', () => {
    expect(placed(QUERY, engineOf()).queries[0]!.runs.map(({ engine }) => engine)).to.deep.equal([
      'source:main',
      'stages',
    ]);
  });

  it('lets the first engine that computes all of a query make the answer', () => {
    const graph = placed("select * from flights | parse origin as kv 'x'", engineOf('parse'));
    expect(graph.answers).to.equal('near');
    const database = placed('select * from flights | head 3', engineOf('head'));
    expect(database.answers).to.equal('source:main');
  });

  it('runs a stage with queries beside it where these run wholly', () => {
    const union = "select * from flights | union (select * from flights | parse origin as kv 'x')";
    expect(placesOf(placed(union, engineOf('parse', 'union')))).to.deep.equal([
      'union in near: near knows it',
      'parse in near: near knows it',
    ]);
  });
});
