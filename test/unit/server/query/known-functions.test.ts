import { expect } from 'chai';
import type { FunctionUse } from '../../../../core/protocol/plan.ts';
import { KnownFunctions } from '../../../../server/query/known-functions.ts';

const use = (name: string, more: Partial<FunctionUse> = {}): FunctionUse => ({
  schema: null,
  name,
  as: 'call',
  known: false,
  position: 8,
  ...more,
});

describe('known functions', () => {
  let now: number;
  let known: KnownFunctions;
  beforeEach(() => {
    now = 1000;
    known = new KnownFunctions({ maxAgeMs: 100, now: () => now });
  });

  it('are in question again once their connection has changed, also when asked about before', () => {
    known.found('all', 'main', [use('a')], now);
    known.found('all', 'other', [use('a')], now);
    now = 1010;
    known.forget(['main']);
    expect(known.inQuestion('all', 'main', [use('a')])).to.have.length(1);
    expect(known.inQuestion('all', 'other', [use('a')])).to.have.length(0);
    known.found('all', 'main', [use('a')], 1005);
    expect(known.inQuestion('all', 'main', [use('a')]), 'the answer of the database before').to.have.length(
      1,
    );
    known.found('all', 'main', [use('a')], 1010);
    expect(known.inQuestion('all', 'main', [use('a')])).to.have.length(0);
  });

  it('are in question again after their time, counted from the question', () => {
    const list = [use('a'), use('b')];
    expect(known.inQuestion('all', 'main', list)).to.equal(list);
    known.found('all', 'main', list, 1000);
    now = 1100;
    expect(known.inQuestion('all', 'main', list)).to.deep.equal([]);
    expect(known.inQuestion('all', 'main', [use('b', { position: 1 })])).to.deep.equal([]);
    now = 1101;
    expect(known.inQuestion('all', 'main', list)).to.equal(list);
  });

  it('are of one connection, and all or none', () => {
    known.found('all', 'main', [use('a')], now);
    expect(known.inQuestion('all', 'other', [use('a')])).to.have.length(1);
    expect(known.inQuestion('another scope', 'main', [use('a')])).to.have.length(1);
    expect(known.inQuestion('all', 'main', [use('a'), use('b')])).to.have.length(2);
    expect(known.inQuestion('all', 'main', [])).to.have.length(0);
  });

  it('are told apart by how they are called, and by schema, whatever the names hold', () => {
    known.found('all', 'main', [use('c', { schema: 'a b' }), use('t', { as: 'row' })], now);
    expect(known.inQuestion('all', 'main', [use('b c', { schema: 'a' })])).to.have.length(1);
    expect(known.inQuestion('all', 'main', [use('a b c')])).to.have.length(1);
    expect(known.inQuestion('all', 'main', [use('t', { as: 'value' })])).to.have.length(1);
    expect(known.inQuestion('all', 'main', [use('t', { as: 'row' })])).to.have.length(0);
  });

  it('are forgotten when there are too many', () => {
    const first = [use('first')];
    known.found(
      'all',
      'main',
      first.map((one) => ({ ...one })),
      now,
    );
    for (let count = 0; count < 10_000; count++) known.found('all', 'main', [use(`n${count}`)], now);
    expect(known.inQuestion('all', 'main', first)).to.equal(first);
    expect(known.inQuestion('all', 'main', [use('n9999')])).to.have.length(0);
  });
});
