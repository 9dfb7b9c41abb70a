import { expect } from 'chai';
import type { Plan } from '../../../../core/protocol/plan.ts';
import { keepOfModels } from '../../../../server/cache/models-policy.ts';
import type { QueryModels } from '../../../../server/query/query-models.ts';

const QUERY_LENGTH = 20;
const KEEPS: Readonly<Record<string, number>> = { short: 60_000, long: 600_000 };
const catalogue = { keepMs: (key: string) => KEEPS[key] ?? null } as QueryModels; // the only method that is called

/** A plan of the models that the query names, of those that these build on, and of sources by the places of their texts. */
function planOf(named: readonly string[], inner: readonly string[], places: readonly number[][]): Plan {
  const region = (name: string, start: number) => ({ name, readAt: { start, end: start + 1 } });
  return {
    models: {
      regions: [
        ...named.map((name, index) => region(name, index)),
        ...inner.map((name, index) => region(name, QUERY_LENGTH + index)),
      ],
    },
    sources: places.map((starts) => ({ segments: starts.map((queryStart) => ({ queryStart })) })),
  } as unknown as Plan; // the parts that are read
}

describe('how long models say that an answer is kept', () => {
  const keep = (plan: Plan) => keepOfModels(plan, QUERY_LENGTH, catalogue);

  it('is the shortest time of them', () => {
    expect(keep(planOf(['long'], [], [[30]]))).to.equal(600_000);
    expect(keep(planOf(['Long', 'SHORT'], [], [[30], [40]]))).to.equal(60_000);
    expect(keep(planOf(['long'], ['short'], [[30]]))).to.equal(60_000);
    expect(keep(planOf(['long'], ['silent'], [[30]]))).to.equal(600_000);
  });

  it('is not said when one that the query names does not say, or without any', () => {
    expect(keep(planOf(['long', 'silent'], [], [[30], [40]]))).to.equal(null);
    expect(keep(planOf(['silent'], ['long'], [[30]]))).to.equal(null);
    expect(keepOfModels({ sources: [] } as unknown as Plan, QUERY_LENGTH, catalogue)).to.equal(null);
    expect(keepOfModels(planOf(['long'], [], [[30]]), QUERY_LENGTH, null)).to.equal(null);
  });

  it('is not said for what the query reads beside them', () => {
    expect(keep(planOf(['long'], [], [[30], [5]]))).to.equal(null);
    expect(keep(planOf(['long'], [], [[30, 5]]))).to.equal(null);
    expect(keep(planOf(['long'], [], [[]]))).to.equal(null); // nothing says whose text it is
  });
});
