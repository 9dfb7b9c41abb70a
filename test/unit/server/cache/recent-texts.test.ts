import { expect } from 'chai';
import { RecentTexts } from '../../../../server/cache/recent-texts.ts';

describe('what is remembered of the latest texts', () => {
  it('is what was set, while the texts are asked for', () => {
    const texts = new RecentTexts({ entries: 4, characters: 10 });
    texts.set('often', 'a');
    for (let n = 0; n < 50; n++) {
      texts.set(`other ${n}`, String(n));
      expect(texts.get('often')).to.equal('a');
      expect(texts.get(`other ${n}`)).to.equal(String(n));
    }
  });

  it('is bounded: old ones and long ones are forgotten', () => {
    const texts = new RecentTexts({ entries: 4, characters: 10 });
    for (let n = 0; n < 50; n++) texts.set(`text ${n}`, String(n));
    const known = Array.from({ length: 50 }, (_, n) => texts.get(`text ${n}`)).filter(
      (found) => found !== undefined,
    );
    expect(known.length).to.be.within(4, 8);
    texts.set('longer than that', 'x');
    expect(texts.get('longer than that')).to.equal(undefined);
  });
});
