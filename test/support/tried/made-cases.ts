/** The rows over which calls are tried: the values at the edges of types, in all combinations or in groups. */
import type { CaseColumn } from '../function-cases.ts';
import type { EdgeColumn } from './tried-database.ts';

const GREATEST_FLOAT = '1.7976931348623157e308';
const MOST_ROWS_EACH: Readonly<Record<number, number>> = { 1: 100, 2: 40, 3: 9 };

function rotated<T>(values: readonly T[], by: number): readonly T[] {
  return values.map((_, index) => values[(index * by + by) % values.length]!);
}

/** Every combination of values, null among them. */
export function crossProduct(columns: readonly CaseColumn[]): EdgeColumn[] {
  const lists = columns.map(({ texts }) =>
    [null, ...(columns.length > 2 ? rotated(texts, 5) : texts)].slice(0, MOST_ROWS_EACH[columns.length]),
  );
  const total = lists.reduce((product, list) => product * list.length, 1);
  return columns.map(({ type, column }, at) => {
    const after = lists.slice(at + 1).reduce((product, list) => product * list.length, 1);
    const list = lists[at]!;
    return {
      name: column,
      type,
      texts: Array.from({ length: total }, (_, row) => list[Math.floor(row / after) % list.length]!),
    };
  });
}

/** Groups of one value, of two with a null between, of equal ones, of all; and of null alone. */
export function groupsOf(columns: readonly CaseColumn[]): EdgeColumn[] {
  const longest = Math.max(1, ...columns.map(({ texts }) => texts.length));
  const groups = [
    [null],
    ...Array.from({ length: longest }, (_, at) => [[at], [at, null, at + 1], [at, at, at + 1]]).flat(),
  ];
  // All of them, but for the greatest float: whether a sum with it and infinity fails depends on the order.
  groups.push(
    Array.from({ length: longest }, (_, at) => at).filter((at) => columns[0]?.texts[at] !== GREATEST_FLOAT),
    [1, 2, 3, 1, 2, null, 5],
  );
  const numbers = groups.flatMap((group, index) => group.map(() => String(index + 1)));
  const cells = groups.flat();
  const values = columns.map(({ type, texts, column: name }, column) => ({
    name,
    type,
    texts: cells.map((at, row) =>
      at === null && (column === 0 || row % 2 === 0)
        ? null
        : texts[((at ?? 0) * (column + 1) + column) % texts.length]!,
    ),
  }));
  return [{ name: 'g', type: { kind: 'int64' }, texts: numbers }, ...values];
}
