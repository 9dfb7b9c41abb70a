/**
 * `explode column [sep 's']`: a row for each element of a list, or for each part of a text. No row is lost: null and
 * the empty list give one row with null. A list that is too long is an error that names the limit.
 */

import { QueryError, type Span, type WireError } from '../../core/protocol/errors.ts';
import { STAGE_LIMITS, stageLimit } from '../../core/protocol/stage-limits.ts';
import type { Column, ColumnType } from '../../core/protocol/types.ts';
import { parseName } from '../frontends/forkline/names.ts';
import type { WrittenName } from '../frontends/query-tree.ts';
import type { ResolvedStage } from '../resolve/graph.ts';
import { getColumn, type Scope } from '../resolve/scope.ts';
import { columnValue, everywhere, keepColumns, ownCall } from '../select/own-values.ts';
import type { Relation } from '../select/relation.ts';
import { STRING } from '../types/rules.ts';
import { type Emitters, type Typed, valueType } from '../types/typed.ts';
import { assignColumn } from './kit/assign-columns.ts';
import { cannotRaise, exactLists } from './kit/exactness.ts';
import type { StageDefinition } from './kit/stage.ts';

interface Syntax {
  readonly target: WrittenName;
  readonly separator: { readonly text: string; readonly span: Span } | null;
}

interface Resolved extends ResolvedStage {
  /** The list, or the text. */
  readonly column: Column;
  /** What stands between the parts of a text; null: it is a list. */
  readonly separator: string | null;
  readonly tooLong: WireError;
}

function elementOf({ name, type }: Column, { target, separator }: Syntax): ColumnType {
  if (type.kind === 'list') {
    if (separator === null) return type.of;
    throw new QueryError('wrong-arguments', `\`${name}\` is a list already: there is nothing to split`, {
      span: separator.span,
      hint: `write \`explode ${name}\``,
    });
  }
  if (type.kind !== 'string')
    throw new QueryError(
      'wrong-type',
      `\`explode\` takes a list or a text, and \`${name}\` is ${type.kind}`,
      {
        span: target.span,
        hint:
          type.kind === 'json'
            ? 'take the list apart in the SQL: `json_array_elements`'
            : 'nothing is in it to explode',
      },
    );
  if (separator !== null) return STRING;
  throw new QueryError(
    'wrong-arguments',
    `\`${name}\` is text: \`explode\` must know what separates its parts`,
    {
      span: target.span,
      hint: `write \`explode ${name} sep ','\``,
    },
  );
}

/** The list whose elements become rows: the column, or the parts of its text. */
function listOf({ column, separator }: Resolved, { lists }: Relation): Typed {
  const value = columnValue(column);
  if (separator === null) return value;
  return ownCall(
    { kind: 'list', of: STRING },
    [value],
    everywhere(([a]) => lists.split(a!, separator)),
  );
}

function tooLong(name: string, { stage }: Scope, span: Span): WireError {
  return {
    code: 'bad-value',
    message: `a value of \`${name}\` has more than ${STAGE_LIMITS.explodeElements} elements`,
    span,
    stage,
    hint: 'filter it out before, or take it apart in the SQL',
    limit: stageLimit('explodeElements'),
  };
}

/** One null for none of them. */
function elementsOrNull(type: ColumnType, error: WireError, relation: Relation): Emitters {
  const { lists } = relation;
  return everywhere(([a]) => {
    const length = lists.length(a!);
    const raised = relation.raise(error, type, length);
    return `CASE WHEN ${length} > ${STAGE_LIMITS.explodeElements} THEN ${raised} WHEN ${length} > 0 THEN ${a} ELSE ${lists.ofNull(type)} END`;
  });
}

export const stage: StageDefinition<Syntax, Resolved> = {
  name: 'explode',
  aliases: ['mvexpand'],
  docs: {
    syntax: "explode column [sep 'text']",
    summary:
      'A row for each element of a list, or for each part of a text between separators; the rest is repeated.',
    notes:
      'Null and an empty list give one row with null, so that no row is lost. A list of more than 1,000,000 elements is an error (`explodeElements`).',
    examples: [
      {
        text: 'stats list(delay) as delays by origin | explode delays',
        summary: 'the elements of a list',
      },
      { text: "eval route = origin || '-' || dest | explode route sep '-'", summary: 'the parts of a text' },
    ],
  },
  parse(cursor) {
    if (cursor.atStageEnd())
      cursor.fail('`explode` needs a column', "write `explode tags` or `explode tags sep ','`");
    const target = parseName(cursor, 'the name of a column');
    if (cursor.isSymbol('('))
      cursor.refuse('`explode` takes a column', 'compute it before: `eval parts = ... | explode parts`');
    if (cursor.isSymbol(','))
      cursor.refuse('`explode` takes one column', 'for a second one add a second `explode`');
    if (cursor.peek().kind === 'string')
      cursor.refuse('`sep` is missing before the separator', "write `explode tags sep ','`");
    if (cursor.acceptWord('sep') === null) return { target, separator: null };
    const token = cursor.peek();
    if (token.kind !== 'string') cursor.fail('a text is missing after `sep`', "write `explode tags sep ','`");
    const span = { start: token.start, end: token.end };
    if (token.text === '')
      throw new QueryError('wrong-arguments', 'the separator is empty', { span, hint: "write `sep ','`" });
    cursor.next();
    return { target, separator: { text: token.text, span } };
  },
  resolve(syntax, input, span) {
    const column = getColumn(input, syntax.target);
    const { name } = column;
    const type = elementOf(column, syntax);
    const columns = assignColumn(input.columns, { name, type });
    const separator = syntax.separator?.text ?? null;
    return { columns, column, separator, tooLong: tooLong(name, input, span) };
  },
  columnsUsed: ({ column: { name } }, wanted) => new Set([...wanted, name]),
  emit(resolved, relation) {
    const { columns, column, tooLong: error } = resolved;
    const list = listOf(resolved, relation);
    const sized = relation.freeName('list');
    const plain = columnValue({ name: sized, type: { kind: 'list', of: STRING } });
    const elements = ownCall(list.type, [plain], elementsOrNull(valueType(list.type), error, relation));
    return relation
      .assign(sized, list)
      .unnest([{ name: column.name, value: elements }])
      .project(keepColumns(columns));
  },
  exactIn: ({ column }, dialect) =>
    dialect.raise === null ? cannotRaise(dialect) : exactLists([columnValue(column)], dialect),
};
