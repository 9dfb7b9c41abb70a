/** Tests what the compiler makes of the policy's rules: views of tables of files, and stages behind models, each with a fence; else nothing is shown. */
import { expect } from 'chai';
import { QueryError } from '../../../../core/protocol/errors.ts';
import type { FoundModel } from '../../../../core/protocol/models.ts';
import type { AskAnswer, Plan, PlanRequest } from '../../../../core/protocol/plan.ts';
import type { RowRules, ShownRows } from '../../../../core/protocol/shown-rows.ts';
import { planQuery } from '../../../../language/compile.ts';
import { nativeType } from '../../../../language/dialects/files/types.ts';
import { JUDGES_NOTHING } from '../../../../language/source/judged-functions.ts';
import { TABLES } from '../../../fixtures/language/flights.ts';

const MODEL: FoundModel = {
  ...{ name: 'm', version: 1, language: 'forkline', text: 'select * from flights', connection: 'main' },
  ...{ parameters: [], columns: [], timeColumn: null, heldAt: '', brokenSince: null, buildsOn: [] },
};
const FILE_COLUMNS = [
  { name: 'Region', type: nativeType('VARCHAR') },
  { name: 'id', type: nativeType('INTEGER') },
  { name: 'parts', type: nativeType('STRUCT(a INTEGER)') },
];

function plan(text: string, shown: ShownRows, request: Partial<PlanRequest> = {}): Plan {
  const answers: Record<string, AskAnswer> = {};
  const usual = {
    parameters: {},
    connection: 'main',
    throughWorker: false,
    pushdown: 'auto',
    catalogue: true,
  } as const;
  for (;;) {
    const dialects = { main: 'postgres', lake: 'files' } as const;
    const step = planQuery({ ...usual, text, dialects, shown, ...request, answers }, JUDGES_NOTHING);
    if (step.kind === 'plan') return step.plan;
    for (const ask of step.asks)
      if (ask.kind === 'source') {
        const columns =
          ask.connection === 'lake'
            ? FILE_COLUMNS.slice(0, ask.views === undefined ? 3 : 2)
            : TABLES.flights!.columns;
        answers[ask.key] = { kind: 'source', columns, parameterTypes: [] };
      } else if (ask.kind === 'models')
        answers[ask.key] = {
          kind: 'models',
          models: ask.names.includes('m') ? [MODEL] : [],
          missing: ask.names.filter((name) => name !== 'm'),
        };
      else throw new Error(`asked for ${ask.kind}`);
  }
}

const rule = (more: Partial<RowRules>): RowRules => ({
  role: 'r',
  rows: null,
  masks: {},
  hidden: [],
  ...more,
});
const ofFiles = (...rules: RowRules[]): ShownRows => ({
  sql: null,
  tables: { lake: { t: rules, u: [] } },
  models: {},
});
const ofModel = (...rules: RowRules[]): ShownRows => ({ sql: [], tables: {}, models: { m: rules } });
const viewsOf = ({ worker }: Plan) => worker!.inputs[0]!.scan!.views!;

function refusal(work: () => unknown): readonly (string | undefined)[] {
  try {
    work();
  } catch (thrown) {
    if (thrown instanceof QueryError) return [thrown.code, thrown.details.rule];
    throw thrown;
  }
  return ['no error'];
}

describe('rules of the policy in a plan', () => {
  it('become a view of the table with a fence, and one without for what is only planned', () => {
    const { sql, unfenced, columns } = viewsOf(
      plan('@lake select * from T, u', ofFiles(rule({ rows: "region = 'EU'" }))),
    )['t']!;
    expect(sql).to.match(/'EU'[\s\S]*LIMIT \d+ OFFSET 0/);
    expect(unfenced).to.contain("'EU'").and.not.to.contain('LIMIT');
    expect([sql, unfenced].join()).not.to.contain('parts');
    expect(columns).to.deep.equal(FILE_COLUMNS);
  });

  it('leave tables alone that are shown whole, and know no others', () => {
    const views = viewsOf(plan('@lake select * from u, other', ofFiles(rule({ rows: 'id > 1' }))));
    expect(views).to.deep.equal({ u: null });
  });

  it('are found by the name of a table with any characters', () => {
    for (const name of ['a-b', 'a.b', 'x$1', '한글', 'a b', '(', 'a/b'])
      expect(
        viewsOf(
          plan(`@lake select * from "${name.toUpperCase()}"`, {
            sql: null,
            tables: { lake: { [name]: [], c: [] } },
            models: {},
          }),
        ),
      ).to.deep.equal({ [name]: null });
  });

  it('stand behind a model with the fence of its database, before all other stages', () => {
    for (const pushdown of ['require', 'off'] as const) {
      const { sources, worker, stages, isPartial } = plan(
        'm | where delay > 7',
        ofModel(rule({ rows: "origin = 'ATL'" })),
        { pushdown },
      );
      const text = worker?.sql ?? sources[0]!.sql;
      expect(text, pushdown).to.match(/'ATL'[\s\S]*OFFSET 0[\s\S]*> [^\n]*7/);
      expect(isPartial).to.equal(true);
      expect(stages.map(({ name }) => name)).to.deep.equal(['where']);
    }
  });

  it('unite roles row by row and cell by cell', () => {
    const both = [rule({ rows: 'id = 1', hidden: ['region'] }), rule({ role: 's', rows: 'id = 2' })];
    const { sql } = viewsOf(plan('@lake select * from t', ofFiles(...both)))['t']!;
    expect(sql).to.match(/CASE WHEN [^\n]*= [^\n]*2[^\n]* THEN [^\n]*"Region"/i);
  });

  it('show nothing where a rule cannot be applied, and tell only the audit why', () => {
    for (const [wrong, why] of [
      [{ masks: { mail: 'null' } }, 'there is no column mail'],
      [{ hidden: ['mail'] }, 'there is no column mail'],
      [{ rows: 'mail = 1' }, 'there is no column'],
      [{ rows: 'id' }, 'is a condition, but this is int64'],
      [{ rows: 'cast(region as int64) > 1' }, 'may fail for some values'],
      [{ masks: { id: '1 / id' } }, 'may fail for some values'],
      [{ rows: 'count() > 1' }, 'count'],
      [{ hidden: ['id', 'region'] }, 'all columns are hidden'],
    ] as const) {
      const [code, told] = refusal(() => plan('@lake select * from t', ofFiles(rule(wrong))));
      expect([code, told?.includes(why)], `${JSON.stringify(wrong)}: ${told}`).to.deep.equal([
        'forbidden',
        true,
      ]);
    }
  });

  it('refuse SQL that stands in no model of the policy', () => {
    const shown = ofModel(rule({ rows: 'delay > 1' }));
    for (const text of [
      'select 1 as a',
      'm | union (select * from flights)',
      'm | join (@lake select * from t) on delay = id',
      'let m = (select * from flights); m',
      'let a = (m); let b = (select 1 as delay); a | union (b)',
      'explain select 1 as a',
    ])
      expect(
        refusal(() => plan(text, shown)),
        text,
      ).to.deep.equal(['forbidden', `sql: ${text.includes('@lake') ? 'lake' : 'main'}`]);
    expect(refusal(() => plan('m | head 1', { sql: [], tables: {}, models: {} }))).to.deep.equal([
      'forbidden',
      'sql: main',
    ]);
    expect(plan('let unread = (select 1 as a); m', shown).isPartial).to.equal(true);
  });
});
