/**
 * Spark's judge. The connector sends every text inside of `SELECT * FROM (...)`, where Spark's own grammar takes nothing but a query, so
 * that no command can run. What remains are queries that do more than read: those that run programs on the cluster
 * (`TRANSFORM ... USING 'program'`) or call any method of Java (`reflect`), which are refused here.
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
  return JUDGED;
}

/** Leaves the semicolons at the end away. */
function withoutEnd(tokens: readonly SqlToken[]): readonly SqlToken[] {
  const last = tokens.findLastIndex(({ kind, text }) => kind !== 'punctuation' || text !== ';');
  return tokens.slice(0, last + 1);
}

function refuse(sql: string, token: SqlToken, next: SqlToken | undefined): void {
  if (token.kind === 'unterminated')
    throw at(
      sql,
      token,
      'sql-syntax',
      'a text, a name or a comment that begins here has no end',
      'Close it.',
    );
  if (token.kind === 'punctuation' && token.text === ';')
    throw at(
      sql,
      token,
      'multiple-statements',
      'only one statement may be sent at a time',
      'Send each statement as a query of its own.',
    );
  if (token.kind === 'word' && token.text === 'using' && next?.kind === 'text')
    throw at(
      sql,
      token,
      'read-only',
      'TRANSFORM ... USING runs a program on the cluster',
      'Compute it in SQL or in stages.',
    );
  const isCalled = (token.kind === 'word' || token.kind === 'quoted-name') && next?.text === '(';
  if (isCalled && CALLS_JAVA.has(token.text.toLowerCase()))
    throw at(
      sql,
      token,
      'read-only',
      `${token.text} calls any method of Java, which may do anything`,
      'Use a function of Spark.',
    );
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
