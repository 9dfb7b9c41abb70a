import { expect } from 'chai';
import type { Plan } from '../../../../core/protocol/plan.ts';
import { PlanCache, type PlanKey } from '../../../../server/planning/plan-cache.ts';

const MIB = 1024 * 1024;
const plan = (sql: string): Plan => ({
  sources: [
    {
      connection: 'main',
      sql,
      parameters: [],
      segments: [],
      columns: null,
      databaseColumns: null,
      parameterTypes: null,
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
  scope: 'all',
  visible: null,
  stages: null,
  connection: 'main',
  text,
  parameters: {},
  pushdown: 'auto',
  throughWorker: false,
  ...over,
});

describe('PlanCache', () => {
  it('finds a plan by text, connection, parameter types, way and scope, and by nothing less', () => {
    const cache = new PlanCache({ entries: 10, bytes: MIB });
    cache.set(key('select :a', { parameters: { a: 'int64' } }), plan('x'));
    expect(cache.get(key('select :a', { parameters: { a: 'int64' } }))?.sources[0]?.sql).to.equal('x');
    expect(cache.get(key('select  :a', { parameters: { a: 'int64' } })), 'white space counts').to.equal(null);
    expect(cache.get(key('select :a', { parameters: { a: 'string' } }))).to.equal(null);
    expect(cache.get(key('select :a', { parameters: { a: 'int64' }, connection: 'crm' }))).to.equal(null);
    expect(cache.get(key('select :a', { parameters: { a: 'int64' }, throughWorker: true }))).to.equal(null);
    expect(cache.get(key('select :a', { parameters: { a: 'int64' }, pushdown: 'off' }))).to.equal(null);
    expect(cache.get(key('select :a', { parameters: { a: 'int64' }, scope: 'b1' }))).to.equal(null);
    expect([cache.hits, cache.misses]).to.deep.equal([1, 6]);
  });

  it('does not depend on the order of parameters', () => {
    const cache = new PlanCache({ entries: 10, bytes: MIB });
    cache.set(key('q', { parameters: { a: 'int64', b: 'bool' } }), plan('x'));
    expect(cache.get(key('q', { parameters: { b: 'bool', a: 'int64' } }))).to.not.equal(null);
  });

  it('drops the least recently used', () => {
    const cache = new PlanCache({ entries: 2, bytes: MIB });
    cache.set(key('a'), plan('a'));
    cache.set(key('b'), plan('b'));
    cache.get(key('a'));
    cache.set(key('c'), plan('c'));
    expect(cache.get(key('b'))).to.equal(null);
    expect(cache.get(key('a'))?.sources[0]?.sql).to.equal('a');
    expect(cache.size).to.equal(2);
  });

  it('keeps nothing at capacity 0', () => {
    for (const none of [
      { entries: 0, bytes: MIB },
      { entries: 10, bytes: 0 },
    ]) {
      const cache = new PlanCache(none);
      cache.set(key('a'), plan('a'));
      expect(cache.get(key('a'))).to.equal(null);
      expect([cache.size, cache.bytes]).to.deep.equal([0, 0]);
    }
  });

  it('stays within its bytes, whatever the texts are: the least recently used go', () => {
    const cache = new PlanCache({ entries: 1000, bytes: MIB });
    const long = (name: string) => `select '${name}${'x'.repeat(50_000)}'`;
    for (let i = 0; i < 100; i++) {
      cache.set(key(long(`${i}`)), plan(long(`${i}`)));
      expect(cache.bytes).to.be.at.most(MIB);
    }
    expect(cache.get(key(long('99')))).to.not.equal(null);
    expect(cache.get(key(long('0')))).to.equal(null);
    expect(cache.size).to.be.within(2, 10);
  });

  it('does not keep a plan that is larger than all of its budget, and keeps the others', () => {
    const cache = new PlanCache({ entries: 10, bytes: 10_000 });
    cache.set(key('a'), plan('a'));
    cache.set(key('x'.repeat(10_000)), plan('b'));
    expect(cache.get(key('x'.repeat(10_000)))).to.equal(null);
    expect(cache.get(key('a'))).to.not.equal(null);
  });
});
