/**
 * Walks through a text up to the cursor, into every bracket that holds a query and out again, and knows where it ends up.
 * Never goes back; characters that no stage knows are skipped, up to a number.
 */
import { QueryError } from '../../core/protocol/errors.ts';
import type { Lexical } from '../dialects/lexical.ts';
import { lexToken } from '../frontends/forkline/stage-lexer.ts';
import type { Token } from '../frontends/forkline/token.ts';
import { skipTrivia } from '../frontends/forkline/trivia.ts';
import { scanSource } from '../source/lexer.ts';
import { skipBlockComment, skipLineComment, skipSqlTrivia, skipWord } from '../source/scan.ts';
import { findStage } from '../stages/kit/registry.ts';
import { endsInLineComment } from './format-sql.ts';

/** The word that is being typed: its part up to the cursor, and its end after the cursor. */
export interface Typed {
  readonly from: number;
  readonly to: number;
  readonly word: string;
  /** The quote that it began with, if any. */
  readonly quote: string | null;
}

/** The query that the cursor stands in, the innermost one. */
export interface PlaceInQuery {
  /** `let name = (...);` that are whole, by their place and name. */
  readonly lets: readonly Let[];
  readonly start: number;
  /** The offsets at which the stages begin. */
  readonly pipes: readonly number[];
}

export interface Let {
  readonly start: number;
  readonly end: number;
  readonly name: string;
}

export type Place =
  | { readonly kind: 'nothing'; readonly typed: Typed }
  | { readonly kind: 'connection' | 'parameter'; readonly typed: Typed }
  /** `set option = value`, before the query. */
  | { readonly kind: 'setting'; readonly typed: Typed; readonly tokens: readonly Token[] }
  /** `before`: the SQL up to the typed word. */
  | {
      readonly kind: 'sql';
      readonly typed: Typed;
      readonly before: string;
      readonly connection: string | null;
      readonly query: PlaceInQuery;
    }
  /** `tokens`: of this stage, before the typed word. */
  | {
      readonly kind: 'stage';
      readonly typed: Typed;
      readonly tokens: readonly Token[];
      readonly query: PlaceInQuery;
    };

/** A query that is being read. */
interface Frame {
  readonly start: number;
  readonly connection: string | null;
  /** The offset at which the SQL begins; -1: it is not known, or stands in brackets. */
  sqlStart: number;
  readonly pipes: number[];
  /** The tokens of the current stage. */
  tokens: Token[];
  /** Brackets of expressions that are open. */
  depth: number;
}

/** Returns the lexical rules of the SQL for a connection; null: that of the request. Never throws. */
export type LexicalOf = (connection: string | null) => Lexical;

/** The number of characters that no stage knows after which the text counts as no query. */
const MAX_STRAY = 50;
const MAX_NESTING = 50;

export class Walker {
  readonly #head: string;
  readonly #lexicalOf: LexicalOf;
  readonly #frames: Frame[] = [];
  readonly #lets: Let[] = [];
  /** The tokens of a prelude that is being read: `set ...`, `let name = `. */
  #prelude: Token[] | null = null;
  #preludeStart = 0;
  #stray = 0;
  #at = 0;
  /** The end of the last token: what follows it is white space and comments. */
  #lastEnd = 0;
  /** The cursor stands in the name of a connection. */
  #inConnection = -1;

  constructor(head: string, lexicalOf: LexicalOf) {
    this.#head = head;
    this.#lexicalOf = lexicalOf;
  }

