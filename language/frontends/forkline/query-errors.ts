/** Errors about how the parts of a query stand together. */
import { QueryError, type Span } from '../../../core/protocol/errors.ts';
import type { QueryNode } from '../query-tree.ts';
import type { Cursor } from './cursor.ts';

/** SHOW and EXPLAIN have no rows for stages. */
export function refuseStagesAfter({ source, stages }: QueryNode, cursor: Cursor): void {
  if (stages.length === 0 || source.kind !== 'sql' || source.head.wrappable) return;
  const pipe = cursor.tokens.find(({ start, text }) => start >= source.span.end && text.startsWith('|'))!;
  throw new QueryError('unsupported', `stages cannot follow \`${source.head.word}\``, {
    span: { start: pipe.start, end: pipe.end },
    hint:
      source.head.word === 'explain'
        ? 'to see the plan of a query with stages, begin with `explain`, without options'
        : 'send it without stages',
  });
}

/** A `let` brings its connection along: `@name` before it has no meaning. */
export function connectionOfLet(span: Span, name: string): QueryError {
  return new QueryError('syntax', `\`${name}\` has the connection of its own query`, {
    span,
    hint: `name the connection where it is defined: \`let ${name} = (@connection select ...)\``,
  });
}

/** Throws at the bracket `open`, which the query in it does not end. */
export function failUnclosed(cursor: Cursor, open: Span): never {
  if (cursor.peek().kind !== 'end')
    cursor.fail('a pipe or the closing bracket is expected after a query in brackets');
  throw new QueryError('syntax', 'this `(` is never closed', {
    span: { start: open.start, end: open.end },
    hint: 'add `)` where the query ends',
  });
}

/** Makes the error that no SQL stands where it must; `pipe`: the pipe that follows instead. */
export function emptyQuery(cursor: Cursor, inBrackets: boolean, pipe: Span | null, at: number): QueryError {
  const hint = 'begin with SQL: `select * from flights | head 5`';
  if (inBrackets)
    return new QueryError('empty-query', 'there is no query in these brackets', {
      span: pipe ?? { start: at, end: Math.min(at + 1, cursor.text.length) },
      hint: 'write one: `(select * from flights)`',
    });
  if (cursor.tokens.length > 0)
    return new QueryError('empty-query', 'there is no query after this', {
      span: pipe ?? cursor.here(),
      hint,
    });
  const span = pipe ?? { start: 0, end: Math.min(1, cursor.text.length) };
  const message = pipe === null ? 'the query is empty' : 'there is no SQL before the first stage';
  return new QueryError('empty-query', message, { span, hint });
}

/** Throws where something else than a pipe follows a query in brackets. */
export function expectSourceEnd(cursor: Cursor): void {
  if (!cursor.atStageEnd())
    cursor.fail('a pipe is missing after the query in brackets', 'stages follow a pipe: `(...) | head 10`');
}
