/** Expressions and conditions of the legacy language: how they are read. */
import type { Span } from '../../../core/protocol/errors.ts';
import type { WrittenName } from '../query-tree.ts';
import type { LegacyCursor } from './cursor.ts';

export type LegacyExpression =
  | { readonly kind: 'column'; readonly name: WrittenName; readonly qualifier: string | null }
  | { readonly kind: 'text' | 'number'; readonly text: string; readonly span: Span }
  | { readonly kind: 'bool'; readonly value: boolean; readonly span: Span }
  | { readonly kind: 'null'; readonly span: Span }
  | {
      readonly kind: 'arithmetic' | 'compare';
      readonly op: string;
      readonly left: LegacyExpression;
      readonly right: LegacyExpression;
    }
  | { readonly kind: 'logic'; readonly op: 'and' | 'or'; readonly parts: readonly LegacyExpression[] }
  | { readonly kind: 'not' | 'minus'; readonly of: LegacyExpression }
  | {
      readonly kind: 'isNull' | 'like';
      readonly negated: boolean;
      readonly of: LegacyExpression;
      readonly pattern?: string;
    }
  | {
      readonly kind: 'in';
      readonly negated: boolean;
      readonly of: LegacyExpression;
      readonly values: readonly LegacyExpression[];
    }
  | {
      readonly kind: 'between';
      readonly negated: boolean;
      readonly of: LegacyExpression;
      readonly low: LegacyExpression;
      readonly high: LegacyExpression;
    }
  | { readonly kind: 'keyword'; readonly text: string; readonly span: Span };

const COMPARISONS = ['=', '==', '!=', '<>', '<', '<=', '>', '>=', '<=>'];
const DEEPEST = 100;

/** `search`: conditions side by side mean AND, and a word or text alone is looked for in all text columns. */
export function parseCondition(cursor: LegacyCursor, search = false): LegacyExpression {
  return new ConditionParser(cursor, search).either();
}

/** Columns, numbers, `+ - * / %` and brackets. */
export function parseArithmetic(cursor: LegacyCursor): LegacyExpression {
  return new ConditionParser(cursor, false).sum();
}

class ConditionParser {
  readonly #cursor: LegacyCursor;
  readonly #search: boolean;
  #depth = 0;

  constructor(cursor: LegacyCursor, search: boolean) {
    this.#cursor = cursor;
    this.#search = search;
  }

