/**
 * Refuses, before a text is parsed and in one linear pass: texts on which PostgreSQL's lexer is quadratic or worse (it
 * reads a run of operator characters again for every comment that begins in it, and again for each `+` or `-` at the end of
 * it), and chains so long that the parser would run out of stack. The database would suffer from them as well, where no
 * statement_timeout reaches. A text that slips through costs a parser's thread, nothing else
 * (server/planning/planner-threads.ts).
 */
import { QueryError } from '../../../../core/protocol/errors.ts';
import { positionOf, type SqlToken, tokenizeSql } from '../tokens.ts';

/** PostgreSQL itself refuses operators longer than 63 characters. */
export const MAX_OPERATOR_CHARACTERS = 63;
/** Characters that comments make the lexer read again. */
const MAX_REREAD_CHARACTERS = 4_000_000;
/** Links of one chain (`1+1+1+...`, `a union b union ...`); with the thread's stack of 64 MB 100,000 of them parse. */
export const MAX_CHAIN = 20_000;
/** A text that is shorter cannot reach any of these limits, but for the length of an operator. */
const HARMLESS_CHARACTERS = 2048;

const OPERATOR_CHARACTERS = '+-*/<>=~!@#%^&|`?';
const LONG_OPERATOR = new RegExp(`[-+*/<>=~!@#%^&|\`?]{${MAX_OPERATOR_CHARACTERS + 1}}`);

/** Throws nesting-too-deep and sql-syntax, with sqlPosition. */
export function requireParsable(sql: string): void {
  if (sql.length <= HARMLESS_CHARACTERS && !LONG_OPERATOR.test(sql)) return;
  const tokens = tokenizeSql(sql);
  refuseComments(sql, tokens);
  refuseLongOperators(sql, tokens);
  refuseLongChains(sql, tokens);
}

/** Comments stand between tokens. */
function refuseComments(sql: string, tokens: readonly SqlToken[]): void {
  let reread = 0;
  let from = 0;
  const look = (to: number): void => {
    for (let at = sql.indexOf('/*', from); at !== -1 && at < to; at = sql.indexOf('/*', at + 2)) {
      reread += operatorRun(sql, at, MAX_REREAD_CHARACTERS - reread + 1);
      if (reread > MAX_REREAD_CHARACTERS) throw tooManyComments(sql, at);
    }
  };
  for (const { start, end } of tokens) {
    if (start > from) look(start);
    from = end;
  }
  look(sql.length);
}

/** The length of the run of operator characters at `at`, at most `atMost`. */
function operatorRun(sql: string, at: number, atMost: number): number {
  let end = at;
  while (end - at < atMost && end < sql.length && OPERATOR_CHARACTERS.includes(sql[end]!)) end++;
  return end - at;
}

function tooManyComments(sql: string, at: number): QueryError {
  return new QueryError('nesting-too-deep', 'comments nest or follow each other too closely', {
    sqlPosition: positionOf(sql, at),
    hint: 'Take comments away, or put white space between them.',
  });
}

function isOperator(token: SqlToken): boolean {
  return token.kind === 'punctuation' && OPERATOR_CHARACTERS.includes(token.text);
}

function refuseLongOperators(sql: string, tokens: readonly SqlToken[]): void {
  let start = -1;
  let end = -1;
  for (const token of tokens) {
    if (!isOperator(token)) continue;
    if (token.start !== end) start = token.start;
    end = token.end;
    if (end - start <= MAX_OPERATOR_CHARACTERS) continue;
    throw new QueryError('sql-syntax', 'operator too long', {
      sqlstate: '42601',
      fromDatabase: true,
      sqlPosition: positionOf(sql, start),
      hint: `An operator has at most ${MAX_OPERATOR_CHARACTERS} characters; white space separates several.`,
    });
  }
}

/** Words that, like operators, put one level more around what stands before or behind them. */
const LINKS = new Set(
  'not is isnull notnull collate at case in like ilike similar between union intersect except join'.split(
    ' ',
  ),
);
/** Links of these are not ended by a comma: they hold whole SELECTs together. */
const SET_OPERATIONS = new Set(['union', 'intersect', 'except', 'join']);

/** Throws when the tree may have too many levels. Counts from the tokens: links in each open bracket, since its last comma. */
function refuseLongChains(sql: string, tokens: readonly SqlToken[]): void {
  const outer: { expression: number; sets: number }[] = [];
  let here = { expression: 0, sets: 0 };
  let depth = 0;
  for (const token of tokens) {
    const { kind, text } = token;
    if (kind === 'punctuation') {
      if (text === '(' || text === '[') {
        outer.push(here);
        here = { expression: 0, sets: 0 };
        depth++;
      } else if (text === ')' || text === ']') {
        depth -= here.expression + here.sets + 1;
        here = outer.pop() ?? { expression: 0, sets: 0 };
        // `a[1][1]`, `f(x)(y)`: what follows stands around it.
        here.expression++;
        depth++;
      } else if (text === ',') {
        depth -= here.expression;
        here.expression = 0;
      } else if (OPERATOR_CHARACTERS.includes(text) || text === ':' || text === '.') {
        here.expression++;
        depth++;
      }
    } else if (kind === 'name') {
      if (SET_OPERATIONS.has(text)) {
        depth -= here.expression;
        here.expression = 0;
        here.sets++;
        depth++;
      } else if (text === 'and' || text === 'or') {
        depth -= here.expression;
        here.expression = 0;
      } else if (LINKS.has(text)) {
        here.expression++;
        depth++;
      }
    }
    if (depth > MAX_CHAIN)
      throw new QueryError(
        'nesting-too-deep',
        `the SQL chains more than ${MAX_CHAIN} operators in one expression`,
        {
          sqlPosition: positionOf(sql, token.start),
          hint: 'Take it apart: lists of values, `with name as (...)`, or stages.',
          limit: { name: 'sqlChain', value: MAX_CHAIN },
        },
      );
  }
}
