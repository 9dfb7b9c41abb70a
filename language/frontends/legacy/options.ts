/**
 * Options of the kind `sql='select 'a' as x' connector_name='c'`: the quotes inside of a value need not be doubled, so that a value ends at
 * the last quote before the next option, or before the end of the command.
 */
import { QueryError, type Span } from '../../../core/protocol/errors.ts';
import { didYouMean, suggest } from '../../../core/protocol/suggest.ts';
import type { LegacyCursor, LegacySources } from './cursor.ts';

export interface LegacyOption {
  readonly name: string;
  readonly text: string;
  /** The place of the value, without its quotes. */
  readonly span: Span;
}

const KNOWN = [
  'connector_name',
  'connector_owner',
  'connector_id',
  'alias_table_name',
  'join_type',
  'join_query',
  'sql',
  'mkdata',
  'path',
  'name',
  'owner',
  'model_owner',
];
const OPTION = /(?<![.\w])([a-z_]+)\s*=\s*(['"])/giu;

/** The options whose values may have quotes inside. */
const OPEN = ['sql', 'mkdata', 'join_query'];

/** A word in the value of an open option that looks like an option is one only when its name is known. */
function optionStarts(text: string): readonly RegExpExecArray[] {
  const starts: RegExpExecArray[] = [];
  for (const found of text.matchAll(OPTION)) {
    const last = starts.at(-1);
    const inside = last !== undefined && OPEN.includes(last[1]!.toLowerCase());
    if (!inside || KNOWN.includes(found[1]!.toLowerCase())) starts.push(found);
  }
  return starts;
}

export function readOptions(cursor: LegacyCursor): LegacyOptions {
  const { text, span } = cursor.rest();
  const starts = optionStarts(text);
  if (starts.length === 0) cursor.fail("an option is expected: name='value'");
  const before = text.slice(0, starts[0]!.index).trim();
  if (before !== '') cursor.failAt(span, `an option is expected, not \`${before}\``);
  const options = starts.map((found, index): LegacyOption => {
    const start = found.index + found[0].length;
    const limit = starts[index + 1]?.index ?? text.length;
    const name = found[1]!.toLowerCase();
    const quote = found[2]!;
    const close = OPEN.includes(name)
      ? text.lastIndexOf(quote, limit - 1)
      : closingQuote(text, quote, start, limit);
    if (close < start)
      cursor.failAt(
        { start: span.start + found.index, end: span.start + limit },
        'the value has no closing quote',
      );
    const behind = text.slice(close + 1, limit);
    if (behind.trim() !== '') {
      const at = span.start + close + 1 + (behind.length - behind.trimStart().length);
      cursor.failAt({ start: at, end: at + behind.trim().length }, "an option is expected: name='value'");
    }
    const value = undoubled(text.slice(start, close), quote);
    return {
      name,
      text: value,
      span: { start: span.start + start, end: span.start + close },
    };
  });
  return new LegacyOptions(options, cursor);
}

/** The offset of the quote that ends a value without quotes inside, but for doubled ones; -1: there is none. */
function closingQuote(text: string, quote: string, start: number, limit: number): number {
  for (let at = text.indexOf(quote, start); at !== -1 && at < limit; at = text.indexOf(quote, at + 2))
    if (text[at + 1] !== quote) return at;
  return -1;
}

/** Doubled quotes mean one, when all quotes inside are doubled and there are at least two; else they are as they stand. */
function undoubled(text: string, quote: string): string {
  const runs = text.match(new RegExp(`${quote}+`, 'g')) ?? [];
  const doubled = runs.length > 1 && runs.every((run) => run.length % 2 === 0);
  return doubled ? text.replaceAll(quote + quote, quote) : text;
}

export class LegacyOptions {
  readonly #options: readonly LegacyOption[];
  readonly #cursor: LegacyCursor;
  readonly #read = new Set<string>();

  constructor(options: readonly LegacyOption[], cursor: LegacyCursor) {
    this.#options = options;
    this.#cursor = cursor;
  }

  get(name: string): LegacyOption | null {
    this.#read.add(name);
    return this.#options.find((option) => option.name === name) ?? null;
  }

  needed(name: string): LegacyOption {
    const option = this.get(name);
    if (option !== null) return option;
    return this.#cursor.failAt(this.#cursor.span, `\`${name}\` is missing`, `write \`${this.#cursor.form}\``);
  }

  /** The connection that connector_name or connector_id mean; null: that of the request. */
  connection(sources: LegacySources): string | null {
    this.get('connector_owner');
    const option = this.get('connector_name') ?? this.get('connector_id');
    this.get('connector_id');
    if (option === null)
      return this.#cursor.failAt(this.#cursor.span, '`connector_name` or `connector_id` is missing');
    return sources.connectionOf(option.name, option.text, option.span);
  }

  /** Throws syntax for the first option that nobody has read. */
  refuseOthers(): void {
    const other = this.#options.find(({ name }) => !this.#read.has(name));
    if (other === undefined) return;
    const suggestions = suggest(other.name, this.#read);
    throw new QueryError('syntax', `there is no option \`${other.name}\` here`, {
      span: other.span,
      hint: didYouMean(suggestions) ?? `write \`${this.#cursor.form}\``,
      suggestions,
    });
  }
}
