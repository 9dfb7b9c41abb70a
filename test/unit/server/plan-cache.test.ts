import { expect } from 'chai';
import type { Plan } from '../../../language/plan.ts';
import { PlanCache, type PlanKey } from '../../../server/plan-cache.ts';

const plan = (sql: string): Plan => ({
  sources: [
    {
      connection: 'main',
      sql,
      parameters: [],
      segments: [],
      columns: null,
      databaseColumns: null,
      parameterOids: null,
      functions: [],
    },
  ],
  worker: null,
  stages: [],
  columns: null,
  warnings: [],
  cacheable: true,
});
const key = (text: string, over: Partial<PlanKey> = {}): PlanKey => ({
  connection: 'main',
  text,
  parameters: {},
  pushdown: 'auto',
  throughWorker: false,
  ...over,
});

describe('PlanCache', () => {
  it('finds a plan by text, connection, parameter types and way, and by nothing less', () => {
    const cache = new PlanCache(10);
    cache.set(key('select :a', { parameters: { a: 'int64' } }), plan('x'));
    expect(cache.get(key('select :a', { parameters: { a: 'int64' } }))?.sources[0]?.sql).to.equal('x');
    expect(cache.get(key('select  :a', { parameters: { a: 'int64' } })), 'white space counts').to.equal(null);
    expect(cache.get(key('select :a', { parameters: { a: 'string' } }))).to.equal(null);
    expect(cache.get(key('select :a', { parameters: { a: 'int64' }, connection: 'crm' }))).to.equal(null);
    expect(cache.get(key('select :a', { parameters: { a: 'int64' }, throughWorker: true }))).to.equal(null);
    expect(cache.get(key('select :a', { parameters: { a: 'int64' }, pushdown: 'off' }))).to.equal(null);
    expect([cache.hits, cache.misses]).to.deep.equal([1, 5]);
  });

  it('does not depend on the order of parameters', () => {
    const cache = new PlanCache(10);
    cache.set(key('q', { parameters: { a: 'int64', b: 'bool' } }), plan('x'));
    expect(cache.get(key('q', { parameters: { b: 'bool', a: 'int64' } }))).to.not.equal(null);
  });

  it('drops the least recently used', () => {
    const cache = new PlanCache(2);
    cache.set(key('a'), plan('a'));
    cache.set(key('b'), plan('b'));
    cache.get(key('a'));
    cache.set(key('c'), plan('c'));
    expect(cache.get(key('b'))).to.equal(null);
    expect(cache.get(key('a'))?.sources[0]?.sql).to.equal('a');
    expect(cache.size).to.equal(2);
  });

  it('keeps nothing at capacity 0', () => {
    const cache = new PlanCache(0);
    cache.set(key('a'), plan('a'));
    expect(cache.get(key('a'))).to.equal(null);
  });
});
