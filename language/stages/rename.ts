/** `rename a as b, ...`: new names, all at once (so that two may swap); places stay. */

import { QueryError, type Span } from '../../core/protocol/errors.ts';
import type { Cursor } from '../frontends/forkline/cursor.ts';
import { parseName } from '../frontends/forkline/names.ts';
import type { WrittenName } from '../frontends/query-tree.ts';
import type { ResolvedStage } from '../resolve/graph.ts';
import { getColumn, refuseDuplicates } from '../resolve/scope.ts';
import { columnKey } from '../types/column-key.ts';
import { EXACT } from './kit/exactness.ts';
import type { StageDefinition } from './kit/stage.ts';

interface Renaming {
  readonly from: WrittenName;
  readonly to: WrittenName;
}

interface Resolved extends ResolvedStage {
  /** Old and new name of every column. */
  readonly names: readonly { readonly name: string; readonly as: string }[];
}

function parseRenaming(cursor: Cursor): Renaming {
  const from = parseName(cursor, 'the name of a column');
  if (cursor.isSymbol('=')) cursor.fail('`as` is missing', 'write `rename old as new`');
  const next = cursor.peek();
  const named = next.kind === 'word' || next.kind === 'quoted';
  const hint = named ? `write \`rename ${from.name} as ${next.text}\`` : 'write `rename old as new`';
  cursor.expectWord('as', `after \`${from.name}\``, hint);
  return { from, to: parseName(cursor, 'the new name') };
}

/** The parsed arguments of the stage. */
export type Syntax = readonly Renaming[];

export const stage: StageDefinition<Syntax, Resolved> = {
  name: 'rename',
  aliases: [],
  docs: {
    syntax: 'rename old as new, ...',
    summary: 'Gives columns new names; their places stay.',
    examples: [{ text: 'rename origin as from_airport, delay as minutes', summary: 'two new names' }],
  },
  parse(cursor) {
    const renamings: Renaming[] = [];
    do renamings.push(parseRenaming(cursor));
    while (cursor.acceptSymbol(',') !== null);
    return renamings;
  },
  resolve(syntax, input, span) {
    const renamed = new Map<string, WrittenName>();
    for (const { from, to } of syntax) {
      const { name } = getColumn(input, from);
      if (renamed.has(name))
        throw new QueryError('duplicate-column', `\`${name}\` is renamed twice`, {
          span: from.span,
          hint: 'rename it once',
        });
      renamed.set(name, to);
    }
    const names = input.columns.map(({ name }) => ({ name, as: renamed.get(name)?.name ?? name }));
    const columns = input.columns.map((column, index) => ({ ...column, name: names[index]!.as }));
    const spanOf = (index: number): Span =>
      syntax.find(({ to }) => columnKey(to.name) === columnKey(names[index]!.as))?.to.span ?? span;
    refuseDuplicates(
      columns,
      spanOf,
      (name) => `drop the other one first: \`fields - ${name}\`, or choose another name`,
    );
    return { columns, names };
  },
  columnsUsed: ({ names }, wanted) =>
    new Set(names.filter(({ as }) => wanted.has(as)).map(({ name }) => name)),
  emit: ({ names }, relation) => relation.project(names),
  exactIn: () => EXACT,
  rowByRow: true,
};
