/**
 * A place in the text of a query, and the small questions that parsers ask there. Tokens are made when they are asked
 * for, so that SQL inside a stage is never read by the stages' rules. Never moves backwards.
 */
import { QueryError, type Span } from '../../../core/protocol/errors.ts';
import type { SourceSegment } from '../../../core/protocol/plan.ts';
import type { ParameterUse } from '../../source/lexer.ts';
import type { QueryNode } from '../query-tree.ts';
import { nextToken } from './stage-lexer.ts';
import type { Token } from './token.ts';

/** Reads SQL or a whole query at a cursor: the parser of queries gives these, stages use them. */
export interface SourceParser {
  source(cursor: Cursor): QueryNode;
  engineSql(cursor: Cursor): EngineSql;
}

/** SQL of the stage engine's in brackets, as written. */
export interface EngineSql {
  /** The text that `span` is a place of; left out: the query's text. */
  readonly text?: string;
  /** The stretches of `text` that stand in the query's text as they are. */
  readonly copied?: readonly SourceSegment[];
  readonly span: Span;
  readonly placeholders: readonly ParameterUse[];
}

export class Cursor {
  readonly text: string;
  readonly #sources: SourceParser;
  readonly #tokens: Token[] = [];
  #index = 0;
  readonly #start: number;
  /** The offset at which the next token is looked for. */
  #at: number;
  #open = 0;

  constructor(text: string, start: number, sources: SourceParser) {
    this.text = text;
    this.#start = start;
    this.#at = start;
    this.#sources = sources;
  }

  /** Returns the tokens that were taken so far. */
  get tokens(): readonly Token[] {
    return this.#tokens.slice(0, this.#index);
  }

  peek(ahead = 0): Token {
    while (this.#tokens.length <= this.#index + ahead) {
      const last = this.#tokens.at(-1);
      if (last?.kind === 'end') return last;
      const token = nextToken(this.text, this.#at);
      this.#tokens.push(token);
      this.#at = token.end;
    }
    return this.#tokens[this.#index + ahead]!;
  }

  /** Takes the token; at the end it stays. */
  next(): Token {
    const token = this.peek();
    if (token.kind !== 'end') this.#index++;
    return token;
  }

  /** Offset after the last token taken: where SQL begins that follows it. */
  get lastEnd(): number {
    return this.#tokens[this.#index - 1]?.end ?? this.#start;
  }

  /** Takes everything up to `sql.end` as one token; what was looked at beyond the last token is forgotten. */
  takeSql(sql: Span): void {
    this.#tokens.length = this.#index;
    const text = this.text.slice(sql.start, sql.end);
    if (text !== '') this.#tokens.push({ kind: 'sql', text, lower: text, ...sql });
    this.#index = this.#tokens.length;
    this.#at = sql.end;
  }

  /** A source of a stage's: `name`, or `[@connection] (query)`. */
  source(): QueryNode {
    return this.#sources.source(this);
  }

  /** `(sql)` for the stage engine. */
  engineSql(): EngineSql {
    return this.#sources.engineSql(this);
  }

  /** Makes a closing bracket end a stage, from here to `close`. */
  open(): void {
    this.#open++;
  }

  close(): void {
    this.#open--;
  }

  /** The last token taken. */
  last(): Token | undefined {
    return this.#tokens[this.#index - 1];
  }

  /** The last token taken was a name, or a word that could be one. */
  afterName(): boolean {
    const last = this.last();
    return last?.kind === 'word' || last?.kind === 'quoted';
  }

  isWord(...words: readonly string[]): boolean {
    const token = this.peek();
    return token.kind === 'word' && words.includes(token.lower);
  }

  isSymbol(...symbols: readonly string[]): boolean {
    const token = this.peek();
    return token.kind === 'symbol' && symbols.includes(token.text);
  }

  acceptWord(...words: readonly string[]): Token | null {
    return this.isWord(...words) ? this.next() : null;
  }

  acceptSymbol(...symbols: readonly string[]): Token | null {
    return this.isSymbol(...symbols) ? this.next() : null;
  }

  expectWord(word: string, after: string, hint?: string): Token {
    return this.acceptWord(word) ?? this.fail(`\`${word}\` is missing ${after}`, hint);
  }

  expectSymbol(symbol: string, after: string, hint?: string): Token {
    return this.acceptSymbol(symbol) ?? this.fail(`\`${symbol}\` is missing ${after}`, hint);
  }

  expectClosing(what: string): void {
    const bitwise = this.isSymbol('|') ? 'for bitwise or, write `bitor(a, b)`' : undefined;
    const hint = this.peek().kind === 'end' ? 'add `)` where it ends' : bitwise;
    if (this.acceptSymbol(')') === null) this.fail(`\`)\` is missing after ${what}`, hint);
  }

  /** A whole number written out. */
  expectCount(what: string): number {
    const token = this.peek();
    const count = Number(token.text);
    if (token.kind !== 'number' || !Number.isSafeInteger(count)) this.fail(`${what} is expected`);
    this.next();
    return count;
  }

  /** Says whether nothing more belongs to this stage. */
  atStageEnd(): boolean {
    return (
      this.peek().kind === 'end' || this.isSymbol('|', '|>', ';') || (this.#open > 0 && this.isSymbol(')'))
    );
  }

  /** Describes, for a message, what stands here. */
  describe(): string {
    const token = this.peek();
    if (token.kind === 'end') return 'the end of the query';
    return `\`${this.text.slice(token.start, token.end)}\``;
  }

  spanFrom(start: number): Span {
    return { start, end: Math.max(this.lastEnd, start) };
  }

  /** Span of the token that stands here; at the end of the query, of the last one. */
  here(): Span {
    const token = this.peek();
    const { start, end } = token.kind === 'end' && this.#index > 0 ? this.#tokens[this.#index - 1]! : token;
    return { start, end };
  }

  /** Throws a syntax error about the token that stands here, which the message names. */
  refuse(message: string, hint: string): never {
    throw new QueryError('syntax', message, { span: this.here(), hint });
  }

  /** A comma that nothing follows, or two. */
  #commaHint(): string | null {
    const last = this.last();
    if (this.isSymbol(',') && last?.text === ',') return 'there is a comma too many';
    const list = last?.kind === 'symbol' && last.text === ',';
    return list && !['word', 'quoted', 'string', 'number'].includes(this.peek().kind)
      ? 'take the comma before it away, or write what follows it'
      : null;
  }

  /** Throws a syntax error: something else was expected here. Says what was found. */
  fail(message: string, hint?: string): never {
    const token = this.peek();
    const found = token.kind === 'end' ? 'the query ends' : `found ${this.describe()}`;

    const span = this.here();
    const mend = this.#commaHint() ?? hint;
    throw new QueryError(
      'syntax',
      `${message}; ${found}`,
      mend === undefined ? { span } : { span, hint: mend },
    );
  }
}
