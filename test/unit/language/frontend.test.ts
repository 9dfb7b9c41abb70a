/** Another language lowers into the same tree: what comes after the front end asks nothing of Forkline's syntax. */
import { expect } from 'chai';
import type { PlanRequest } from '../../../core/protocol/plan.ts';
import { planTree } from '../../../language/compile.ts';
import { POSTGRES } from '../../../language/dialects/postgres/source.ts';
import { nativeType } from '../../../language/dialects/postgres/types.ts';
import type { Frontend } from '../../../language/frontends/frontend.ts';
import type { Expression } from '../../../language/frontends/query-tree.ts';
import { parseAlone } from '../../../language/parse.ts';
import { JUDGES_NOTHING } from '../../../language/source/judged-functions.ts';
import { stage as head } from '../../../language/stages/head.ts';
import { buildStage } from '../../../language/stages/kit/build-stage.ts';
import { stage as where } from '../../../language/stages/where.ts';
import { TEST_CONNECTIONS } from '../../support/test-connections.ts';

/** `late TABLE MINUTES COUNT` */
const LATE: Frontend = {
  name: 'late',
  parse(text) {
    const [, table, minutes, count] = text.split(' ');
    const span = { start: 0, end: text.length };
    const number = (value: string): Expression => ({ kind: 'number', text: value, span, depth: 1 });
    const delay: Expression = { kind: 'name', name: 'delay', quoted: false, span, depth: 1 };
    const condition: Expression = {
      kind: 'call',
      name: '>',
      nameSpan: span,
      args: [delay, number(minutes!)],
      operator: true,
      span,
      depth: 2,
    };
    const sql = `select * from ${table}`;
    return {
      text,
      explain: false,
      pushdown: null,
      lets: [],
      query: {
        source: {
          kind: 'sql',
          connection: null,
          text: sql,
          placeholders: [],
          head: { word: 'select', span, wrappable: true },
          span: { start: 0, end: sql.length },
        },
        stages: [
          buildStage(where, condition, { index: 1, span }),
          buildStage(head, number(count!), { index: 2, span }),
        ],
        span,
      },
      parameters: [],
    };
  },
};

describe('a front end of another language', () => {
  const context = {
    usual: POSTGRES.lexical,
    engine: POSTGRES.lexical,
    lexicalOf: () => POSTGRES.lexical,
  };
  const request = (text: string): PlanRequest => ({
    text,
    parameters: {},
    connection: 'main',
    dialects: TEST_CONNECTIONS,
    pushdown: 'off',
    throughWorker: false,
    answers: {
      'source-0': {
        kind: 'source',
        columns: [
          { name: 'origin', type: nativeType(25) },
          { name: 'delay', type: nativeType(23) },
        ],
        parameterTypes: [],
      },
    },
  });

  it('gets the plan of the same query in ours, but for places', () => {
    const text = 'late flights 60 5';
    const ours = 'select * from flights | where delay > 60 | head 5';
    const made = planTree(LATE.parse(text, context), request(text), JUDGES_NOTHING);
    const parsed = planTree(parseAlone(ours, POSTGRES.lexical), request(ours), JUDGES_NOTHING);
    if (made.kind !== 'plan' || parsed.kind !== 'plan') throw new Error('it asks');
    expect(made.plan.worker).to.deep.equal(parsed.plan.worker);
    expect(made.plan.sources[0]!.sql).to.equal(parsed.plan.sources[0]!.sql);
    expect(made.plan.sources[0]!.segments).to.deep.equal([]);
    expect(made.plan.stages.map(({ name }) => name)).to.deep.equal(['where', 'head']);
  });

  it('makes a tree that can be printed', () => {
    const tree = LATE.parse('late flights 60 5', context);
    expect(JSON.parse(JSON.stringify(tree))).to.deep.equal(tree);
  });
});
