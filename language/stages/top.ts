/**
 * `top n columns [by columns]`: the n most frequent combinations of values, with their count; `top n by expression`:
 * the n rows where it is greatest.
 */

import { QueryError } from '../../core/protocol/errors.ts';
import type { Cursor } from '../frontends/forkline/cursor.ts';
import { parseExpression } from '../frontends/forkline/expression-parser.ts';
import type { Expression } from '../frontends/query-tree.ts';
import { resolveExpression } from '../resolve/expression.ts';
import type { ResolvedStage } from '../resolve/graph.ts';
import type { Scope } from '../resolve/scope.ts';
import { keepColumns } from '../select/own-values.ts';
import { collectColumns, type Typed } from '../types/typed.ts';
import { exactIf, exactKeys } from './kit/exactness.ts';
import {
  emitFrequency,
  type FrequencySyntax,
  frequencyColumnsUsed,
  parseFrequency,
  parseFrequencyCount,
  type ResolvedFrequency,
  resolveCount,
  resolveFrequency,
} from './kit/frequency.ts';
import type { StageDefinition } from './kit/stage.ts';

/** The parsed arguments of the stage. */
export type Syntax = FrequencySyntax | { readonly count: Expression; readonly key: Expression };

interface Largest extends ResolvedStage {
  readonly count: Typed;
  readonly key: Typed;
}

type Resolved = ResolvedFrequency | Largest;

function parseKey(cursor: Cursor): Expression {
  if (cursor.atStageEnd()) cursor.fail('a value is missing after `by`', 'write `top 10 by delay`');
  const key = parseExpression(cursor);
  if (cursor.isWord('asc'))
    cursor.refuse('`top` takes the largest', 'for the smallest write `sort 10 delay`');
  if (cursor.isWord('desc')) cursor.refuse('`top` takes the largest anyway', 'leave `desc` away');
  if (cursor.isSymbol(','))
    cursor.refuse('`top n by` takes one value', 'for several write `sort 10 -delay, -distance`');
  return key;
}

function resolveLargest(count: Expression, key: Expression, input: Scope): Largest {
  const typed = resolveExpression(key, input);
  if (!['json', 'list', 'null'].includes(typed.type.kind))
    return { columns: input.columns, count: resolveCount(count, input, 'top'), key: typed };
  throw new QueryError('wrong-type', `this is ${typed.type.kind}, which has no order`, {
    span: typed.span,
    hint: 'give a number, a text or a moment',
  });
}

export const stage: StageDefinition<Syntax, Resolved> = {
  name: 'top',
  aliases: [],
  docs: {
    syntax: 'top n column, ... [by column, ...]\ntop n by expression',
    summary:
      'The n most frequent values (or combinations), with their `count`; with `by`, of each group. Without columns before `by`: the n rows where it is greatest.',
    notes:
      'Null is a value like any other; of equally frequent values the lesser ones come first. The most frequent comes first, the groups of `by` in their order.',
    examples: [
      { text: 'top 2 origin', summary: 'the two origins with the most flights' },
      { text: 'top 1 dest by origin', summary: 'of each origin the most frequent destination' },
      { text: 'top 3 by distance / delay', summary: 'the three rows where it is greatest' },
    ],
  },
  parse(cursor) {
    const count = parseFrequencyCount(cursor, 'top');
    if (cursor.acceptWord('by') === null) return parseFrequency(cursor, 'top', count);
    return { count, key: parseKey(cursor) };
  },
  resolve: (syntax, input) =>
    'key' in syntax
      ? resolveLargest(syntax.count, syntax.key, input)
      : resolveFrequency(syntax, input, 'top'),
  columnsUsed(resolved, wanted) {
    if (!('key' in resolved)) return frequencyColumnsUsed(resolved);
    const used = new Set(wanted);
    collectColumns(resolved.key, used);
    return used;
  },
  emit(resolved, relation) {
    if (!('key' in resolved)) return emitFrequency(resolved, relation, true);
    const key = relation.freeName('key');
    return relation
      .assign(key, resolved.key)
      .sort([{ column: key, descending: true, nullsFirst: false }])
      .limit(resolved.count)
      .project(keepColumns(resolved.columns));
  },
  exactIn: (resolved, dialect) =>
    'key' in resolved
      ? exactIf([resolved.key], dialect)
      : exactKeys([...resolved.values, ...resolved.by], dialect),
  computes: (resolved) => ('key' in resolved ? [resolved.key] : []),
};
