/** Models in queries: each is a `let` that lives elsewhere, and errors name it and the place in its text. */
import { expect } from 'chai';
import { QueryError } from '../../../../core/protocol/errors.ts';
import { type FoundModel, modelKey } from '../../../../core/protocol/models.ts';
import type { AskAnswer, Plan, PlanRequest } from '../../../../core/protocol/plan.ts';
import { planQuery } from '../../../../language/compile.ts';
import { JUDGES_NOTHING } from '../../../../language/source/judged-functions.ts';
import { TABLES } from '../../../fixtures/language/flights.ts';
import { TEST_CONNECTIONS } from '../../../support/test-connections.ts';

function model(name: string, text: string, more: Partial<FoundModel> = {}): FoundModel {
  return {
    ...{ name, version: 3, language: 'forkline', text, connection: null, parameters: [], columns: [] },
    ...{ timeColumn: null, heldAt: '2026-11-30T10:00:00Z', brokenSince: null, buildsOn: [] },
    ...more,
  };
}

/** Plans with these models; every ask is answered in one step, as the catalogue does. */
function planWith(models: readonly FoundModel[], text: string, request: Partial<PlanRequest> = {}) {
  const answers: Record<string, AskAnswer> = {};
  const asked: string[][] = [];
  for (;;) {
    const usual = { parameters: {}, connection: 'main', dialects: TEST_CONNECTIONS, throughWorker: false };
    const step = planQuery(
      { text, pushdown: 'auto', catalogue: true, ...usual, ...request, answers },
      JUDGES_NOTHING,
    );
    if (step.kind === 'plan') return { plan: step.plan, asked };
    for (const ask of step.asks) {
      if (ask.kind === 'source') {
        const table = Object.keys(TABLES).findLast((name) =>
          ask.sql.replaceAll('"', '').includes(`from ${name}`),
        );
        answers[ask.key] = {
          kind: 'source',
          columns: TABLES[table!]!.columns,
          parameterTypes: ask.parameters.map(() => ({ oid: 25 })) as never,
        };
      } else if (ask.kind === 'models') {
        asked.push([...ask.names]);
        const has = (key: string) => models.some(({ name }) => modelKey(name) === key);
        answers[ask.key] = { kind: 'models', models, missing: ask.names.filter((key) => !has(key)) };
      } else throw new Error(`asks for ${ask.kind}`);
    }
  }
}

function errorOf(
  models: readonly FoundModel[],
  text: string,
  request: Partial<PlanRequest> = {},
): QueryError {
  try {
    planWith(models, text, request);
  } catch (thrown) {
    if (thrown instanceof QueryError) return thrown;
    throw thrown;
  }
  throw new Error('it was planned');
}

/** The plan without what only models add to it. */
function statements({ sources, worker, columns }: Plan) {
  return { sql: sources.map(({ sql, connection }) => ({ sql, connection })), worker: worker?.sql, columns };
}

const DELAYED = model('delayed', 'select * from flights\n| where delay > 0');
const BY_ORIGIN = model('by_origin', 'delayed | stats count() as n by origin');

describe('a query that reads models', () => {
  it('is planned as if they stood in it as lets, in both pushdown modes', () => {
    for (const pushdown of ['auto', 'off'] as const) {
      const { plan, asked } = planWith([DELAYED, BY_ORIGIN], 'by_origin | where n > 5 | sort origin', {
        pushdown,
      });
      const written = planWith(
        [],
        `let delayed = (${DELAYED.text}); let by_origin = (${BY_ORIGIN.text}); by_origin | where n > 5 | sort origin`,
        { pushdown },
      );
      expect(statements(plan)).to.deep.equal(statements(written.plan));
      expect(asked).to.deep.equal([['by_origin']]);
      expect(plan.models?.used).to.deep.equal([
        { key: 'by_origin', version: 3 },
        { key: 'delayed', version: 3 },
      ]);
      expect(plan.stages.map(({ index }) => index)).to.deep.equal([1, 2, 3, 4]);
    }
  });

  it('may name them in joins, lets, brackets, alone, quoted, and in any case', () => {
    const spaced = model('space test', 'select * from airports');
    for (const text of [
      'select * from airports | join by_origin on iata = origin',
      'let x = (BY_ORIGIN | head 5); x | head 1',
      'by_origin',
      '(by_origin | head 2) | head 1',
      '"by_origin" | head 1',
      'by_origin | append (delayed | stats count() as n by origin)',
    ])
      expect(planWith([DELAYED, BY_ORIGIN], text).plan.models?.used.length, text).to.be.above(0);
    expect(planWith([spaced], '"space test" | head 1').plan.sources[0]!.sql).to.contain('from airports');
  });

  it('reads SQL of a `let` first, and words of SQL are no models', () => {
    const { plan } = planWith([DELAYED], 'let delayed = (select * from airports); delayed | head 1');
    expect(plan.models).to.equal(undefined);
    expect(errorOf([], 'flights | head 1')).to.include({ code: 'unknown-source' });
    expect(errorOf([], 'flights | head 1').message).to.equal('a query begins with SQL, not with `flights`');
  });

  it('reads a model of another connection there', () => {
    const there = model('there', 'select * from airports', { connection: 'crm' });
    const { plan } = planWith([there], 'there | head 1', {
      dialects: { ...TEST_CONNECTIONS, crm: 'postgres' },
    });
    expect(plan.sources[0]!.connection).to.equal('crm');
  });

  it('takes the defaults of parameters, and what is sent over them', () => {
    const from = model('departing', 'select * from flights where origin = :origin', {
      parameters: [{ name: 'origin', type: 'string', default: 'ATL' }],
    });
    expect(planWith([from], 'departing | head 1').plan.sources[0]!.parameters).to.deep.equal(['origin']);
    const stray = errorOf([from], 'departing | head 1', { parameters: { orign: 'string' } });
    expect(stray).to.include({ code: 'unknown-parameter' });
    expect(stray.details.hint).to.contain(':origin');
    const none = model('departing', from.text, { parameters: [{ name: 'origin', type: 'string' }] });
    expect(errorOf([none], 'departing | head 1')).to.include({ code: 'missing-parameter' });
  });
});

