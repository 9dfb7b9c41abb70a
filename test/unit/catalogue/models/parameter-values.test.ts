import { expect } from 'chai';
import { withDefaults } from '../../../../catalogue/models/parameter-values.ts';
import { ExactNumber, type ParameterValue, UntypedText } from '../../../../core/protocol/parameters.ts';

const models = {
  parameters: [
    { model: 'm', name: 'day', type: 'date', default: '2001-01-01' },
    { model: 'm', name: 'least', type: 'int64' },
    { model: 'm', name: 'names', type: 'string', list: true, default: [] },
  ],
} as const;
const values = (given: Record<string, ParameterValue>) => withDefaults(models, given);

describe('the parameters of models', () => {
  it('have their defaults where nothing was sent', () => {
    expect(values({ least: 5 })).to.deep.equal({ day: '2001-01-01', least: 5, names: [] });
    expect(values({ least: new UntypedText('5'), day: '2001-02-03', names: ['a'] })).to.deep.equal({
      ...{ least: new UntypedText('5'), day: '2001-02-03', names: ['a'] },
    });
    expect(values({ least: null, day: null })).to.include({ least: null, day: null });
    expect(values({ least: new ExactNumber('9223372036854775807') })).to.have.property('day');
  });

  it('are refused by name, with the model, when they are missing or wrong', () => {
    expect(() => values({})).to.throw('the model `m` needs a value for :least, which is a whole number');
    for (const [wrong, message] of [
      [{ least: 'x' }, ':least of the model `m` is a whole number'],
      [{ least: new UntypedText('5.5') }, ':least of the model `m` is a whole number'],
      [{ least: new ExactNumber('9223372036854775808') }, ':least'],
      [{ least: 1, day: 'today' }, ':day of the model `m` is a date such as'],
      [{ least: 1, names: 'a' }, ':names of the model `m` is a list of values'],
      [{ least: 1, names: [1] }, ':names of the model `m` is a list of values'],
    ] as const)
      expect(() => values(wrong as Record<string, ParameterValue>), JSON.stringify(wrong)).to.throw(message);
  });

  it('of two models that declare one with different defaults must be sent', () => {
    const two = {
      parameters: [models.parameters[0], { ...models.parameters[0], model: 'n', default: '2002-01-01' }],
    };
    expect(() => withDefaults(two, {})).to.throw('which have different defaults');
    expect(withDefaults(two, { day: '2003-01-01' })).to.deep.equal({ day: '2003-01-01' });
  });
});
