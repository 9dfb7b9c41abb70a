/** `case when condition then value ... [otherwise value] as name`: a column by the first condition that is true. */

import { parseOpenCase } from '../frontends/forkline/expression-case.ts';
import { parseExpression } from '../frontends/forkline/expression-parser.ts';
import { parseName } from '../frontends/forkline/names.ts';
import type { CaseNode, WrittenName } from '../frontends/query-tree.ts';
import { columnTypeOfResult, resolveExpression } from '../resolve/expression.ts';
import type { ResolvedStage } from '../resolve/graph.ts';
import { collectColumns, type Typed } from '../types/typed.ts';
import { assignColumn, targetName } from './kit/assign-columns.ts';
import { exactIf } from './kit/exactness.ts';
import type { StageDefinition } from './kit/stage.ts';

/** The parsed arguments of the stage. */
export interface Syntax {
  readonly value: CaseNode;
  readonly target: WrittenName;
}

interface Resolved extends ResolvedStage {
  readonly name: string;
  readonly value: Typed;
}

export const stage: StageDefinition<Syntax, Resolved> = {
  name: 'case',
  aliases: [],
  docs: {
    syntax: 'case when condition then value ... [otherwise value] as name',
    summary:
      'Sets a column by the first condition that is true; null where none is and there is no `otherwise` (or `else`).',
    examples: [
      {
        text: "case when delay > 60 then 'late' when delay > 0 then 'slow' otherwise 'fine' as level",
        summary: 'three levels',
      },
    ],
  },
  parse(cursor) {
    const usual = "write `case when delay > 9 then 'hi' otherwise 'lo' as level`";
    if (!cursor.isWord('when')) cursor.fail('`case` begins with `when`', usual);
    const value = parseOpenCase(cursor, () => parseExpression(cursor));
    if (cursor.isWord('end'))
      cursor.refuse(
        'the stage `case` has no `end`',
        'take it away; in an expression it stays: `eval x = case ... end`',
      );
    if (cursor.isSymbol(',')) cursor.refuse('no comma stands between the parts of `case`', 'take it away');
    if (cursor.acceptWord('as') === null) cursor.fail('`as` and a name are missing after `case`', usual);
    return { value, target: parseName(cursor, 'the name of the column') };
  },
  resolve({ value, target }, input) {
    const name = targetName(target, input);
    const typed = resolveExpression(value, input);
    const type = columnTypeOfResult(typed, name);
    return { columns: assignColumn(input.columns, { name, type }), name, value: typed };
  },
  columnsUsed({ name, value }, wanted) {
    const used = new Set(wanted);
    used.delete(name);
    collectColumns(value, used);
    return used;
  },
  emit: ({ name, value }, relation) => relation.assign(name, value),
  exactIn: ({ value }, dialect) => exactIf([value], dialect),
  computes: ({ value }) => [value],
  rowByRow: true,
};
