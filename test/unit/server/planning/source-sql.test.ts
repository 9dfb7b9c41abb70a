import { expect } from 'chai';
import { type ErrorDetails, QueryError } from '../../../../core/protocol/errors.ts';
import { USUAL_SOURCE } from '../../../../language/dialects/registry.ts';
import { mapToQuery, type SentSql } from '../../../../server/planning/source-sql.ts';

const LEXICAL = USUAL_SOURCE.lexical;

describe('errors of a database, told of the text of the user', () => {
  const text = "select '😀' as a where id = :id | eval b = 1 / a";
  const author = { stage: { index: 1, name: 'eval' }, span: { start: 34, end: 48 } };
  // A dialect whose placeholders are question marks.
  const sql = "select '😀' as a where id = ? -- stage";
  const at = text.indexOf(':id');
  const sent: SentSql = {
    sql,
    parameters: ['id'],
    segments: [
      { sqlStart: 0, queryStart: 0, length: at },
      { sqlStart: at, queryStart: at, length: 1 },
    ],
  };
  const placed = {
    ...sent,
    placed: {
      segments: [{ sqlStart: sql.indexOf('stage'), length: 5, ...author }],
      raising: [author],
      sourceMayFail: false,
      described: [],
    },
  };
  const map = (details: ErrorDetails, of: SentSql = sent, message = 'no'): QueryError =>
    mapToQuery(new QueryError('sql-error', message, details), of, text, LEXICAL) as QueryError;

  it('finds a parameter however the database writes its place', () => {
    const { message, details } = map({ sqlParameter: 1 });
    expect(message).to.equal('parameter :id: no');
    expect(text.slice(details.span!.start, details.span!.end)).to.equal(':id');
  });

  it('names a parameter where a message has its number', () => {
    const details = { sqlPosition: 1, placeholder: { parameter: 1, start: 6, end: 7 } };
    expect(map(details, sent, 'near "?"').message).to.equal('near ":id"');
  });

  it('tells what a stage raised, only where stages are in the statement', () => {
    const raised = { code: 'assertion-failed', message: 'b is too large' } as const;
    expect(map({ raised }, placed).code).to.equal('assertion-failed');
    expect(map({ raised }).code).to.equal('sql-error');
  });

  it('tells of a value and of a number of rows what a worker tells of them', () => {
    expect(map({ sqlFault: 'value' }, placed).toWire()).to.include({ code: 'bad-value' });
    expect(map({ sqlFault: 'value' }, placed).details.stage).to.deep.equal(author.stage);
    expect(map({ sqlFault: 'row-count' }, placed).code).to.equal('bad-parameter');
    expect(map({ sqlFault: 'value' }).code).to.equal('sql-error');
  });

  it('finds the stage at a place behind characters beyond the basic plane', () => {
    const sqlPosition = [...sql.slice(0, sql.indexOf('stage'))].length + 1;
    expect(map({ sqlPosition }, placed).details.stage).to.deep.equal(author.stage);
    const last = { sqlPosition: sqlPosition + 4 };
    expect(map(last, placed).details.stage).to.deep.equal(author.stage);
  });
});
