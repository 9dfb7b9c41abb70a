/**
 * `sample n [seed=k]` and `sample n% [seed=k]`: some of the rows, by chance, in their order. With a seed the choice
 * depends on the row's number and the seed alone: its hash (half an MD5, so that every engine computes the same).
 */
import { QueryError, type Span } from '../../core/protocol/errors.ts';
import type { Cursor } from '../frontends/forkline/cursor.ts';
import type { ResolvedStage } from '../resolve/graph.ts';
import { columnValue, keepColumns, ownCall, wholeNumber } from '../select/own-values.ts';
import type { Relation } from '../select/relation.ts';
import { BOOL, FLOAT64, INT64 } from '../types/rules.ts';
import type { Typed } from '../types/typed.ts';
import type { StageDefinition } from './kit/stage.ts';

/** The parsed arguments of the stage. */
export interface Syntax {
  /** A number of rows, or a percentage. */
  readonly amount: number;
  readonly percent: boolean;
  readonly seed: number | null;
}

interface Resolved extends Syntax, ResolvedStage {}

const USUAL = 'write `sample 100`, `sample 1%` or `sample 1% seed=7`';

function parseSeed(cursor: Cursor): number | null {
  if (cursor.acceptWord('seed') === null) return null;
  if (cursor.acceptSymbol('=') === null) cursor.fail('`=` is missing after `seed`', USUAL);
  const token = cursor.peek();
  const seed = Number(token.text);
  if (token.kind !== 'number' || !Number.isSafeInteger(seed)) cursor.fail('a seed is a whole number', USUAL);
  cursor.next();
  return seed;
}

function checkAmount(amount: number, percent: boolean, span: Span): void {
  if (percent ? amount <= 100 : Number.isSafeInteger(amount)) return;
  const message = percent
    ? 'there are at most 100%'
    : '`sample` takes a whole number of rows, or a percentage';
  throw new QueryError('wrong-arguments', message, { span, hint: USUAL });
}

/** A number from 0 to 2^64 - 1 for each row. */
function chance(row: string, seed: number | null): Typed {
  if (seed === null) return ownCall(FLOAT64, [], 'own/chance');
  const number = columnValue({ name: row, type: INT64 });
  return ownCall(FLOAT64, [number], 'own/seeded chance', [String(seed)]);
}

function below(column: string, percent: number): Typed {
  const millionths = BigInt(Math.round(percent * 1e6));
  const bound = (millionths * 2n ** 64n) / 100_000_000n;
  return ownCall(BOOL, [columnValue({ name: column, type: FLOAT64 })], 'own/below', [String(bound)]);
}

function choose({ amount, percent }: Syntax, relation: Relation, row: string, key: string): Relation {
  if (percent) return relation.filter(below(key, amount));
  return relation
    .sort([key, row].map((column) => ({ column, descending: false, nullsFirst: false })))
    .limit(wholeNumber(amount))
    .sort([{ column: row, descending: false, nullsFirst: false }]);
}

export const stage: StageDefinition<Syntax, Resolved> = {
  name: 'sample',
  aliases: [],
  docs: {
    syntax: 'sample n [seed=k]\nsample n% [seed=k]',
    summary: 'Keeps n rows, or n percent of them, chosen by chance.',
    notes:
      'The rows keep their order. With a seed the same input gives the same rows; without one, others each time. With `%` each row is chosen by itself, so that the number of rows varies.',
    examples: [
      { text: 'sample 3', summary: 'three rows' },
      { text: 'sample 80% seed=7', summary: 'about 80 percent, the same ones each time' },
    ],
  },
  parse(cursor) {
    const token = cursor.peek();
    if (token.kind !== 'number') cursor.fail('`sample` needs a number of rows or a percentage', USUAL);
    cursor.next();
    const amount = Number(token.text);
    const percent = cursor.acceptSymbol('%') ?? cursor.acceptWord('percent');
    checkAmount(amount, percent !== null, { start: token.start, end: (percent ?? token).end });
    return { amount, percent: percent !== null, seed: parseSeed(cursor) };
  },
  resolve: (syntax, input) => ({ ...syntax, columns: input.columns }),
  columnsUsed: (_, wanted) => wanted,
  emit(resolved, relation) {
    const row = relation.freeName('row');
    const numbered = relation.number(row);
    const key = numbered.freeName('chance');
    const drawn = numbered.assign(key, chance(row, resolved.seed));
    return choose(resolved, drawn, row, key).project(keepColumns(resolved.columns));
  },
  exactIn: () => ({ exact: false, why: 'its chance is drawn by the stage engine' }),
};
