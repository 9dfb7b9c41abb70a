/**
 * Looks at the SQL text before the database does: what may begin a statement, and which functions may not be called.
 * It is defence in depth, in front of the extended protocol (one statement), the READ ONLY transaction that always
 * ends in ROLLBACK, and the role's grants, which are the boundary (docs/security.md). Only statements that read are
 * let through, because what SET, PREPARE, DO, LISTEN or LOAD do to a session a ROLLBACK does not undo reliably.
 */
import { QueryError } from '../errors.ts';
import { refusalOf } from './refused-functions.ts';
import { positionOf, type SqlToken, tokenizeSql } from './sql-tokens.ts';

/** How a statement that reads begins. */
const READS = new Set(['select', 'with', 'values', 'table', 'show', 'explain']);
/** Those of them whose rows COPY (and so a DSL worker) can have. */
const FEEDS_STAGES = new Set(['select', 'with', 'values', 'table']);

/** Commands that PostgreSQL knows and that do not read. Any other first word is a mistake in writing. */
const OTHER_COMMANDS = new Set(
  `abort alter analyse analyze begin call checkpoint close cluster comment commit copy create deallocate declare
   delete discard do drop end execute fetch grant import insert listen load lock merge move notify prepare reassign
   refresh reindex release reset revoke rollback savepoint security set start truncate unlisten update vacuum`.split(
    /\s+/,
  ),
);

const READ_ONLY_HINT = 'Queries only read: begin with SELECT, WITH, VALUES, TABLE, SHOW or EXPLAIN.';
const SQLSTATE_SYNTAX = '42601';

export interface GuardedSql {
  readonly tokens: readonly SqlToken[];
  /** The first word, folded: one of READS. */
  readonly command: string;
}

/** Throws read-only, empty-query or sql-syntax, each with sqlPosition. */
export function guardSql(sql: string): GuardedSql {
  const nul = sql.indexOf('\0');
  if (nul !== -1)
    throw new QueryError('sql-syntax', 'the SQL contains a NUL character', {
      sqlPosition: positionOf(sql, nul),
    });
  const tokens = tokenizeSql(sql);
  const command = readCommand(sql, tokens);
  for (const [index, token] of tokens.entries()) checkToken(sql, token, tokens[index + 1]);
  return { tokens, command };
}

const MAX_KNOWN = 500;
/** Of a text that is kept. */
const MAX_KNOWN_CHARACTERS = 4096;
const knownGood = new Set<string>();

/** As `guardSql` throws. A text that passed is known: looking at it again took longer than encoding a row. */
export function requireAllowed(sql: string): void {
  if (knownGood.has(sql)) return;
  guardSql(sql);
  if (sql.length > MAX_KNOWN_CHARACTERS) return;
  if (knownGood.size === MAX_KNOWN) knownGood.clear(); // rarer than worth an order of use
  knownGood.add(sql);
}

/** Throws `unsupported` for a statement whose rows cannot be copied out. */
export function requireCopyable({ command }: GuardedSql): void {
  if (FEEDS_STAGES.has(command)) return;
  throw new QueryError('unsupported', `${command.toUpperCase()} cannot feed stages`, {
    hint: 'Stages work on the rows of a SELECT, WITH, VALUES or TABLE. Without stages it runs.',
    sqlPosition: 1,
  });
}

function readCommand(sql: string, tokens: readonly SqlToken[]): string {
  const first = tokens.find((token) => !(token.kind === 'punctuation' && token.text === '('));
  if (first === undefined || (first.kind === 'punctuation' && first.text === ';'))
    throw new QueryError('empty-query', 'there is no SQL statement', { sqlPosition: 1 });
  const sqlPosition = positionOf(sql, first.start);
  if (first.kind === 'name' && READS.has(first.text)) return first.text;
  const shown = sql.slice(first.start, Math.min(first.end, first.start + 64));
  if (first.kind === 'name' && OTHER_COMMANDS.has(first.text))
    throw new QueryError('read-only', `${first.text.toUpperCase()} is not allowed`, {
      hint: READ_ONLY_HINT,
      sqlPosition,
    });
  throw new QueryError('sql-syntax', `syntax error at or near "${shown}"`, {
    sqlstate: SQLSTATE_SYNTAX,
    hint: READ_ONLY_HINT,
    sqlPosition,
  });
}

function checkToken(sql: string, token: SqlToken, next: SqlToken | undefined): void {
  if (token.kind === 'unicode-name')
    throw new QueryError('read-only', 'names written as U&"..." are not allowed', {
      hint: 'Write the name in plain characters.',
      sqlPosition: positionOf(sql, token.start),
    });
  if (token.kind !== 'name' && token.kind !== 'quoted-name') return;
  if (next?.kind !== 'punctuation' || next.text !== '(') return;
  const does = refusalOf(token.text);
  if (does === null) return;
  throw new QueryError('read-only', `${token.text}() may not be called: it ${does}`, {
    hint: 'docs/security.md lists what is refused and why.',
    sqlPosition: positionOf(sql, token.start),
  });
}
