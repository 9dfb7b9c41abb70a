/** Completion, formatter and migration of the legacy language. */
import { expect } from 'chai';
import { QueryError } from '../../../../core/protocol/errors.ts';
import type { PlanRequest } from '../../../../core/protocol/plan.ts';
import { planQuery } from '../../../../language/compile.ts';
import { nativeType } from '../../../../language/dialects/postgres/types.ts';
import { completeQuery } from '../../../../language/editor/complete.ts';
import { formatQuery } from '../../../../language/editor/format.ts';
import { migrateLegacy } from '../../../../language/editor/migrate-legacy.ts';
import { JUDGES_NOTHING } from '../../../../language/source/judged-functions.ts';
import { TEST_CONNECTIONS } from '../../../support/test-connections.ts';

const source = {
  kind: 'source' as const,
  columns: [
    { name: 'kind', type: nativeType(25) },
    { name: 'qty', type: nativeType(23) },
  ],
  parameterTypes: [],
};

function request(text: string): PlanRequest {
  return {
    ...{ text, language: 'legacy', model: 'orders', parameters: {}, connection: 'main' },
    ...{ dialects: TEST_CONNECTIONS, pushdown: 'auto', throughWorker: false },
    answers: { 'source-0': source, 'source-1': source },
  };
}

function migrated(text: string): string {
  const made = migrateLegacy(request(text), JUDGES_NOTHING);
  if (made.kind === 'ask') throw new Error(`it asks ${made.asks.map(({ key }) => key).join(', ')}`);
  return made.text;
}

function offered(marked: string): readonly string[] {
  const position = marked.indexOf('^');
  const step = completeQuery({ ...request(marked.replace('^', '')), position }, JUDGES_NOTHING);
  if (step.kind === 'ask') throw new Error('it asks');
  return step.completion.items.map(({ insert }) => insert);
}

function hintOf(text: string): string | undefined {
  try {
    planQuery(request(text), JUDGES_NOTHING);
  } catch (thrown) {
    if (thrown instanceof QueryError) return thrown.details.hint;
    throw thrown;
  }
  throw new Error(`no error: ${text}`);
}

describe('migration of the legacy language', () => {
  it('writes false friends as they were meant', () => {
    expect(migrated('* | sort qty | top 2 kind')).to.equal(
      'select * from "orders"\n| sort "qty" asc nulls first\n| sort 2 "kind" asc nulls first\n',
    );
    expect(migrated('* | stats sum(qty) by kind')).to.include('as "sum(qty)" by "kind"');
    expect(migrated('* | concat kind, "-", qty')).to.include('"kind" || \'-\' || cast("qty" as varchar)');
    expect(migrated('* | union all right_m')).to.include('let source1 = (select * from "right_m");');
    expect(migrated('* | pivot count(*) as n splitcol kind')).to.include('pivot case when');
  });

  it('says what has no counterpart, and where', () => {
    expect(() => migrated('* | pivot count(*) splitcol kind colsize 2'))
      .to.throw(QueryError, 'the `pivot` of today has no COLSIZE')
      .with.nested.property('details.span.start', 4);
    expect(() => migrated('* | ysort asc')).to.throw(QueryError, 'depend on the data');
  });
});

describe('completion of the legacy language', () => {
  it('offers commands, then columns and the words of the syntax', () => {
    expect(offered('* | wh^')).to.deep.equal(['where ']);
    expect(offered('* | where k^')).to.deep.equal(['kind']);
    expect(offered('* | stats su^')).to.deep.equal(['sum(']);
    expect(offered('* | stats count(*) as n by kind | sort n^')).to.deep.equal(['n']);
    expect(offered('* | spath in^')).to.deep.equal(['input=']);
    expect(offered("* | where kind = 'k^")).to.deep.equal([]);
  });
});

describe('the formatter of the legacy language', () => {
  it('writes a command a line, and keeps texts and comments', () => {
    const text = "set dialect=legacy;   model   name = a   | where  x='a  b'\n# why\n  | head   3";
    const formatted = "set dialect=legacy;\nmodel name = a\n| where x='a  b'\n# why\n| head 3\n";
    expect(formatQuery(text)).to.equal(formatted);
    expect(formatQuery(formatted)).to.equal(formatted);
  });

  it('leaves SQL with quotes of its own as it is', () => {
    const text = "db connector_name='main' sql='select 'a  b' as x'\n";
    expect(formatQuery(text, undefined, 'legacy')).to.equal(text);
  });
});

describe('errors of the legacy language', () => {
  it('say which word was meant', () => {
    expect(hintOf('* | lag qty by kind counts 2')).to.match(/^did you mean `count`\? Write `lag /);
    expect(hintOf('* | stats total(qty)')).to.match(/write `stats/i);
    expect(hintOf('set pushdwn = off; * | head 1')).to.equal('did you mean `pushdown`?');
  });
});
