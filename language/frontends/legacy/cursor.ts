/** Reads the tokens of one command of the legacy language. */
import { QueryError, type Span } from '../../../core/protocol/errors.ts';
import { suggest } from '../../../core/protocol/suggest.ts';
import type { WrittenName } from '../query-tree.ts';
import { type LegacyToken, legacyTokens } from './lexer.ts';

export interface Searched {
  /** Moments as SQL of ours; null: the query does not say. */
  readonly from: string | null;
  readonly to: string | null;
  /** The column that the model names for its dates. */
  readonly time: string | null;
}

/** Makes queries of what a command reads beside its input, and returns their places among the sources of the command. */
export interface LegacySources {
  model(name: string, span: Span): number;
  /** Returns the column by which dates choose rows of a model; null: the first that has dates. */
  timeOf(name: string): string | null;
  sql(connection: string | null, sql: string, span: Span): number;
  /** Returns the dates and the column of dates of the model that the query begins with. */
  searched(): Searched;
  /** The connection that a name or an id of the legacy options means. Throws unknown-connection. */
  connectionOf(option: string, value: string, span: Span): string | null;
}

export class LegacyCursor {
  readonly text: string;
  readonly sources: LegacySources;
  /** The whole command. */
  readonly span: Span;
  /** The syntax of the command, for errors. */
  readonly form: string;
  readonly #tokens: readonly LegacyToken[];
  #at = 0;
  /** The words that might have stood at the token `#triedAt`: one of them may be meant by what stands there. */
  readonly #tried = new Set<string>();
  #triedAt = 0;

  constructor(text: string, span: Span, from: number, form: string, sources: LegacySources) {
    this.text = text;
    this.span = span;
    this.form = form;
    this.sources = sources;
    this.#tokens = legacyTokens(text, from, span.end);
  }

  peek(ahead = 0): LegacyToken {
    const { end } = this.span;
    return this.#tokens[this.#at + ahead] ?? { kind: 'end', text: '', start: end, end };
  }

  next(): LegacyToken {
    const token = this.peek();
    this.#at++;
    return token;
  }

  /** The token that was read last. */
  get last(): LegacyToken {
    return this.peek(-1);
  }

  get atEnd(): boolean {
    return this.peek().kind === 'end';
  }

  mark(): number {
    return this.#at;
  }

  reset(mark: number): void {
    this.#at = mark;
  }

  isWord(word: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.kind === 'word' && token.text.toLowerCase() === word;
  }

  acceptWord(...words: readonly string[]): string | null {
    if (this.#triedAt !== this.#at) this.#tried.clear();
    this.#triedAt = this.#at;
    for (const word of words) this.#tried.add(word);
    const word = words.find((candidate) => this.isWord(candidate));
    if (word === undefined) return null;
    this.#at++;
    return word;
  }

  isSign(sign: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.kind === 'sign' && token.text === sign;
  }

  acceptSign(sign: string): boolean {
    if (!this.isSign(sign)) return false;
    this.#at++;
    return true;
  }

  expectSign(sign: string): void {
    if (!this.acceptSign(sign)) this.fail(`\`${sign}\` is expected`);
  }

  expectWord(word: string): void {
    if (this.acceptWord(word) === null) this.fail(`\`${word.toUpperCase()}\` is expected`);
  }

  /** A column: a word, `a name in backquotes`, or where the language allows it 'one in single quotes'. */
  name(what = 'a column', singleQuotes = true): WrittenName {
    const token = this.peek();
    const named =
      token.kind === 'word' || token.kind === 'backquote' || (singleQuotes && token.kind === 'single');
    if (!named) this.fail(`${what} is expected`);
    this.#at++;
    return { name: token.text, quoted: token.kind !== 'word', span: { start: token.start, end: token.end } };
  }

  /** Names with commas, or also with blanks alone, between them. */
  names(blanksToo = false): readonly WrittenName[] {
    const names = [this.name()];
    while (this.acceptSign(',') || (blanksToo && this.#atName())) names.push(this.name());
    return names;
  }

  #atName(): boolean {
    return !this.isWord('as') && ['word', 'backquote', 'single'].includes(this.peek().kind);
  }

  /** `AS name`, when it stands here. */
  alias(): string | null {
    return this.acceptWord('as') === null ? null : this.name('a name').name;
  }

  /** The text of a number with its sign. */
  number(what = 'a number'): string {
    const sign = this.isSign('-') || this.isSign('+') ? this.next().text : '';
    const token = this.peek();
    if (token.kind !== 'number') this.fail(`${what} is expected`);
    this.#at++;
    return (sign === '-' ? '-' : '') + token.text;
  }

  whole(what = 'a whole number'): number {
    const token = this.peek();
    const value = Number(this.number(what));
    if (!Number.isSafeInteger(value)) this.failAt(token, `${what} is expected`);
    return value;
  }

  /** A quoted text, or a bare word. */
  text_(what = 'a text'): string {
    const token = this.peek();
    if (token.kind === 'end' || token.kind === 'sign') this.fail(`${what} is expected`);
    this.#at++;
    return token.text;
  }

  /** One or several values: `x`, `[x, y]`. */
  list<T>(item: () => T): readonly T[] {
    if (!this.acceptSign('[')) return [item()];
    const items = [item()];
    while (this.acceptSign(',')) items.push(item());
    this.expectSign(']');
    return items;
  }

  /** The text that has not been read. */
  rest(): { readonly text: string; readonly span: Span } {
    const { start } = this.peek();
    const span = { start, end: this.span.end };
    this.#at = this.#tokens.length;
    return { text: this.text.slice(span.start, span.end), span };
  }

  finish(): void {
    if (!this.atEnd) this.fail('the command ends before this');
  }

  fail(message: string, hint?: string): never {
    const token = this.peek();
    const tried = this.#triedAt === this.#at && token.kind === 'word' ? [...this.#tried] : [];
    const [meant] = suggest(token.text, tried);
    const mend = meant === undefined ? undefined : `did you mean \`${meant}\`? Write \`${this.form}\``;
    return this.failAt(token, message, hint ?? mend, hint === undefined);
  }

  failAt({ start, end }: Span, message: string, hint?: string, shows = hint === undefined): never {
    const span = start < end ? { start, end } : { start: this.span.start, end: this.span.end };
    const found = this.text.slice(start, end);
    const shown =
      shows && found !== '' && start !== this.span.start ? `${message}, not \`${found}\`` : message;
    throw new QueryError('syntax', shown, { span, hint: hint ?? `write \`${this.form}\`` });
  }
}
