/** Tokens of the stage language. A token's text is what it stands for; its span is where the user wrote it. */
import type { Span } from '../../../core/protocol/errors.ts';

export type TokenKind =
  | 'word' // an identifier or keyword, unquoted
  | 'quoted' // an identifier in "double quotes" or `backticks`; text is what is inside
  | 'string' // 'text'; text is what is inside
  | 'number'
  | 'duration' // 5m
  | 'parameter' // :name; text is the name
  | 'connection' // @name; text is the name
  | 'sql' // SQL for a database or the engine, as written; it has its own lexer
  | 'symbol'
  | 'end';

export interface Token extends Span {
  readonly kind: TokenKind;
  readonly text: string;
  /** Lower case for words, so that keywords compare cheaply; equal to text otherwise. */
  readonly lower: string;
}
