import { expect } from 'chai';
import { leadingModel } from '../../../../console/state/leading-model.ts';

describe('leadingModel', () => {
  const cases: readonly (readonly [string, string | null])[] = [
    ['departures', 'departures'],
    ['departures | head 3', 'departures'],
    ['  -- a note\nset cache = 10m; set pushdown = off;\n"space test" | head 3', 'space test'],
    ['모델 | head 3', '모델'],
    ['select * from t | head 3', null],
    ['with x as (select 1) select * from x', null],
    ['-- departures', null],
    ['set cache = 10m;', null],
    ['', null],
  ];
  for (const [query, name] of cases)
    it(`is ${name ?? 'none'} in ${JSON.stringify(query)}`, () => {
      expect(leadingModel(query)).to.equal(name);
    });
});
