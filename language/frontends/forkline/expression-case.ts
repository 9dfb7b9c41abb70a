/**
 * `case`, with a subject or with conditions, and the stage of that name, which has no `end`. What stands between its
 * words is parsed by the `value` that the caller gives, one level deeper than the `case` itself.
 */
import type { CaseNode, Expression } from '../query-tree.ts';
import type { Cursor } from './cursor.ts';
import type { ParseValue } from './expression-call.ts';
import { call, extent } from './expression-nodes.ts';

export function parseCase(cursor: Cursor, value: ParseValue): Expression {
  const start = cursor.next().start;
  const subject = cursor.isWord('when') ? null : value();
  const branches = parseBranches(cursor, value, subject);
  const otherwise = parseOtherwise(cursor, value);
  cursor.expectWord('end', 'after `case`');
  return caseNode(start, cursor.lastEnd, branches, otherwise);
}

/** `when condition then value ... [otherwise value]`: the stage `case`, which has no `end`. */
export function parseOpenCase(cursor: Cursor, value: ParseValue): CaseNode {
  const { start } = cursor.peek();
  const branches = parseBranches(cursor, value, null);
  const otherwise = parseOtherwise(cursor, value);
  return caseNode(start, cursor.lastEnd, branches, otherwise);
}

function parseBranches(cursor: Cursor, value: ParseValue, subject: Expression | null): CaseNode['branches'] {
  const branches: { when: Expression; then: Expression }[] = [];
  while (cursor.acceptWord('when') !== null) {
    const when = value();
    cursor.expectWord('then', 'after the condition of `when`');
    const then = value();
    branches.push({ when: subject === null ? when : compareWith(subject, when), then });
  }
  if (branches.length === 0) cursor.fail('`case` needs at least one `when ... then ...`');
  return branches;
}

function parseOtherwise(cursor: Cursor, value: ParseValue): Expression | null {
  return cursor.acceptWord('else', 'otherwise') === null ? null : value();
}

function caseNode(
  start: number,
  end: number,
  branches: CaseNode['branches'],
  otherwise: Expression | null,
): CaseNode {
  const children = branches.flatMap((branch) => [branch.when, branch.then]);
  if (otherwise !== null) children.push(otherwise);
  return { kind: 'case', branches, otherwise, ...extent(start, end, children) };
}

/** `case x when v` means `case when x = v`. */
function compareWith(subject: Expression, value: Expression): Expression {
  return { ...call('=', [subject, value], value.span.end, value.span), operator: true, span: value.span };
}
