/** The lexer finds where the SQL ends, which `:name` are parameters, and that nothing but QueryError ever comes out of lexing. */
import { expect } from 'chai';
import fc from 'fast-check';
import { QueryError } from '../../../../core/protocol/errors.ts';
import { POSTGRES } from '../../../../language/dialects/postgres/source.ts';
import { nextToken } from '../../../../language/frontends/forkline/stage-lexer.ts';
import { parseAlone } from '../../../../language/parse.ts';
import { scanSource } from '../../../../language/source/lexer.ts';
import { bindSource } from '../../../../language/source/sql.ts';

/** The SQL that the query begins with, as it is sent. */
function sourceOf(text: string) {
  const { query, parameters: uses } = parseAlone(text, POSTGRES.lexical);
  if (query.source.kind !== 'sql') throw new Error('it does not begin with SQL');
  const { connection } = query.source;
  const kinds = Object.fromEntries(uses.map(({ name }) => [name, 'string'] as const));
  return {
    ...bindSource(text, query.source, kinds, POSTGRES.binding),
    connection,
    uses: uses.map(({ name }) => name),
  };
}

function sqlOf(text: string): string {
  const { sqlStart, sqlEnd } = scanSource(text, 0, POSTGRES.lexical);
  return text.slice(sqlStart, sqlEnd);
}

describe('where the SQL ends', () => {
  const inside = [
    'select \'a | b\', "c | d", `e | f`',
    "select 'it''s | ', E'a\\' | b', e'\\\\'",
    'select $$ | $$, $tag$ | $$ | $tag$',
    'select a || b, |/ 4, a -|- b, j ?| k, a |>> b, a <<| b, ||/ 27, a |& b',
    'select (a | b), x[1 | 2]',
    'select 1 /* | /* | */ | */ + 2',
    'select 1 -- | where\n + 2',
    'select a$b$ as c, 1',
    'select x::text, e.*',
  ];
  for (const sql of inside)
    for (const pipe of ['|', '|>', ' | ', '\n|> '])
      it(`${JSON.stringify(sql)} ends at ${JSON.stringify(pipe)}`, () => {
        expect(sqlOf(`${sql}${pipe === '|' || pipe === '|>' ? ` ${pipe} ` : pipe}head 1`)).to.equal(sql);
      });

  it('a pipe right before a comment or a word is a pipe', () => {
    expect(sqlOf('select 1 |-- c\nhead 1')).to.equal('select 1');
    expect(sqlOf('select 1 |/* c */ head 1')).to.equal('select 1');
    expect(sqlOf('select 1|head 1')).to.equal('select 1');
  });

  it('one trailing semicolon is taken away, a comment after it too', () => {
    expect(sqlOf('select 1;')).to.equal('select 1');
    expect(sqlOf('select 1 ; -- done')).to.equal('select 1 ');
    expect(sqlOf('select 1; | head 1')).to.equal('select 1');
    expect(sqlOf("select ';' -- ;")).to.equal("select ';' -- ;");
  });
});

describe('parameters in the SQL', () => {
  it('become $n, the same name the same number, and can be found again', () => {
    const text = '@db select :a, \':b\', ":c", x::int, :b_2, :a -- :d\n| where q = :z';
    const { sql, parameters, segments, connection, uses } = sourceOf(text);
    expect(sql).to.equal('select $1, \':b\', ":c", x::int, $2, $1 -- :d');
    expect({ parameters, connection, uses }).to.deep.equal({
      parameters: ['a', 'b_2'],
      connection: 'db',
      uses: ['a', 'b_2', 'a', 'z'],
    });
    for (const { sqlStart, queryStart, length } of segments) {
      const [sent, written] = [
        sql.slice(sqlStart, sqlStart + length),
        text.slice(queryStart, queryStart + length),
      ];
      if (written.startsWith(':')) expect(sent).to.match(/^\$\d$/);
      else expect(sent).to.equal(written);
    }
  });

  it('are not slices of arrays, but may stand in array constructors and in brackets within slices', () => {
    expect(sourceOf('select a[1:n], b[lo:hi], c[:n], d[x:]').parameters).to.deep.equal([]);
    expect(sourceOf('select array[:p, :q], array[[:r], [:s]], a[(:t)]').parameters).to.deep.equal([
      ...'pqrst',
    ]);
  });
});

describe('lexing any text', () => {
  const pieces = fc.constantFrom(
    ...'|;()[]\'"`$:#/*-\\.,+@!?é😀\n ',
    'select',
    '||',
    '--',
    '/*',
    '*/',
    '$a$',
    ':n',
    '5m',
    '1e',
    '|>',
    '//',
  );
  const texts = fc.oneof(
    fc.array(pieces, { maxLength: 60 }).map((parts) => parts.join('')),
    fc.string({ unit: 'binary' }),
  );

  it('gives tokens with rising spans inside the text, or a QueryError with such a span', () => {
    fc.assert(
      fc.property(texts, (text) => {
        try {
          let last = 0;
          for (let kind = ''; kind !== 'end'; ) {
            const token = nextToken(text, last);
            expect(token.start).to.be.at.least(last);
            expect(token.end).to.be.within(token.kind === 'end' ? token.start : token.start + 1, text.length);
            ({ kind, end: last } = token);
          }
        } catch (thrown) {
          expectSpanned(thrown, text);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('parsing a whole query never throws anything else either', () => {
    fc.assert(
      fc.property(texts, fc.boolean(), (text, asStages) => {
        const query = asStages ? `select 1 | ${text}` : text;
        try {
          parseAlone(query, POSTGRES.lexical);
        } catch (thrown) {
          expectSpanned(thrown, query);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

function expectSpanned(thrown: unknown, text: string): void {
  if (!(thrown instanceof QueryError)) throw thrown;
  const { start, end } = thrown.details.span!;
  expect(start).to.be.within(0, text.length);
  expect(end).to.be.within(start, text.length);
}
