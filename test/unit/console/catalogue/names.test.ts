import { expect } from 'chai';
import { modelName, tableName } from '../../../../console/catalogue/names.ts';

describe('tableName', () => {
  const table = (name: string, visible = true, schema = 'public') => ({ schema, name, visible, columns: [] });
  const cases: readonly (readonly [ReturnType<typeof table>, string, string])[] = [
    [table('flights'), 'postgres', 'flights'],
    [table('flights', false, 'old data'), 'postgres', '"old data".flights'],
    [table('Flights "x"'), 'postgres', '"Flights ""x"""'],
    [table('order'), 'postgres', '"order"'],
    [table('a`b'), 'mariadb', '`a``b`'],
    [table('비행'), 'sqlite', '"비행"'],
    [table('flights', false, ''), 'files', 'flights'],
  ];
  for (const [one, dialect, written] of cases)
    it(`writes ${JSON.stringify(one.name)} as ${written} for ${dialect}`, () => {
      expect(tableName(one, dialect)).to.equal(written);
    });
});

describe('modelName', () => {
  it('quotes what is no word', () => {
    expect(['flights', '비행_2', 'space test', '3d', 'a-b'].map(modelName)).to.deep.equal([
      ...['flights', '비행_2', '"space test"', '"3d"', '"a-b"'],
    ]);
  });
});
