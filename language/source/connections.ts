/** Finds the dialect that the SQL for a connection is written in. */
import type { ConnectionDialects, DialectName } from '../../core/protocol/dialect-name.ts';
import { QueryError, type Span } from '../../core/protocol/errors.ts';
import { didYouMean, suggest } from '../../core/protocol/suggest.ts';

/** `span`: where the query names the connection; null: the request does. Throws unknown-connection. */
export function dialectAt(dialects: ConnectionDialects, name: string, span: Span | null): DialectName {
  const dialect = Object.hasOwn(dialects, name) ? dialects[name] : undefined;
  if (dialect === undefined) throw unknownConnection(name, Object.keys(dialects), span);
  return dialect;
}

function unknownConnection(name: string, known: readonly string[], span: Span | null): QueryError {
  const near = suggest(name, known);
  return new QueryError('unknown-connection', `there is no connection ${name}`, {
    ...(span !== null && { span }),
    hint: didYouMean(near) ?? `Connections here: ${known.join(', ')}.`,
    suggestions: near.length > 0 ? near : known,
  });
}
