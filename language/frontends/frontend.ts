/** Turns a text into a tree. */
import type { Span } from '../../core/protocol/errors.ts';
import type { Lexical } from '../dialects/lexical.ts';
import type { QueryTree } from './query-tree.ts';

/** The facts that parsing a text depends on. */
export interface ParseContext {
  /** Lexical rules of the SQL that names no connection. */
  readonly usual: Lexical;
  /** Lexical rules of the stage engine's SQL. */
  readonly engine: Lexical;
  /** Returns the lexical rules of the SQL for a connection that the text names at `span`. Throws unknown-connection. */
  lexicalOf(connection: string, span: Span): Lexical;
  /** Says whether a name may be that of a model; left out: there are none. */
  readonly mayBeModel?: ((name: string) => boolean) | undefined;
}

/** A language in which queries are written: all of them become the same tree. */
export interface Frontend {
  readonly name: string;
  /** Throws QueryError with a span. */
  parse(text: string, context: ParseContext): QueryTree;
}
