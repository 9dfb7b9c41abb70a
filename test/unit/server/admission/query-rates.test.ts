import { expect } from 'chai';
import type { QueryError } from '../../../../core/protocol/errors.ts';
import { anonymousAt, type Principal } from '../../../../core/protocol/principal.ts';
import { QueryRates } from '../../../../server/admission/query-rates.ts';

describe('queries a minute', () => {
  let now = 0;
  let rates: QueryRates;
  beforeEach(() => {
    now = 0;
    rates = new QueryRates(() => now);
  });
  const limited = (id: string, queriesPerMinute: number): Principal => {
    const anybody = anonymousAt('10.0.0.1');
    return { ...anybody, id, rights: { ...anybody.rights, limits: { queriesPerMinute } } };
  };
  const passed = (principal: Principal, times: number): number => {
    let count = 0;
    for (let index = 0; index < times; index++)
      try {
        rates.take(principal);
        count++;
      } catch (thrown) {
        expect((thrown as QueryError).details.limit?.name).to.equal('queriesPerMinute');
      }
    return count;
  };

  it('are counted for each principal, and come back evenly', () => {
    const [alice, bob] = [limited('key:alice', 6), limited('key:bob', 6)];
    expect(passed(alice, 10)).to.equal(6);
    expect(passed(bob, 10)).to.equal(6);
    now = 9_999;
    expect(passed(alice, 10)).to.equal(0);
    now = 10_000;
    expect(passed(alice, 10)).to.equal(1);
    now = 10 * 60_000;
    expect(passed(alice, 10)).to.equal(6);
  });

  it('say when the next may come', () => {
    const alice = limited('key:alice', 2);
    passed(alice, 2);
    now = 12_500;
    expect(() => rates.take(alice))
      .to.throw('you may ask 2 queries a minute')
      .with.nested.property('details.retryAfterSeconds', 18);
  });

  it('are not counted without a limit', () => {
    expect(passed(anonymousAt('10.0.0.1'), 1000)).to.equal(1000);
  });
});