describe('an error in a model', () => {
  it('names the model, its version and the place in it, and points at the name in the query', () => {
    const wrong = model('wrong', 'select * from flights\n| where delay > 0\n| stats count() by orgin');
    const above = model('above', 'wrong | head 5');
    const text = 'select * from airports | join (above | head 2) on iata = orgin';
    const error = errorOf([wrong, above], text);
    expect(error.message).to.equal(
      'in the model `wrong` (version 3), stage 2 (stats), line 3, column 20: there is no column `orgin` here',
    );
    expect(error.details.hint).to.contain('origin');
    expect(error.details.model).to.deep.include({ name: 'wrong', version: 3, line: 3, column: 20 });
    expect(error.details.model?.excerpt).to.equal('| stats count() by orgin\n                   ^');
    const { span } = error.details;
    expect(text.slice(span!.start, span!.end)).to.equal('above');
  });

  it('is told as before when it is in the query itself', () => {
    const error = errorOf([DELAYED], 'delayed | where dela > 0');
    expect(error.message).to.equal('there is no column `dela` here');
    expect(error.details.model).to.equal(undefined);
    expect(error.details.span).to.deep.equal({ start: 16, end: 20 });
  });

  it('of syntax is one of the model too', () => {
    const error = errorOf([model('wrong', 'select 1 | whre x')], 'wrong');
    expect(error.message).to.match(/^in the model `wrong` \(version 3\), line 1, column 12: /);
  });

  it('tells the circle in which models read each other', () => {
    const a = model('a', 'b | head 1');
    const b = model('b', 'c | head 1');
    const c = model('c', 'select 1 as n | join a on n');
    expect(errorOf([a, b, c], 'a | head 1')).to.deep.include({ code: 'model-cycle' });
    expect(errorOf([a, b, c], 'a | head 1').message).to.contain('a -> b -> c -> a');
  });

  it('tells a contract that is broken, and warns of columns that it does not name', () => {
    const columns = [
      { name: 'origin', type: 'string' },
      { name: 'delay', type: 'string' },
      { name: 'carrier', type: 'string' },
    ];
    const promised = model('promised', 'select * from flights', {
      columns,
      brokenSince: '2026-11-30T11:00:00Z',
    });
    const error = errorOf([promised], 'promised | head 1');
    expect(error.code).to.equal('model-drift');
    expect(error.message).to.contain('the column `carrier` (string) is gone');
    expect(error.message).to.match(/the column `delay` is \w+ instead of string/);
    expect(error.message).to.contain('last held at 2026-11-30T10:00:00Z');
    expect(error.message).to.contain('first seen broken at 2026-11-30T11:00:00Z');
    expect(errorOf([promised], 'promised').code, 'alone').to.equal('model-drift');
    const some = model('some', 'select * from flights', { columns: [{ name: 'origin', type: 'string' }] });
    expect(planWith([some], 'some | head 1').plan.warnings.join()).to.contain('`delay`');
  });
});

describe('a legacy query', () => {
  const legacy = { language: 'legacy' } as const;

  it('reads the model of a name, or the table where there is none', () => {
    const { plan } = planWith([DELAYED], 'model name = delayed | count', legacy);
    expect(plan.models?.used).to.deep.equal([{ key: 'delayed', version: 3 }]);
    const table = planWith([DELAYED], 'model name = airports | count', legacy);
    expect(table.plan.models?.used).to.deep.equal([{ key: 'airports', version: 0 }]);
    const star = planWith([DELAYED], '* | count', { ...legacy, model: 'delayed' });
    expect(star.plan.models?.used).to.deep.equal([{ key: 'delayed', version: 3 }]);
  });

  it('may be a model itself, which a query of today reads', () => {
    const counted = model('counted', 'model name = flights | stats count(*) as n by origin', {
      language: 'legacy',
    });
    const { plan } = planWith([counted], 'counted | where n > 1');
    expect(plan.columns?.map(({ name }) => name)).to.deep.equal(['origin', 'n']);
  });
});
