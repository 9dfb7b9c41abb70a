import { expect } from 'chai';
import type { Config } from '../../../core/config/config.ts';
import { connectionsChange } from '../../../monitor/connections-change.ts';

const config = (over: object): Config =>
  ({
    connections: { a: { url: 'postgresql://h/a' } },
    defaultConnection: 'a',
    sql: { processes: 2 },
    ...over,
  }) as unknown as Config;

describe('the change of connections between two configurations', () => {
  const a = { url: 'postgresql://h/a' };
  const none = { added: [], removed: [], changed: [] };
  const from = (connections: object, over: object = {}) =>
    connectionsChange(config({}), config({ connections, ...over }));

  it('is told by name: added, removed, another URL, other options', () => {
    expect(from({ a, b: a })).to.deep.equal({ ...none, added: ['b'] });
    expect(from({ b: a }, { defaultConnection: 'b' })).to.deep.equal({
      ...none,
      added: ['b'],
      removed: ['a'],
    });
    expect(from({ a: { url: 'postgresql://h/other' } })).to.deep.equal({ ...none, changed: ['a'] });
    expect(from({ a: { ...a, allowFunctions: ['x.y'] } })).to.deep.equal({ ...none, changed: ['a'] });
    expect(from({ a: { ...a, allowPowerfulRole: true } })).to.deep.equal({ ...none, changed: ['a'] });
  });

  it('is null when nothing changed, or anything else has changed too', () => {
    expect(from({ a })).to.equal(null);
    expect(from({ a }, { defaultConnection: 'b' })).to.equal(null);
    expect(from({ a, b: a }, { sql: { processes: 3 } })).to.equal(null);
  });
});
