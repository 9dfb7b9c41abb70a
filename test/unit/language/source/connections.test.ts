/** A query that names a connection which is not there is refused before anything is asked of a database. */
import { expect } from 'chai';
import { QueryError } from '../../../../core/protocol/errors.ts';
import type { PlanRequest } from '../../../../core/protocol/plan.ts';
import { planQuery } from '../../../../language/compile.ts';
import { JUDGES_NOTHING } from '../../../../language/source/judged-functions.ts';

function errorOf(text: string, request: Partial<PlanRequest> = {}): QueryError {
  const whole: PlanRequest = {
    text,
    parameters: {},
    connection: 'main',
    dialects: { main: 'postgres', reports: 'postgres' },
    pushdown: 'auto',
    throughWorker: false,
    answers: {},
    ...request,
  };
  try {
    planQuery(whole, JUDGES_NOTHING);
  } catch (thrown) {
    if (thrown instanceof QueryError) return thrown;
    throw thrown;
  }
  return expect.fail('it is planned');
}

describe('a connection that is not there', () => {
  for (const text of [
    '@report select 1',
    '@report select 1 | head 1',
    '@report (select 1 | head 1) | head 2',
    'select 1 as a | join (@report select 1 as a) on a = a',
    'select 1 as a | union @report (select 1 as a | head 1)',
    'let x = (@report select 1 as a); select 1',
  ])
    it(`is refused where it is named, with those that are near: ${text}`, () => {
      const { code, message, details } = errorOf(text);
      expect(code).to.equal('unknown-connection');
      expect(message).to.equal('there is no connection report');
      expect(text.slice(details.span?.start, details.span?.end)).to.equal('@report');
      expect(details.hint).to.equal('did you mean `reports`?');
      expect(details.suggestions).to.deep.equal(['reports']);
    });

  it('is told which there are when none is near', () => {
    const { hint, suggestions } = errorOf('@warehouse select 1').details;
    expect(hint).to.equal('Connections here: main, reports.');
    expect(suggestions).to.deep.equal(['main', 'reports']);
  });

  it('has no names that every object has', () => {
    for (const name of ['constructor', 'toString', '__proto__'])
      expect(errorOf(`@${name} select 1`).code).to.equal('unknown-connection');
  });

  it('is refused without a place when the request names it', () => {
    const { code, details } = errorOf('select 1', { connection: 'away' });
    expect(code).to.equal('unknown-connection');
    expect(details.span).to.equal(undefined);
  });
});
