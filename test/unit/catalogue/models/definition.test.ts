import { expect } from 'chai';
import {
  type ModelDefinition,
  modelText,
  readDefinition,
  writtenDefinition,
} from '../../../../catalogue/models/definition.ts';
import { QueryError } from '../../../../core/protocol/errors.ts';

function errorOf(given: unknown): QueryError {
  try {
    readDefinition(given);
  } catch (thrown) {
    if (thrown instanceof QueryError) return thrown;
    throw thrown;
  }
  throw new Error('it was read');
}

const FULL = {
  ...{ name: 'flights_on', owner: 'kim', description: 'Flights of a day', tags: ['b', 'a'] },
  ...{ connection: 'main', query: 'select * from flights where date >= :day\n' },
  parameters: [{ name: 'day', type: 'date', default: '2001-01-01', description: 'The first day' }],
  columns: [{ name: 'date', type: 'timestamp' }],
  ...{ timeColumn: 'date', freshness: '1d', published: true, cache: { keep: '10m', refresh: '1h' } },
};

describe('the definition of a model', () => {
  it('is read, and written as it was', () => {
    const definition = readDefinition(FULL);
    expect(writtenDefinition(definition)).to.deep.equal({
      ...FULL,
      tags: ['a', 'b'],
      query: 'select * from flights where date >= :day',
    });
    expect(readDefinition(writtenDefinition(definition))).to.deep.equal(definition);
  });

  it('may name a table, which is quoted part by part', () => {
    const quote = (name: string): string => `<${name}>`;
    expect(modelText(readDefinition({ name: 'a', table: 'crm.orders' }), quote)).to.equal(
      'select * from <crm>.<orders>',
    );
  });

  it('is refused with all its mistakes at once', () => {
    const error = errorOf({
      ...{ name: 'select', quer: 'x', tags: 'a', freshness: 'soon', published: 'yes' },
      ...{ parameters: [{ name: 'x y', type: 'int' }], columns: [{ name: 'a', type: 'text' }] },
    });
    expect(error.code).to.equal('bad-model');
    for (const part of [
      'name cannot be `select`',
      'quer is no member; did you mean query?',
      'query or table is needed',
      'tags is a list',
      'freshness is a time such as 10m',
      'published is true or false',
      'parameters[0].name is a word',
      'parameters[0].type is one of string',
      'columns[0].type is a type as answers name it',
    ])
      expect(error.message).to.contain(part);
  });

  it('refuses hostile names, and takes those of other alphabets, with blanks, and ids', () => {
    for (const name of [
      '',
      ' a',
      'a ',
      'a"b',
      'a`b',
      "a'b",
      'a;b',
      'a\nb',
      'a\0b',
      'a/b',
      '..',
      '-a',
      'e\u0301',
      'x'.repeat(64),
      'Let',
      '$a',
      5,
      null,
    ])
      expect(errorOf({ name, query: 'select 1' }).code, JSON.stringify(name)).to.equal('bad-model');
    for (const name of ['a', 'space test', '한글_모델', '550e8400-e29b-41d4-a716-446655440000', '12', 'é'])
      expect(readDefinition({ name, query: 'select 1' }).name).to.equal(name);
  });

  it('refuses ten megabytes of text, and what is no object', () => {
    expect(errorOf({ name: 'a', query: `select 1 --${'x'.repeat(10_000_000)}` }).code).to.equal(
      'query-too-large',
    );
    for (const given of [null, 1, 'a', [], undefined]) expect(errorOf(given).code).to.equal('bad-model');
  });

  it('checks the defaults of parameters', () => {
    const parameter = (more: object): ModelDefinition =>
      readDefinition({ name: 'a', query: 'select :p', parameters: [{ name: 'p', ...more }] });
    expect(parameter({ type: 'int64', default: 5 }).parameters[0]!.default).to.equal(5);
    expect(parameter({ type: 'int64', list: true, default: [5, null] }).parameters[0]!.default).to.deep.equal(
      [5, null],
    );
    for (const [type, wrong] of [
      ['int64', '5'],
      ['int64', 1.5],
      ['date', '2001-02-30'],
      ['date', 20010101],
      ['timestamptz', '2001-01-01 00:00:00'],
      ['bool', 'yes'],
      ['float64', 'NaN'],
      ['string', 5],
      ['decimal', '1e5'],
    ])
      expect(() => parameter({ type, default: wrong }), `${type} ${wrong}`).to.throw(
        QueryError,
        'parameters[0].default is',
      );
  });
});
