/**
 * The verdict over one text of MariaDB's, by its tokens: one statement that only reads, nothing that stays in the session, no
 * function but those that are known to compute only and those that the configuration allows. It is defence in depth, in front of
 * the prepared statement (one statement), the READ ONLY transaction that always ends in ROLLBACK, and the grants, which are the
 * boundary; docs/connections/mariadb.md says what no reading of a text can see.
 */
import { QueryError } from '../../../core/protocol/errors.ts';
import { positionOf, type SqlToken, tokenizeSql } from '../../../language/dialects/mariadb/tokens.ts';
import {
  ALLOWED_FUNCTIONS,
  OWN_WITHOUT_SPACE,
  REFUSED_FUNCTIONS,
  SYNTAX_WORDS,
} from './allowed-functions.ts';

const HINT = 'Queries are SELECT, WITH, VALUES, SHOW, EXPLAIN or DESCRIBE.';
const READS = new Set(['select', 'with', 'values']);
const ALONE = new Set(['show', 'explain', 'describe', 'desc']);
/** Words that may follow SHOW: they are about the schema, not about other sessions, users or the server's files. */
const SHOWN = new Set(
  'tables columns fields index indexes keys databases schemas create collation character engines variables table full warnings'.split(
    ' ',
  ),
);
const FULL_SHOWN = new Set(['tables', 'columns', 'fields']);
const EXPLAINED = new Set(['select', 'with', 'values', 'extended', 'partitions', 'format', '(']);
/** Reserved words that begin what writes, wherever they stand: none can be a name without quotes. */
const WRITES = new Set(['update', 'delete', 'insert', 'replace']);
const BRACKETS: Readonly<Record<string, string>> = { '(': ')' };

/**
 * Throws empty-query, sql-syntax, multiple-statements and read-only as QueryError, each with sqlPosition. `allowed`: functions
 * that the connection's configuration allows, `schema.name`.
 */
export function judgeSql(sql: string, allowed: readonly string[]): void {
  const tokens = tokenizeSql(sql);
  const first = tokens.find(({ text }) => text !== '(');
  if (first === undefined)
    throw new QueryError('empty-query', 'there is no SQL statement', { sqlPosition: 1 });
  const judged = new Judgement(sql, tokens, allowed);
  judged.beginning(first);
  for (let index = 0; index < tokens.length; index++) judged.token(index);
}

class Judgement {
  readonly #sql: string;
  readonly #tokens: readonly SqlToken[];
  readonly #allowed: readonly string[];

  constructor(sql: string, tokens: readonly SqlToken[], allowed: readonly string[]) {
    this.#sql = sql;
    this.#tokens = tokens;
    this.#allowed = allowed;
  }

  beginning(first: SqlToken): void {
    const isWord = first.kind === 'word';
    if (!isWord || !(READS.has(first.text) || ALONE.has(first.text)))
      throw this.#refused(first, `${isWord ? first.text.toUpperCase() : 'this'} is not allowed`, HINT);
    const at = this.#tokens.indexOf(first);
    const [second, third] = [this.#tokens[at + 1], this.#tokens[at + 2]];
    if (first.text === 'show') this.#show(first, second, third);
    if (first.text === 'explain' && !EXPLAINED.has(second?.text ?? ''))
      throw this.#refused(
        second ?? first,
        'EXPLAIN of this is not allowed',
        'EXPLAIN takes what a query may be.',
      );
    if (
      ALONE.has(first.text) &&
      this.#tokens.slice(at + 1).some((token) => this.#isWord(token, 'connection'))
    )
      throw this.#refused(first, 'a look at what other sessions run is not allowed', HINT);
  }

