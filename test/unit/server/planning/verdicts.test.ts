import { expect } from 'chai';
import { judgeOf } from '../../../../language/dialects/registry.ts';
import { Verdicts } from '../../../../server/planning/verdicts.ts';

describe('verdicts', () => {
  const judge = judgeOf('postgres');
  before(() => judge.load());

  it('keeps verdicts by text, and no refusals', () => {
    const verdicts = new Verdicts(judge, []);
    const first = verdicts.kept('select total(1)');
    expect(verdicts.kept('select total(1)')).to.equal(first);
    for (let count = 0; count < 30; count++) verdicts.kept(`select ${count}, '${'x'.repeat(60_000)}'`);
    expect(verdicts.kept('select total(1)')).to.not.equal(first);
    expect(() => verdicts.kept('delete from t')).to.throw('DELETE');
    expect(() => verdicts.kept('delete from t')).to.throw('DELETE');
  });
});
