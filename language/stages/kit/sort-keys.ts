/** `[+/-]column [asc/desc] [nulls first/last], ...`, wherever an order is written: ascending and nulls last by default. */

import { QueryError } from '../../../core/protocol/errors.ts';
import type { Cursor } from '../../frontends/forkline/cursor.ts';
import { parseName } from '../../frontends/forkline/names.ts';
import type { WrittenName } from '../../frontends/query-tree.ts';
import { findFunction } from '../../functions/registry.ts';
import { getColumn, type Scope } from '../../resolve/scope.ts';
import type { SortKey } from '../../select/window-frame.ts';

/** One key, as written. */
export interface WrittenKey {
  readonly column: WrittenName;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

/** `stage`: whose keys they are, for messages. */
export function parseSortKeys(cursor: Cursor, stage: string): readonly WrittenKey[] {
  const keys: WrittenKey[] = [];
  do keys.push(parseKey(cursor, stage));
  while (cursor.acceptSymbol(',') !== null);
  return keys;
}

function parseKey(cursor: Cursor, stage: string): WrittenKey {
  const sign = cursor.acceptSymbol('-', '+');
  const column = parseName(cursor, 'the name of a column');
  if (cursor.isSymbol('(', '+', '*', '/', '||'))
    cursor.refuse('`sort` takes columns', computeBefore(column.name, stage));
  const word = cursor.acceptWord('asc', 'desc');
  if (sign !== null && word !== null)
    throw new QueryError('syntax', `\`${sign.text}\` and \`${word.text}\` say the direction twice`, {
      span: { start: sign.start, end: word.end },
      hint: 'keep one of them',
    });
  const descending = sign?.text === '-' || word?.lower === 'desc';
  if (cursor.acceptWord('nulls') === null) return { column, descending, nullsFirst: false };
  const place = cursor.acceptWord('first', 'last') ?? cursor.fail('after `nulls` stands `first` or `last`');
  return { column, descending, nullsFirst: place.lower === 'first' };
}

function computeBefore(name: string, stage: string): string {
  if (findFunction(name.toLowerCase())?.aggregate === true)
    return `give it a name where it is computed: \`stats ${name}(...) as n | ${stage} -n\``;
  return `compute it before: \`eval key = ... | ${stage} key\``;
}

export function resolveSortKey(key: WrittenKey, input: Scope): SortKey {
  const column = getColumn(input, key.column);
  if (column.type.kind === 'json' || column.type.kind === 'list')
    throw new QueryError('wrong-type', `\`${column.name}\` is ${column.type.kind}, which has no order`, {
      span: key.column.span,
      hint: 'make a key of it before with `eval`',
    });
  return { column: column.name, descending: key.descending, nullsFirst: key.nullsFirst };
}
