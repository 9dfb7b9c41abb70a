/** `left.a = right.b and ...` as an expression, for stages that find rows of another query by keys. */

import { operatorCall } from '../../frontends/forkline/expression-nodes.ts';
import type { CallNode, Expression, NameNode, WrittenName } from '../../frontends/query-tree.ts';

export interface KeyPair {
  readonly left: WrittenName;
  readonly right: WrittenName;
}

function node(written: WrittenName, side: 'left' | 'right'): NameNode {
  const qualifier = { name: side, quoted: false, span: written.span };
  return { kind: 'name', ...written, depth: 1, qualifier };
}

export function equalKeys(keys: readonly KeyPair[]): Expression {
  const tests = keys.map(({ left, right }): CallNode => {
    const start = Math.min(left.span.start, right.span.start);
    const span = { start, end: Math.max(left.span.end, right.span.end) };
    return operatorCall('=', [node(left, 'left'), node(right, 'right')], span);
  });
  return tests.length === 1 ? tests[0]! : operatorCall('and', tests, tests[0]!.span);
}
