/** What turns a text into a tree, and what it must know for that. */
import type { DialectName } from '../../core/protocol/dialect-name.ts';
import type { Span } from '../../core/protocol/errors.ts';

/** What a text is parsed against. */
export interface ParseContext {
  /** Returns the dialect of the SQL for a connection that the text names at `span`. Throws unknown-connection. */
  dialectOf(connection: string, span: Span): DialectName;
}
