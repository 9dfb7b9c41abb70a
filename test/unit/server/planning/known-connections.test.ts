import { expect } from 'chai';
import { KnownConnections, type PlannerConnections } from '../../../../server/planning/known-connections.ts';

const connections = (...names: readonly string[]): PlannerConnections => ({
  dialects: Object.fromEntries(names.map((name) => [name, 'postgres'] as const)),
  allowFunctions: Object.fromEntries(names.map((name) => [name, [`${name}.f`]])),
});

describe('what a planner thread knows of connections', () => {
  let changes: number;
  let known: KnownConnections;

  beforeEach(() => {
    changes = 0;
    known = new KnownConnections({ version: 0, connections: connections('main') }, () => changes++);
  });

  it('is enough for tasks of the same version and of older ones', () => {
    known.accept({ version: 2, connections: connections('main', 'crm') });
    for (const version of [0, 1, 2]) expect(known.accept({ version })).to.equal(true);
    expect(Object.keys(known.seen(null))).to.deep.equal(['main', 'crm']);
    expect(changes).to.equal(1);
  });

  it('is not enough for a newer task until that brings them', () => {
    expect(known.accept({ version: 1 })).to.equal(false);
    expect(known.allowedFunctions('crm')).to.deep.equal([]);
    expect(known.accept({ version: 1, connections: connections('crm') })).to.equal(true);
    expect(known.allowedFunctions('crm')).to.deep.equal(['crm.f']);
    expect(known.allowedFunctions('main')).to.deep.equal([]);
    expect(known.allowedFunctions('constructor')).to.deep.equal([]);
  });

  it('never goes back', () => {
    known.accept({ version: 2, connections: connections('crm') });
    expect(known.accept({ version: 1, connections: connections('main') })).to.equal(true);
    expect(Object.keys(known.seen(null))).to.deep.equal(['crm']);
    expect(changes).to.equal(1);
  });
});
