/** Answers that may be a little old: asked for once, kept for a time, and not when they failed. */
import { expect } from 'chai';
import { BriefCache } from '../../../server/brief-cache.ts';

describe('brief cache', () => {
  let now = 0;
  let asked: string[] = [];
  const find = (value: string) => async (): Promise<string> => {
    asked.push(value);
    return value;
  };
  const fresh = () => new BriefCache<string>({ entries: 2, maxAgeMs: 100, now: () => now });
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
