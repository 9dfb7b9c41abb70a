/** Answers that may be a little old: asked for once, kept for a time, and not when they failed. */
import { expect } from 'chai';
import { BriefCache } from '../../../../server/planning/brief-cache.ts';

describe('brief cache', () => {
  let now = 0;
  let asked: string[] = [];
  const find = (value: string) => async (): Promise<string> => {
    asked.push(value);
    return value;
  };
  const fresh = () => new BriefCache<string>({ entries: 2, bytes: 1000, maxAgeMs: 100, now: () => now });
  beforeEach(() => {
    now = 0;
    asked = [];
  });

  it('asks once for as long as the answer is young enough', async () => {
    const cache = fresh();
    expect(await Promise.all([cache.get('a', find('1')), cache.get('a', find('2'))])).to.deep.equal([
      '1',
      '1',
    ]);
    now = 99;
    expect(await cache.get('a', find('3'))).to.equal('1');
    now = 100;
    expect(await cache.get('a', find('4'))).to.equal('4');
    expect(asked).to.deep.equal(['1', '4']);
  });

  it('stays within its bytes, and keeps no answer that is larger than all of them', async () => {
    const cache = new BriefCache<string>({ entries: 100, bytes: 100_000, maxAgeMs: 100, now: () => now });
    for (let i = 0; i < 50; i++) {
      await cache.get(`${i} ${'k'.repeat(1000)}`, find(`${i} ${'v'.repeat(5000)}`));
      expect(cache.bytes).to.be.at.most(100_000);
    }
    const kept = cache.bytes;
    expect(await cache.get('large', find('x'.repeat(100_000)))).to.have.length(100_000);
    expect(cache.bytes).to.equal(kept);
    const before = asked.length;
    expect(await cache.get(`49 ${'k'.repeat(1000)}`, find('again'))).to.match(/^49 v/);
    expect(asked).to.have.length(before);
  });

  it('forgets what failed, and the oldest when there are too many', async () => {
    const cache = fresh();
    const failed = await cache.get('a', () => Promise.reject(new Error('no'))).catch(String);
    expect(failed).to.equal('Error: no');
    expect(await cache.get('a', find('1'))).to.equal('1');
    await cache.get('b', find('2'));
    await cache.get('c', find('3'));
    expect(await cache.get('b', find('x'))).to.equal('2');
    expect(await cache.get('a', find('again'))).to.equal('again');
  });
});
