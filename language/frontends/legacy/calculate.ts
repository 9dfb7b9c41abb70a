/** The command `calculate`: a column by an expression, or sums and means of rows and columns. */
import type { Column } from '../../../core/protocol/types.ts';
import { quoteName } from '../../dialects/quoting.ts';
import type { WrittenName } from '../query-tree.ts';
import { command, type LowerContext, type Step } from './command.ts';
import { type LegacyExpression, parseArithmetic } from './condition.ts';
import { ownScope, writeExpression } from './condition-text.ts';
import type { LegacyCursor } from './cursor.ts';
import { asNumber, engine, evalColumns, isNumber, ROW, rowWise } from './engine-text.ts';

interface Calculate {
  readonly how: 'add' | 'avg' | null;
  readonly over: 'all' | 'row' | 'col';
  readonly columns: readonly WrittenName[];
  readonly value: LegacyExpression | null;
  readonly as: string;
  readonly left: boolean;
}

export const CALCULATE = command<Calculate>({
  names: ['calculate'],
  form: 'calculate EXPRESSION | add|avg ALL|ROW|COL [c, ...] [AS name] [LEFT|RIGHT]',
  summary: 'A new column by an expression, or sums and means of rows and columns.',
  parse(cursor: LegacyCursor) {
    const mark = cursor.mark();
    const how = cursor.acceptWord('add', 'avg') as Calculate['how']; // one of these words
    const over = how === null ? null : (cursor.acceptWord('all', 'row', 'col') as Calculate['over'] | null);
    if (over === null) cursor.reset(mark);
    const side = (): boolean => ['left', 'right'].some((word) => cursor.isWord(word));
    const columns: WrittenName[] = [];
    const value = over === null ? parseArithmetic(cursor) : null;
    while (over !== null && !cursor.atEnd && !cursor.isWord('as') && !side()) {
      columns.push(cursor.name());
      cursor.acceptSign(',');
    }
    const as = cursor.alias() ?? 'calculated';
    return {
      how,
      over: over ?? 'row',
      columns,
      value,
      as,
      left: cursor.acceptWord('left', 'right') === 'left',
    };
  },
  lower({ how, over, columns, value, as, left }, context) {
    if (value !== null) {
      const scope = ownScope(context.columns, (name) => context.column(name));
      const sql = writeExpression(withoutNulls(value) ?? value, scope);
      return evalColumns(context, [{ name: as, sql }], left);
    }
    const used =
      columns.length > 0 ? columns.map((name) => context.column(name)) : context.columns.filter(isNumber);
    return totals(used, context, { mean: how === 'avg', over, as, left });
  },
});

/** The word `null` counts for nothing: `a + null` is `a`. */
function withoutNulls(value: LegacyExpression): LegacyExpression | null {
  if (value.kind === 'null') return null;
  if (value.kind !== 'arithmetic') return value;
  const [left, right] = [withoutNulls(value.left), withoutNulls(value.right)];
  if (left === null || right === null) return left ?? right;
  return { ...value, left, right };
}

interface Totals {
  readonly mean: boolean;
  readonly over: Calculate['over'];
  readonly as: string;
  readonly left: boolean;
}

function totals(
  used: readonly Column[],
  { columns }: LowerContext,
  { mean, over, as, left }: Totals,
): readonly Step[] {
  const numbers = used.map(
    (column) => `cast(${asNumber(column)} as ${whole(column) && !mean ? 'bigint' : 'double'})`,
  );
  const list = `list_filter([${numbers.join(', ')}], x -> x is not null)`;
  const row = mean ? `list_avg(${list})` : `list_sum(${list})`;
  const typed = used.every(whole) && !mean ? `cast(${row} as bigint)` : `cast(${row} as double)`;
  const names = columns.map(({ name }) => quoteName(name));
  const added = over === 'col' ? [] : [`${typed} as ${quoteName(as)}`];
  const rows = left ? [...added, ...names] : [...names, ...added];
  if (over === 'row') return [rowWise(rows)];
  const total = columns.map((column) => {
    if (!used.includes(column)) return 'null';
    const sql = `${mean ? 'avg' : 'sum'}(${asNumber(column)})`;
    return whole(column) && !mean ? `cast(${sql} as bigint)` : `cast(${sql} as double)`;
  });
  const corner = over === 'col' ? [] : [`${mean ? 'avg' : 'sum'}(${quoteName(as)})`];
  const last = left ? [...corner, ...total] : [...total, ...corner];
  const inner = over === 'col' ? 'input' : `(select *, ${typed} as ${quoteName(as)} from input)`;
  const end = `select ${last.join(', ')}, coalesce(max(${ROW}), 0) + 1 from ${inner}`;
  return [{ ...engine(`select ${rows.join(', ')}, ${ROW} from input union all ${end}`), ordered: true }];
}

function whole({ type }: Column): boolean {
  return type.kind === 'int64' || type.kind === 'bool';
}