  #show(first: SqlToken, second: SqlToken | undefined, third: SqlToken | undefined): void {
    const what = second?.text ?? '';
    if (SHOWN.has(what) && (what !== 'full' || FULL_SHOWN.has(third?.text ?? ''))) return;
    if (what === 'session' && third?.text === 'variables') return;
    const names = 'TABLES, COLUMNS, INDEX, DATABASES, CREATE, COLLATION, CHARACTER SET, ENGINES, VARIABLES';
    throw this.#refused(second ?? first, `SHOW ${what.toUpperCase()} is not allowed`, `SHOW takes ${names}.`);
  }

  token(index: number): void {
    const token = this.#tokens[index]!;
    switch (token.kind) {
      case 'executed-comment':
        throw this.#refused(
          token,
          'a comment that MariaDB executes is not allowed',
          'Write its content as SQL.',
        );
      case 'unterminated':
        throw new QueryError('sql-syntax', 'this has no end', { sqlPosition: this.#position(token) });
      case 'punctuation':
        this.#punctuation(token, index);
        break;
      case 'word':
        this.#word(token, index);
        this.#call(token, index);
        break;
      case 'quoted-name':
        this.#call(token, index);
        break;
      default:
    }
  }

  #punctuation(token: SqlToken, index: number): void {
    const next = this.#tokens[index + 1];
    const isNext = next?.start === token.end;
    if (token.text === ';' && next !== undefined)
      throw new QueryError('multiple-statements', 'only one statement may be sent at a time', {
        sqlPosition: this.#position(next),
        hint: 'Send each statement as a query of its own.',
      });
    if (token.text === '\0' || token.text === '\\')
      throw new QueryError('sql-syntax', `the SQL contains the character ${JSON.stringify(token.text)}`, {
        sqlPosition: this.#position(token),
      });
    if (token.text === ':' && isNext && next.text === '=') throw this.#variable(token);
    if (token.text !== '@') return;
    const isSystem = isNext && next.text === '@';
    const isSecond = this.#tokens[index - 1]?.text === '@' && this.#tokens[index - 1]?.end === token.start;
    if (!isSystem && !isSecond) throw this.#variable(token);
  }

  #variable(token: SqlToken): QueryError {
    return this.#refused(
      token,
      'a variable of the session is not allowed',
      'Sessions are shared by queries: use `with`, or a parameter `:name`.',
    );
  }

  /** A word after a point is a name, whatever it says. */
  #word(token: SqlToken, index: number): void {
    if (this.#tokens[index - 1]?.text === '.') return;
    const next = this.#tokens[index + 1];
    const { text } = token;
    if (text === 'into') throw this.#refused(token, 'INTO is not allowed', 'A query only reads.');
    if (text === 'procedure' && !this.#isShown(index))
      throw this.#refused(token, 'PROCEDURE is not allowed', HINT);
    if (WRITES.has(text) && next?.text !== '(' && !this.#isShown(index))
      throw this.#refused(token, `${text.toUpperCase()} is not allowed`, HINT);
    const locks = text === 'for' && ['update', 'share'].includes(next?.text ?? '');
    if (locks || (text === 'lock' && this.#isWord(next, 'in')))
      throw this.#refused(
        token,
        'a lock on rows may not be taken',
        'Leave FOR UPDATE or LOCK IN SHARE MODE out.',
      );
    const sequence = (text === 'next' || text === 'previous') && this.#isWord(next, 'value');
    if (sequence && this.#isWord(this.#tokens[index + 2], 'for'))
      throw this.#refused(token, 'a sequence may not be used', 'A query only reads.');
  }

  /** `show create procedure` */
  #isShown(index: number): boolean {
    return this.#isWord(this.#tokens[0], 'show') && index <= 2;
  }

  #call(token: SqlToken, index: number): void {
    const open = this.#tokens[index + 1];
    if (open?.text !== '(' || open.kind !== 'punctuation') return;
    const qualified = this.#tokens[index - 1]?.text === '.';
    const name = token.text.toLowerCase();
    if (token.kind === 'word' && !qualified && SYNTAX_WORDS.has(name)) return;
    if (this.#listsColumns(index)) return;
    const spaced = open.start > token.end && OWN_WITHOUT_SPACE.has(name);
    if (!qualified && !spaced && ALLOWED_FUNCTIONS.has(name)) return;
    const schema = qualified ? (this.#tokens[index - 2]?.text ?? '') : null;
    const refused = qualified ? undefined : REFUSED_FUNCTIONS[name];
    if (refused === undefined && this.#isAllowed(schema, name)) return;
    const does = refused ?? (spaced ? 'is a stored function when a space follows its name' : NOT_KNOWN);
    throw this.#refused(token, `${name}() may not be called: it ${does}`, HINT_OF_FUNCTIONS);
  }

  #isAllowed(schema: string | null, name: string): boolean {
    return this.#allowed.some((entry) => {
      const lower = entry.toLowerCase();
      return schema === null ? lower.endsWith(`.${name}`) : lower === `${schema.toLowerCase()}.${name}`;
    });
  }

  /** The names of columns in `with t (a, b) as (`, or `index i (` and the like. */
  #listsColumns(index: number): boolean {
    let depth = 0;
    for (let at = index + 1; at < this.#tokens.length; at++) {
      const { text, kind } = this.#tokens[at]!;
      if (kind !== 'punctuation' && kind !== 'word' && kind !== 'quoted-name') return false;
      if (text in BRACKETS && kind === 'punctuation') depth++;
      if (depth > 1) return false;
      if (text === ')' && kind === 'punctuation')
        return (
          this.#isWord(this.#tokens[at + 1], 'as') &&
          this.#tokens[at + 2]?.text === '(' &&
          this.#inWith(index)
        );
    }
    return false;
  }

  /** Says whether the word stands after WITH, RECURSIVE or a comma, as the name of a common table does. */
  #inWith(index: number): boolean {
    const before = this.#tokens[index - 1];
    return before?.text === ',' || this.#isWord(before, 'with') || this.#isWord(before, 'recursive');
  }

  #isWord(token: SqlToken | undefined, text: string): boolean {
    return token?.kind === 'word' && token.text === text;
  }

  #position(token: SqlToken): number {
    return positionOf(this.#sql, token.start);
  }

  #refused(token: SqlToken, message: string, hint: string): QueryError {
    return new QueryError('read-only', message, { hint, sqlPosition: this.#position(token) });
  }
}

const NOT_KNOWN = 'is not among the functions that queries may call';
const HINT_OF_FUNCTIONS =
  'docs/connections/mariadb.md lists what is refused; a stored function that only reads is allowed by `allowFunctions`.';