  /** Throws QueryError where the text cannot be read; what was found until then counts. */
  walk(): void {
    this.#statement();
    while (this.#at < this.#head.length && this.#stray < MAX_STRAY) this.#step();
  }

  place(typed: Typed): Place {
    const frame = this.#frames.at(-1);
    if (this.#inConnection !== -1) {
      const from = this.#inConnection;
      return { kind: 'connection', typed: { ...typed, from, word: this.#head.slice(from) } };
    }
    if (this.#prelude !== null && frame === undefined) return this.#preludePlace(typed);
    if (frame === undefined || this.#stray >= MAX_STRAY) return { kind: 'nothing', typed };
    return frame.sqlStart === -1 ? this.#stagePlace(frame, typed) : this.#sqlPlace(frame, typed);
  }

  #preludePlace(typed: Typed): Place {
    const tokens = this.#prelude!.filter((token) => token.end <= typed.from);
    return tokens[0]?.lower === 'set' ? { kind: 'setting', typed, tokens } : { kind: 'nothing', typed };
  }

  #sqlPlace({ sqlStart, connection, start, pipes }: Frame, typed: Typed): Place {
    const sql = this.#head.slice(sqlStart);
    if (endsInLineComment(sql, this.#lexicalOf(connection))) return { kind: 'nothing', typed };
    const before = this.#head.slice(Math.min(sqlStart, typed.from), typed.from);
    return { kind: 'sql', typed, before, connection, query: { lets: this.#lets, start, pipes } };
  }

  #stagePlace({ tokens, start, pipes }: Frame, typed: Typed): Place {
    if (endsInComment(this.#head.slice(this.#lastEnd))) return { kind: 'nothing', typed };
    // The cursor stands in a number, or right behind a string: nothing goes on there.
    const last = tokens.at(-1);
    const inside = last?.end === this.#head.length && !['word', 'symbol'].includes(last.kind);
    if (inside && typed.quote === null) return { kind: 'nothing', typed };
    const before = tokens.filter((token) => token.end <= typed.from);
    return { kind: 'stage', typed, tokens: before, query: { lets: this.#lets, start, pipes } };
  }

  /** A prelude, or the query itself. */
  #statement(): void {
    const at = skipTrivia(this.#head, this.#at);
    const word = this.#wordAt(at);
    if (word === 'set' || word === 'let') {
      this.#prelude = [];
      this.#preludeStart = at;
      this.#at = at;
    } else if (word === 'explain' && this.#isOurExplain(at + word.length)) {
      this.#at = at + word.length;
      this.#statement();
    } else this.#query(at);
  }

  #isOurExplain(end: number): boolean {
    const after = skipTrivia(this.#head, end);
    return after < this.#head.length && (this.#reads(this.#wordAt(after)) || this.#head[after] === '@');
  }

  /** A query begins at `at`, after its bracket if it has one. */
  #query(at: number): void {
    const start = skipTrivia(this.#head, at);
    const isConnection = this.#head[start] === '@';
    const named = isConnection ? skipConnection(this.#head, start) : start;
    if (isConnection && named === this.#head.length) this.#inConnection = start;
    const connection = isConnection
      ? this.#head.slice(start + 1, named)
      : (this.#frames.at(-1)?.connection ?? null);
    const frame: Frame = { start, connection, sqlStart: named, pipes: [], tokens: [], depth: 0 };
    this.#frames.push(frame);
    const source = skipTrivia(this.#head, named);
    if (this.#head[source] === '(' && this.#opensQuery(source + 1)) {
      frame.sqlStart = -1;
      this.#query(source + 1);
    } else this.#sql(frame, named);
  }

  #sql(frame: Frame, start: number): void {
    const inBrackets = this.#frames.length > 1 || this.#prelude !== null;
    const lexical = this.#lexicalOf(frame.connection);
    const { sqlEnd, pipe } = scanSource(this.#head, start, lexical, inBrackets);
    const close = skipSqlTrivia(this.#head, sqlEnd, lexical);
    this.#at = this.#head.length;
    if (pipe !== null) {
      frame.sqlStart = -1;
      this.#stageAt(frame, pipe.start, pipe.end);
    } else if (inBrackets && this.#head[close] === ')') this.#close(close);
  }

  #stageAt(frame: Frame, pipe: number, end: number): void {
    frame.pipes.push(pipe);
    frame.tokens = [];
    frame.depth = 0;
    this.#at = end;
    this.#lastEnd = end;
  }

  /** The bracket at `at` ends the innermost query. */
  #close(at: number): void {
    this.#frames.pop();
    this.#at = at + 1;
    this.#lastEnd = at + 1;
    const outer = this.#frames.at(-1);
    const bracket: Token = { kind: 'symbol', text: ')', lower: ')', start: at, end: at + 1 };
    (outer?.tokens ?? this.#prelude)?.push(bracket);
  }

  #step(): void {
    const at = skipTrivia(this.#head, this.#at);
    this.#at = at;
    if (at >= this.#head.length) return;
    const token = tokenOrNull(this.#head, at);
    if (token === null) this.#stray++;
    this.#at = token?.end ?? at + 1;
    this.#lastEnd = this.#at;
    const frame = this.#frames.at(-1);
    if (token === null) return;
    if (frame === undefined) this.#inPrelude(token);
    else this.#inStage(frame, token);
  }

  #inPrelude(token: Token): void {
    const prelude = this.#prelude!;
    if (token.text === ';') {
      const [word, name] = prelude;
      if (word?.lower === 'let' && name !== undefined)
        this.#lets.push({ start: this.#preludeStart, end: token.end, name: name.text });
      this.#prelude = null;
      this.#statement();
    } else if (token.text === '(' && prelude[0]?.lower === 'let') this.#query(token.end);
    else prelude.push(token);
  }

  #inStage(frame: Frame, token: Token): void {
    const symbol = token.kind === 'symbol' ? token.text : '';
    const nested = this.#frames.length > 1 || this.#prelude !== null;
    if ((symbol === '|' || symbol === '|>') && this.#beginsStage(frame, token.end))
      this.#stageAt(frame, token.start, token.end);
    else if (symbol === ')' && frame.depth === 0 && nested) this.#close(token.start);
    else {
      frame.tokens.push(token);
      if (symbol === '(' && !isEngineSql(frame) && this.#opensQuery(token.end)) this.#query(token.end);
      else if (symbol === '(') frame.depth++;
      else if (symbol === ')') frame.depth = Math.max(0, frame.depth - 1);
    }
  }

  /** A pipe begins a stage, even when a bracket before it was never closed: expressions have no pipes. */
  #beginsStage(frame: Frame, end: number): boolean {
    if (frame.depth === 0) return true;
    const next = skipTrivia(this.#head, end);
    return next >= this.#head.length || findStage(this.#wordAt(next)) !== null;
  }

  #opensQuery(at: number): boolean {
    let inside = skipTrivia(this.#head, at);
    // Bounded, so that a text of brackets is not read again for each of them.
    for (let depth = 0; depth < MAX_NESTING && this.#head[inside] === '('; depth++)
      inside = skipTrivia(this.#head, inside + 1);
    return this.#head[inside] === '@' || this.#reads(this.#wordAt(inside));
  }

  /** SQL may begin with this word. */
  #reads(word: string): boolean {
    const connection = this.#frames.at(-1)?.connection ?? null;
    return this.#lexicalOf(connection).words.reads.includes(word);
  }

  #wordAt(at: number): string {
    return this.#head.slice(at, Math.min(skipWord(this.#head, at), at + 70)).toLowerCase();
  }
}

/** The stage `sql` reads the rows so far, not the database. */
function isEngineSql({ tokens }: Frame): boolean {
  return tokens[0]?.kind === 'word' && tokens[0].lower === 'sql';
}

/** `@name`, also with the hyphens that such names may have. */
function skipConnection(text: string, at: number): number {
  let end = skipWord(text, at + 1);
  while (text[end] === '-') end = skipWord(text, end + 1);
  return end;
}

function tokenOrNull(text: string, at: number): Token | null {
  try {
    return lexToken(text, at);
  } catch (thrown) {
    if (!(thrown instanceof QueryError) || thrown.code === 'unterminated-string') throw thrown;
    return null; // a character that no stage knows, or a number that is none
  }
}

/** `gap` is white space and comments up to the cursor: is the last one a comment that goes on? */
function endsInComment(gap: string): boolean {
  let at = 0;
  while (at < gap.length) {
    if (gap.startsWith('/*', at)) at = skipBlockComment(gap, at);
    else if (gap.startsWith('--', at) || gap.startsWith('//', at) || gap[at] === '#') {
      at = skipLineComment(gap, at);
      if (at === gap.length) return true;
    } else at++;
  }
  return false;
}