  either(): LegacyExpression {
    const parts = [this.#both()];
    while (this.#cursor.acceptWord('or') !== null) parts.push(this.#both());
    return parts.length === 1 ? parts[0]! : { kind: 'logic', op: 'or', parts };
  }

  #both(): LegacyExpression {
    const parts = [this.#negated()];
    while (this.#cursor.acceptWord('and') !== null || (this.#search && this.#beginsAnother()))
      parts.push(this.#negated());
    return parts.length === 1 ? parts[0]! : { kind: 'logic', op: 'and', parts };
  }

  #beginsAnother(): boolean {
    const token = this.#cursor.peek();
    if (token.kind === 'end' || (token.kind === 'sign' && token.text !== '(')) return false;
    return !this.#cursor.isWord('or') && !this.#cursor.isWord('and');
  }

  #negated(): LegacyExpression {
    if (this.#cursor.acceptWord('not') === null) return this.#comparison();
    return { kind: 'not', of: this.#nested(() => this.#negated()) };
  }

  #comparison(): LegacyExpression {
    const cursor = this.#cursor;
    const first = cursor.peek();
    if (first.kind === 'sign' && first.text === '(') {
      const mark = cursor.mark();
      cursor.next();
      const inside = this.#nested(() => this.either());
      if (cursor.acceptSign(')') && !this.#goesOn()) return inside;
      cursor.reset(mark);
    }
    const left = this.sum();
    const op = COMPARISONS.find((sign) => cursor.isSign(sign));
    if (op !== undefined) {
      cursor.next();
      return { kind: 'compare', op, left, right: this.sum() };
    }
    return this.#predicate(left, first);
  }

  #goesOn(): boolean {
    const cursor = this.#cursor;
    return (
      [...COMPARISONS, '+', '-', '*', '/', '%'].some((sign) => cursor.isSign(sign)) ||
      ['in', 'is', 'like', 'between'].some((word) => cursor.isWord(word))
    );
  }

  #predicate(of: LegacyExpression, first: Span): LegacyExpression {
    const cursor = this.#cursor;
    if (cursor.acceptWord('is') !== null) {
      const negated = cursor.acceptWord('not') !== null;
      cursor.expectWord('null');
      return { kind: 'isNull', negated, of };
    }
    const negated = cursor.isWord('not') && ['in', 'like', 'between'].some((word) => cursor.isWord(word, 1));
    if (negated) cursor.next();
    if (cursor.acceptWord('in') !== null) return { kind: 'in', negated, of, values: this.#values() };
    if (cursor.acceptWord('like') !== null)
      return { kind: 'like', negated, of, pattern: cursor.text_('a pattern') };
    if (cursor.acceptWord('between') !== null) {
      const low = this.sum();
      cursor.expectWord('and');
      return { kind: 'between', negated, of, low, high: this.sum() };
    }
    return this.#search ? this.#keyword(of, first) : of;
  }

  #keyword(of: LegacyExpression, { start }: Span): LegacyExpression {
    const span = { start, end: Math.max(start + 1, this.#cursor.peek().start) };
    const wild = this.#cursor.acceptSign('*') ? '*' : '';
    if (of.kind === 'column') return { kind: 'keyword', text: of.name.name + wild, span };
    if (of.kind === 'text' || of.kind === 'number') return { kind: 'keyword', text: of.text, span };
    return of;
  }

  #values(): readonly LegacyExpression[] {
    this.#cursor.expectSign('(');
    const values = [this.sum()];
    while (this.#cursor.acceptSign(',')) values.push(this.sum());
    this.#cursor.expectSign(')');
    return values;
  }

  sum(): LegacyExpression {
    let left = this.#product();
    for (;;) {
      const op = ['+', '-'].find((sign) => this.#cursor.isSign(sign));
      if (op === undefined) return left;
      this.#cursor.next();
      left = { kind: 'arithmetic', op, left, right: this.#product() };
    }
  }

  #product(): LegacyExpression {
    let left = this.#value();
    for (;;) {
      const op = ['*', '/', '%'].find((sign) => this.#cursor.isSign(sign));
      if (op === undefined || (this.#search && op === '*' && !this.#factorFollows())) return left;
      this.#cursor.next();
      left = { kind: 'arithmetic', op, left, right: this.#value() };
    }
  }

  #factorFollows(): boolean {
    const next = this.#cursor.peek(1);
    return next.kind === 'number' || next.kind === 'word';
  }

  #value(): LegacyExpression {
    const cursor = this.#cursor;
    const token = cursor.peek();
    const span = { start: token.start, end: token.end };
    if (cursor.acceptSign('-')) return { kind: 'minus', of: this.#nested(() => this.#value()) };
    if (cursor.acceptSign('(')) {
      const inside = this.#nested(() => this.sum());
      cursor.expectSign(')');
      return inside;
    }
    switch (token.kind) {
      case 'number':
        cursor.next();
        return { kind: 'number', text: token.text, span };
      case 'single':
      case 'double':
        cursor.next();
        return { kind: 'text', text: token.text, span };
      case 'word':
      case 'backquote':
        return this.#word();
      default:
        return cursor.fail('a column or a value is expected');
    }
  }

  #word(): LegacyExpression {
    const cursor = this.#cursor;
    const token = cursor.peek();
    const span = { start: token.start, end: token.end };
    if (cursor.isSign('(', 1) && token.kind === 'word')
      cursor.fail(
        `there are no functions in conditions: \`${token.text}(\``,
        'compute it before, with a command or with `sql`',
      );
    if (cursor.acceptWord('null') !== null) return { kind: 'null', span };
    const bool = cursor.acceptWord('true', 'false');
    if (bool !== null) return { kind: 'bool', value: bool === 'true', span };
    // `space test.ID`: the name of a model may have blanks, and stands before a point.
    let words = 1;
    while (cursor.peek(words).kind === 'word' && !this.#search) words++;
    if (!cursor.isSign('.', words)) return { kind: 'column', name: cursor.name(), qualifier: null };
    const last = cursor.peek(words - 1);
    const qualifier = token.kind === 'backquote' ? token.text : cursor.text.slice(token.start, last.end);
    for (let read = 0; read <= words; read++) cursor.next();
    return { kind: 'column', name: cursor.name(), qualifier };
  }

  #nested<T>(read: () => T): T {
    if (this.#depth === DEEPEST)
      this.#cursor.fail(`brackets nest deeper than ${DEEPEST}`, 'write it with fewer brackets');
    this.#depth++;
    const value = read();
    this.#depth--;
    return value;
  }
}
