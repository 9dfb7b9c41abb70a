/** A place in the tokens of the stages, and the small questions that parsers ask there. Never moves backwards. */
import { QueryError, type Span } from '../workers/errors.ts';
import type { Token } from './token.ts';

export class Cursor {
  readonly text: string;
  readonly #tokens: readonly Token[];
  #index = 0;

  constructor(text: string, tokens: readonly Token[]) {
    this.text = text;
    this.#tokens = tokens;
  }

  peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#index + ahead, this.#tokens.length - 1)]!;
  }

  /** Takes the token; at the end it stays. */
  next(): Token {
    const token = this.peek();
    if (token.kind !== 'end') this.#index++;
    return token;
  }

  /** Offset after the last token taken. */
  get lastEnd(): number {
    return this.#index === 0 ? this.peek().start : this.#tokens[this.#index - 1]!.end;
  }

  /** The last token taken was a name, or a word that could be one. */
  afterName(): boolean {
    const last = this.#tokens[this.#index - 1];
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

  expectWord(word: string, after: string): Token {
    return this.acceptWord(word) ?? this.fail(`\`${word}\` is missing ${after}`);
  }

  expectSymbol(symbol: string, after: string): Token {
    return this.acceptSymbol(symbol) ?? this.fail(`\`${symbol}\` is missing ${after}`);
  }

  expectClosing(what: string): void {
    const hint = this.isSymbol('|') ? 'for bitwise or, write `bitor(a, b)`' : undefined;
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

  /** Nothing more belongs to this stage. */
  atStageEnd(): boolean {
    return this.peek().kind === 'end' || this.isSymbol('|', '|>', ';');
  }

  /** What stands here, for a message. */
  describe(): string {
    const token = this.peek();
    if (token.kind === 'end') return 'the end of the query';
    return `\`${this.text.slice(token.start, token.end)}\``;
  }

  spanFrom(start: number): Span {
    return { start, end: Math.max(this.lastEnd, start) };
  }

  /** Span of the token that stands here; at the end of the query, of the last one. */
  #here(): Span {
    const token = this.peek();
    const { start, end } = token.kind === 'end' && this.#index > 0 ? this.#tokens[this.#index - 1]! : token;
    return { start, end };
  }

  /** Throws a syntax error about the token that stands here, which the message names. */
  refuse(message: string, hint: string): never {
    throw new QueryError('syntax', message, { span: this.#here(), hint });
  }

  /** Throws a syntax error: something else was expected here. Says what was found. */
  fail(message: string, hint?: string): never {
    const token = this.peek();
    const found = token.kind === 'end' ? 'the query ends' : `found ${this.describe()}`;

    const span = this.#here();
    throw new QueryError('syntax', `${message}; ${found}`, hint === undefined ? { span } : { span, hint });
  }
}
