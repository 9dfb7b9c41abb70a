/** The scanner, the formatter and completion take the lexical rules of a dialect, which need not be those of any that is there. */
import { expect } from 'chai';
import { QueryError } from '../../../../core/protocol/errors.ts';
import { type Lexical, NO_WORDS } from '../../../../language/dialects/lexical.ts';
import { POSTGRES_LEXICAL } from '../../../../language/dialects/postgres/lexical.ts';
import { formatQuery } from '../../../../language/editor/format.ts';
import { parseAlone } from '../../../../language/parse.ts';
import { checkSourceHead } from '../../../../language/source/head.ts';
import { scanSource } from '../../../../language/source/lexer.ts';

const MADE_UP: Lexical = {
  nameQuotes: '"`',
  bracketNames: true,
  doubleQuotedTexts: false,
  backslashEscapes: true,
  escapeStrings: false,
  dollarQuotes: false,
  nestedComments: false,
  hashComments: true,
  dashesNeedSpace: true,
  operatorCharacters: '+-*/<>=~!%^&|',
  slices: false,
  words: { ...NO_WORDS, reads: ['select', 'pragma'], alone: ['pragma'], writes: ['replace'] },
};

function sqlOf(text: string, lexical: Lexical): string {
  const { sqlStart, sqlEnd } = scanSource(text, 0, lexical);
  return text.slice(sqlStart, sqlEnd);
}

function parametersOf(text: string, lexical: Lexical): readonly string[] {
  return scanSource(text, 0, lexical).placeholders.map(({ name }) => name);
}

function errorOf(work: () => unknown): QueryError {
  try {
    work();
  } catch (thrown) {
    if (thrown instanceof QueryError) return thrown;
    throw thrown;
  }
  return expect.fail('no error');
}

describe('SQL of a dialect with other lexical rules', () => {
  const cases: readonly (readonly [what: string, sql: string])[] = [
    ['backslash escapes', "select 'it\\' | s' as a"],
    ['names in brackets', 'select [a | b] from t'],
    ['a hash comment', 'select 1 # a | comment\n + 2'],
    ['comments that do not nest', 'select 1 /* a /* | */ + 2'],
    ['dashes without a space, which are two signs', 'select 1 --1'],
  ];
  for (const [what, sql] of cases)
    it(`knows ${what}`, () => expect(sqlOf(`${sql} | head 1`, MADE_UP)).to.equal(sql));

  it('differs from PostgreSQL in each of them', () => {
    expect(sqlOf("select 'it\\' | s", POSTGRES_LEXICAL)).to.equal("select 'it\\'");
    expect(sqlOf('select 1 # a | comment', POSTGRES_LEXICAL)).to.equal('select 1 # a');
    expect(sqlOf('select 1 --1 | head 1', POSTGRES_LEXICAL)).to.equal('select 1 --1 | head 1');
    expect(errorOf(() => sqlOf('select 1 /* a /* b */ + 2 | head 1', POSTGRES_LEXICAL)).code).to.equal(
      'unterminated-string',
    );
    expect(errorOf(() => sqlOf("select [it's] | head 1", POSTGRES_LEXICAL)).code).to.equal(
      'unterminated-string',
    );
  });

  it('has a quote in brackets, and a bracket in quotes', () => {
    expect(sqlOf("select [it's] as [a], '[' | head 1", MADE_UP)).to.equal("select [it's] as [a], '['");
    expect(errorOf(() => sqlOf('select [a', MADE_UP))).to.include({
      code: 'unterminated-string',
      message: 'this quoted name has no end',
    });
  });

  it('has no dollar quotes and no E strings where the dialect has none', () => {
    expect(sqlOf('select $$a | b$$', MADE_UP)).to.equal('select $$a');
    expect(sqlOf('select $$a | b$$', POSTGRES_LEXICAL)).to.equal('select $$a | b$$');
    const plain = { ...MADE_UP, backslashEscapes: false };
    expect(sqlOf("select e'\\' | head 1", plain)).to.equal("select e'\\'");
    expect(sqlOf("select e'\\' | x'", POSTGRES_LEXICAL)).to.equal("select e'\\' | x'");
  });

  it('finds operators of the dialect’s characters', () => {
    expect(sqlOf('select a ?| b', POSTGRES_LEXICAL)).to.equal('select a ?| b');
    expect(sqlOf('select a ?| b', MADE_UP)).to.equal('select a ?');
  });

  it('finds parameters where they are none of the dialect’s texts, names, comments and slices', () => {
    expect(parametersOf("select :a, '\\':b', `:c`, [:d], 1 # :e\n, :f -- :g", MADE_UP)).to.deep.equal([
      'a',
      'f',
    ]);
    const lists = { ...MADE_UP, bracketNames: false };
    expect(parametersOf('select x[1:n]', lists)).to.deep.equal(['n']);
    expect(parametersOf('select x[1:n]', POSTGRES_LEXICAL)).to.deep.equal([]);
  });

  it('begins as the dialect says', () => {
    const head = (text: string) => checkSourceHead(text, 0, text.length, MADE_UP);
    expect(head('# why\n pragma x')).to.include({ word: 'pragma', wrappable: false });
    expect(errorOf(() => head('replace into t values (1)'))).to.include({ code: 'read-only' });
    expect(errorOf(() => head('values (1)'))).to.include({ code: 'syntax' });
  });

  it('is read so in the middle of a query, in brackets and behind a let', () => {
    const text =
      "let a = (select [x | y], 'it\\')' # )\n from t | head 1); a | join (select `|` from u | head 2) on x = y";
    const { query, lets } = parseAlone(text, MADE_UP);
    expect(lets[0]!.query.stages.map(({ name }) => name)).to.deep.equal(['head']);
    expect(query.stages.map(({ name }) => name)).to.deep.equal(['join']);
  });

  it('is kept by the formatter, white space in its texts included', () => {
    const text = "select [a  \n b], 'it\\'s  \n x'   \n from t # why  \n|head 1";
    expect(formatQuery(text, MADE_UP)).to.equal(
      "select [a  \n b], 'it\\'s  \n x'\n from t # why\n| head 1\n",
    );
  });
});

describe('the tree of a query', () => {
  it('is plain data: printed and read again it is the same, its lets once', () => {
    let text = 'let a0 = (select 1 as x | head 1);';
    // Each reads the one before twice: a tree that held them would double with each.
    for (let n = 1; n < 15; n++) text += ` let a${n} = (a${n - 1} | union a${n - 1});`;
    const tree = parseAlone(`${text} a14 | where x > :p`, POSTGRES_LEXICAL);
    const printed = JSON.stringify(tree);
    expect(JSON.parse(printed)).to.deep.equal(tree);
    expect(printed.length).to.be.below(30_000);
  });
});
