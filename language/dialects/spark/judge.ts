/**
 * Spark's judge. The connector sends every text inside of `SELECT * FROM (...)`, where Spark's own grammar takes nothing but a query, so
 * that no command can run. What remains are queries that do more than read: those that run programs on the cluster
 * (`TRANSFORM ... USING 'program'`), call any method of Java (`reflect`, also by a computed name), or have the driver's settings and
 * environment put into the text. These are refused here.
 */
import { QueryError } from '../../../core/protocol/errors.ts';
import type { JudgedSql, SqlJudge } from '../judge.ts';
import { positionOf, type SqlToken, tokenizeSql } from './tokens.ts';

const JUDGED: JudgedSql = { copyable: true, functions: [] };
/** Functions that call methods of Java by their names. */
const CALLS_JAVA = new Set(['reflect', 'java_method', 'try_reflect']);
const HEADS = new Set(['select', 'with', 'values', 'from', 'table', '(']);

export const SPARK_JUDGE: SqlJudge = {
  guard:
    "Spark's own grammar, which takes nothing but a query where the connector puts the SQL, and a list of what queries may not call",
  isReady: () => true,
  load: () => Promise.resolve(),
  judge,
  namesIn: () => null,
  refuseStages: () => new QueryError('unsupported', 'this statement cannot feed stages', { sqlPosition: 1 }),
};

function judge(sql: string): JudgedSql {
  refuseVariables(sql);
  const tokens = withoutEnd(tokenizeSql(sql));
  const [first] = tokens;
  if (first === undefined) throw new QueryError('empty-query', 'there is no SQL', { sqlPosition: 1 });
  if (!HEADS.has(first.text) || (first.kind !== 'word' && first.kind !== 'punctuation'))
    throw at(
      sql,
      first,
      'read-only',
      `${headOf(sql, first)} is not a query: only queries are sent to Spark`,
      'Begin with select, with, from, table or values.',
    );
  for (const [index, token] of tokens.entries()) refuse(sql, token, tokens[index + 1]);
  refuseOpenBrackets(sql, tokens);
  return JUDGED;
}

/** Spark puts values of its configuration and of the driver's environment into a text before it reads it, inside of quotes too. */
function refuseVariables(sql: string): void {
  const found = sql.indexOf('${');
  if (found === -1) return;
  throw new QueryError(
    'read-only',
    'Spark would replace what is in braces behind a dollar by a value of its settings or environment',
    {
      sqlPosition: positionOf(sql, found),
      hint: "For these characters themselves write '$' || '{'.",
    },
  );
}

/** Leaves the semicolons at the end away. */
function withoutEnd(tokens: readonly SqlToken[]): readonly SqlToken[] {
  const last = tokens.findLastIndex(({ kind, text }) => kind !== 'punctuation' || text !== ';');
  return tokens.slice(0, last + 1);
}

function refuse(sql: string, token: SqlToken, next: SqlToken | undefined): void {
  switch (token.kind) {
    case 'unterminated':
      throw at(
        sql,
        token,
        'sql-syntax',
        'a text, a name or a comment that begins here has no end',
        'Close it.',
      );
    case 'comment-in-comment':
      throw at(
        sql,
        token,
        'sql-syntax',
        'this comment has another one in it',
        'End the first one before the second begins.',
      );
    case 'punctuation':
      if (token.text === ';')
        throw at(
          sql,
          token,
          'multiple-statements',
          'only one statement may be sent at a time',
          'Send each statement as a query of its own.',
        );
      return;
    case 'word':
      refuseProgram(sql, token, next);
      refuseCall(sql, token, next);
      return;
    case 'quoted-name':
      refuseCall(sql, token, next);
      return;
    default:
  }
}

/** `using` stands before the columns of a join, in brackets, or before a program. */
function refuseProgram(sql: string, token: SqlToken, next: SqlToken | undefined): void {
  if (token.text !== 'using' || next?.text === '(') return;
  throw at(
    sql,
    token,
    'read-only',
    'TRANSFORM ... USING runs a program on the cluster',
    'Compute it in SQL or in stages; quote a name that is `using` by backticks.',
  );
}

function refuseCall(sql: string, token: SqlToken, next: SqlToken | undefined): void {
  if (next?.text !== '(') return;
  const name = token.text.toLowerCase();
  if (CALLS_JAVA.has(name))
    throw at(
      sql,
      token,
      'read-only',
      `${name} calls any method of Java, which may do anything`,
      'Use a function of Spark.',
    );
  if (token.kind === 'word' && name === 'identifier')
    throw at(
      sql,
      token,
      'read-only',
      'IDENTIFIER makes a name out of a text, which nobody can judge before',
      'Write the name itself.',
    );
}

/** The brackets that the connector puts around the SQL must be those that end it. */
function refuseOpenBrackets(sql: string, tokens: readonly SqlToken[]): void {
  const open: SqlToken[] = [];
  for (const token of tokens) {
    if (token.kind !== 'punctuation') continue;
    if (token.text === '(') open.push(token);
    if (token.text === ')' && open.pop() === undefined)
      throw at(sql, token, 'sql-syntax', 'this bracket closes none', 'Take it away, or open one before.');
  }
  const last = open.at(-1);
  if (last !== undefined) throw at(sql, last, 'sql-syntax', 'this bracket is not closed', 'Close it.');
}

function headOf(sql: string, { start, end }: SqlToken): string {
  return sql.slice(start, Math.min(end, start + 20)).toUpperCase();
}

function at(
  sql: string,
  token: SqlToken,
  code: 'read-only' | 'sql-syntax' | 'multiple-statements',
  message: string,
  hint: string,
): QueryError {
  return new QueryError(code, message, { sqlPosition: positionOf(sql, token.start), hint });
}
