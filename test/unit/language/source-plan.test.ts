/** Plans say what is sent to the database, and how places in its errors come back to the user's text. */
import { expect } from 'chai';
import { QueryError } from '../../../core/protocol/errors.ts';
import type { Lexical } from '../../../language/dialects/lexical.ts';
import { USUAL_SOURCE } from '../../../language/dialects/registry.ts';
import { renderError } from '../../../language/editor/render-error.ts';
import { mapPosition } from '../../../language/source/map-position.ts';
import { FLIGHTS_COLUMNS } from '../../fixtures/language/flights.ts';
import { planOf } from './run-plan.ts';

/** 1-based, in code points, as PostgreSQL counts. */
function positionOf(sql: string, part: string): number {
  return [...sql.slice(0, sql.indexOf(part))].length + 1;
}

describe('the source plan', () => {
  it('without stages is the SQL as written', () => {
    const text = 'select :a::text; -- done';
    const plan = planOf(text, [], { parameters: { a: 'string' } });
    expect(plan.sources[0]).to.deep.include({
      sql: 'select $1::text',
      parameters: ['a'],
      columns: null,
      parameterTypes: null,
    });
    expect(plan.worker).to.equal(null);
  });

  it('is wrapped so that a line comment at its end does no harm, and narrowed', () => {
    const text = 'select * from flights -- all | of them\n| where delay > 0 | stats count() by origin';
    const plan = planOf(text, FLIGHTS_COLUMNS);
    expect(plan.sources[0]!.sql).to.equal(
      'select "origin", "delay" from (\nselect * from flights -- all | of them\n) as "source"',
    );
    expect(plan.sources[0]!.databaseColumns!.map((column) => column.name)).to.deep.equal(['origin', 'delay']);
  });

  it('refuses columns that cannot be told apart only when stages need to', () => {
    const columns = [FLIGHTS_COLUMNS[0]!, { ...FLIGHTS_COLUMNS[0]!, name: 'ORIGIN' }];
    expect(planOf('select a, b from t', columns).worker).to.equal(null);
    expect(() => planOf('select a, b from t | head 1', columns))
      .to.throw(QueryError, 'the columns `origin` and `ORIGIN` differ only by case')
      .with.nested.property('details.hint', 'name one of them differently in the SQL: `... as ORIGIN_2`');
    const encoded = planOf('select a, b from t', columns, { throughWorker: true });
    expect(encoded.columns!.map(({ name }) => name)).to.deep.equal(['origin', 'ORIGIN']);
    expect(encoded.worker!.inputs[0]!.columns.map(({ name }) => name)).to.deep.equal([
      'origin',
      'ORIGIN (2)',
    ]);
    const twice = [columns[0]!, columns[0]!];
    expect(() => planOf('select a, a from t', twice, { throughWorker: true })).to.throw(
      QueryError,
      'two columns of the result are named "origin"',
    );
  });

  it('refuses what cannot stand in a FROM for formats of the worker', () => {
    expect(() => planOf('show all', FLIGHTS_COLUMNS, { throughWorker: true })).to.throw(
      QueryError,
      'no answer in this format',
    );
  });
});

describe('positions in errors of the database', () => {
  const { lexical } = USUAL_SOURCE;
  const text =
    "@db select '😀é' as x, :who, nope\n  from flihgts | where delay > 0 | stats count() by origin";
  const { sql, segments } = planOf(text, FLIGHTS_COLUMNS, { parameters: { who: 'string' } }).sources[0]!;
  for (const [sent, written] of [
    ['nope', 'nope'],
    ['flihgts', 'flihgts'],
    ['$1', ':who'],
    ["'😀é'", "'😀é'"],
  ] as const)
    it(`${sent} is ${written}`, () => {
      const span = mapPosition({ position: positionOf(sql, sent), sql, segments }, text, lexical)!;
      expect(text.slice(span.start, span.end)).to.equal(written);
    });

  it('are null in the text that we put around, and the last word at the end of the SQL', () => {
    expect(mapPosition({ position: 1, sql, segments }, text, lexical)).to.equal(null);
    expect(
      mapPosition({ position: positionOf(sql, ') as "source"'), sql, segments }, text, lexical),
    ).to.equal(null);
    const direct = planOf('select 1 +', []).sources[0]!;
    expect(mapPosition({ position: 11, ...direct }, 'select 1 +', lexical)).to.deep.equal({
      start: 9,
      end: 10,
    });
  });

  it('cover a name as the dialect quotes it', () => {
    const query = 'select `a b`, [c d] from t';
    const segments = [{ sqlStart: 0, queryStart: 0, length: query.length }];
    const spanAt = (char: string, rules: Lexical): string => {
      const position = query.indexOf(char) + 1;
      const { start, end } = mapPosition({ position, sql: query, segments }, query, rules)!;
      return query.slice(start, end);
    };
    expect(spanAt('`', { ...lexical, nameQuotes: '`' })).to.equal('`a b`');
    expect(spanAt('`', { ...lexical, nameQuotes: '"' })).to.equal('`');
    expect(spanAt('[', { ...lexical, bracketNames: true })).to.equal('[c d]');
    expect(spanAt('[', { ...lexical, bracketNames: false })).to.equal('[');
  });
});

describe('errors on a terminal', () => {
  it('show line and column in code points, with carets under the place', () => {
    const query = "select '😀' as a\n\t| where b😀d > 1";
    const start = query.indexOf('b😀d');
    const error = new QueryError('unknown-column', 'there is no column', {
      span: { start, end: start + 4 },
      hint: 'look',
    });
    expect(renderError(error.toWire(), query)).to.deep.equal({
      place: { line: 2, column: 10 },
      text: 'error: there is no column [unknown-column]\n   --> line 2, column 10\n 2 |  | where b😀d > 1\n              ^^^\nhint: look',
    });
  });

  it('show a window of a long line, and nothing when there is no place', () => {
    const query = `select ${'x'.repeat(5000)} !`;
    const at = query.length - 1;
    const { text } = renderError(
      new QueryError('syntax', 'bad', { span: { start: at, end: at + 1 } }).toWire(),
      query,
    );
    expect(text.split('\n')[2]!.length).to.be.below(120);
    expect(text.split('\n')[2]!.indexOf('!')).to.equal(text.split('\n')[3]!.indexOf('^'));
    expect(renderError(new QueryError('cancelled', 'gone').toWire(), query)).to.deep.equal({
      place: null,
      text: 'error: gone [cancelled]',
    });
  });
});
