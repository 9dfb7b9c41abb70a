/** The legacy front end: how the language is read, which stages its commands become, and what its errors say and where. */
import { expect } from 'chai';
import { QueryError } from '../../../../../core/protocol/errors.ts';
import type { PlanRequest } from '../../../../../core/protocol/plan.ts';
import { planQuery } from '../../../../../language/compile.ts';
import { nativeType } from '../../../../../language/dialects/postgres/types.ts';
import { parseLegacy } from '../../../../../language/frontends/legacy/frontend.ts';
import { segments } from '../../../../../language/frontends/legacy/segments.ts';
import { JUDGES_NOTHING } from '../../../../../language/source/judged-functions.ts';
import { TEST_CONNECTIONS } from '../../../../support/test-connections.ts';

function request(text: string): PlanRequest {
  const columns = [
    { name: 'kind', type: nativeType(25) },
    { name: 'qty', type: nativeType(23) },
  ];
  const source = { kind: 'source' as const, columns, parameterTypes: [] };
  return {
    text,
    language: 'legacy',
    model: 'orders',
    parameters: {},
    connection: 'main',
    dialects: TEST_CONNECTIONS,
    pushdown: 'auto',
    throughWorker: false,
    answers: { 'source-0': source, 'source-1': source },
  };
}

function stages(text: string): readonly string[] {
  const step = planQuery(request(text), JUDGES_NOTHING);
  if (step.kind !== 'plan') throw new Error('it asks');
  return step.plan.stages.map(({ name, where }) => `${name} ${where}`);
}

interface Failure {
  readonly code: string;
  readonly at: string;
  readonly message: string;
  readonly hint: string | undefined;
}

function failure(text: string): Failure {
  try {
    planQuery(request(text), JUDGES_NOTHING);
  } catch (thrown) {
    if (!(thrown instanceof QueryError)) throw thrown;
    const { span, hint } = thrown.details;
    return { code: thrown.code, at: text.slice(span!.start, span!.end), message: thrown.message, hint };
  }
  throw new Error(`no error: ${text}`);
}

/** The commands of the maps, of learning, and of other systems. */
const NOT_HERE = [
  ...['geoconverter', 'geoflip', 'georelation', 'geometric', 'geostats', 'geoip', 'geocode', 'geomap'],
  ...['anomalies', 'forecasts', 'kmeans', 'fit', 'fit_predict', 'predict', 'mlmodel', 'file', 'join_file'],
  ...['hdfs', 'objectstorage', 'iris', 'curl', 'bimatrix', 'metatron', 'serving', 'img2tsv', 'splitter'],
  ...['checkpoint', 'job', 'pylambda'],
];

describe('the legacy language', () => {
  it('is cut at pipes outside of quotes and brackets', () => {
    const cut = (text: string): readonly string[] =>
      segments(text, 0).map(({ start, end }) => text.slice(start, end));
    expect(cut("a '|' | b [x|y]\n| c")).to.deep.equal(["a '|'", 'b [x|y]', 'c']);
    expect(cut('a\n# a note | and more\n| b')).to.deep.equal(['a\n# a note | and more', 'b']);
  });

  it('reads the model of the request for *, a bare condition and nothing', () => {
    for (const text of ['* | head 3', "kind = 'tea' | head 3", "* kind = 'tea' | head 3", ' | head 3'])
      expect(
        JSON.stringify(
          parseLegacy(text, { model: 'orders', connections: [], tablesSql: 'select' }).query.source,
        ),
      ).to.include('\\"orders\\"');
  });

  it('refuses to keep no column at all', () => {
    expect(failure('* | fields - kind, qty')).to.include({
      code: 'unknown-column',
      message: '`fields -` drops every column',
    });
    expect(failure('* | fields x*')).to.include({
      code: 'unknown-column',
      message: 'no column has a name that begins so',
    });
  });

  it('makes a tree that can be printed', () => {
    const tree = parseLegacy('model name = m | join inner n A = n.A | stats count(*) by k', {
      model: null,
      connections: [],
      tablesSql: 'select',
    });
    expect(JSON.parse(JSON.stringify(tree))).to.deep.equal(tree);
  });

  it('is placed like stages of ours', () => {
    expect(stages("model name = orders qty > '3' | fields kind, qty | head 2")).to.deep.equal([
      'where source',
      'fields source',
      'head source',
    ]);
  });

  it('is told by the text too', () => {
    const { language: _, ...plain } = request('set dialect = legacy; model name = orders | count');
    const step = planQuery(plain, JUDGES_NOTHING);
    expect(step.kind).to.equal('plan');
  });

  it('says where an unknown column stands, and which may be meant', () => {
    const found = failure('model name = orders | where qti > 3');
    expect(found).to.include({ code: 'unknown-column', at: 'qti' });
    expect(found.hint).to.include('`qty`');
  });

  it('says how a command is written', () => {
    expect(failure('model name = orders | lag qty')).to.include({
      code: 'syntax',
      hint: 'write `lag c BY o [COUNT n] [DEFAULT v] [PARTITION p] [AS n]`',
    });
    expect(failure('model name = orders | head x')).to.include({ code: 'syntax', at: 'x' });
    expect(failure('model name = orders | pvot count(*)')).to.include({ code: 'unknown-stage', at: 'pvot' });
    expect(failure("model name = orders | where kind = 'x")).to.include({ code: 'syntax', at: "'" });
  });

  describe('what is not here', () => {
    for (const name of NOT_HERE)
      for (const text of [`model name = orders | ${name} x y=1`, `${name} x y=1`])
        it(`names what to use instead: ${text}`, () => {
          expect(failure(text))
            .to.include({ code: 'unsupported', at: name })
            .and.to.have.property('hint')
            .that.is.a('string');
        });
  });

  it('refuses a connection that is not there', () => {
    expect(failure("db connector_name='mian' sql='select 1'")).to.include({
      code: 'unknown-connection',
      at: 'mian',
    });
  });
});
