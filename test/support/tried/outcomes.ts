/**
 * Computes many expressions over the table `cases` in few statements: all at once, and in halves where that fails, until the expressions and
 * rows that fail stand alone.
 */
import { type CasesEngine, type Expression, FAILED, type Outcome } from './tried-database.ts';

/** The rows that an expression sees: each by itself, those of each `g` together, or each among those of its `g` (windows). */
export type Shape = 'row' | 'group' | 'over';

/** The table `cases` as a shape sees it: what fails by itself is a unit, a row or all rows of a `g`. */
export interface Cases {
  readonly shape: Shape;
  /** The keys of the outcomes of each unit, from 1 without a gap: `i`, or `g` where rows are grouped. */
  readonly units: ReadonlyMap<number, readonly number[]>;
}

/** The most expressions of a statement. */
const MOST_AT_ONCE = 40;

/** Returns the cases of rows whose `g` are these; null where there is no `g`. */
export function casesOf(shape: Shape, rows: number, groups: readonly (string | null)[] | null): Cases {
  const units = new Map<number, number[]>();
  for (let row = 1; row <= rows; row++) {
    const unit = shape === 'row' || groups === null ? row : Number(groups[row - 1]);
    const keys = units.get(unit) ?? [];
    units.set(unit, keys);
    if (shape !== 'group') keys.push(row);
    else if (keys.length === 0) keys.push(unit);
  }
  return { shape, units };
}

/**
 * Resolves to the outcomes of each expression, by their keys. `awaited` are outcomes of another engine: what failed there is computed
 * alone at once, so that it makes nothing else fail.
 */
export async function outcomesOf(
  engine: CasesEngine,
  expressions: readonly Expression[],
  cases: Cases,
  awaited?: readonly (readonly Outcome[])[],
): Promise<Outcome[][]> {
  const run = new Run(engine, expressions, cases);
  const all = [...cases.units.keys()];
  const together: number[] = [];
  for (const at of expressions.keys()) {
    const failing = all.filter((unit) =>
      cases.units.get(unit)!.some((key) => awaited?.[at]?.[key - 1] === FAILED),
    );
    if (failing.length === 0) together.push(at);
    else await run.apart(at, all, failing);
  }
  for (let at = 0; at < together.length; at += MOST_AT_ONCE)
    await run.fill(together.slice(at, at + MOST_AT_ONCE), all);
  return run.outcomes;
}

class Run {
  readonly outcomes: Outcome[][];
  readonly #engine: CasesEngine;
  readonly #expressions: readonly Expression[];
  readonly #cases: Cases;

  constructor(engine: CasesEngine, expressions: readonly Expression[], cases: Cases) {
    this.#engine = engine;
    this.#expressions = expressions;
    this.#cases = cases;
    this.outcomes = expressions.map(() => []);
  }

  /** Computes the expressions in these units: in one statement, or in halves. */
  async fill(expressions: readonly number[], units: readonly number[]): Promise<void> {
    if (units.length === 0 || expressions.length === 0) return;
    const rows = await this.#engine.rows(this.#statement(expressions, this.#where(units))).catch(() => null);
    if (rows !== null) this.#take(expressions, units, rows);
    else if (expressions.length > 1) for (const half of halves(expressions)) await this.fill(half, units);
    else if (units.length > 1) for (const piece of pieces(units)) await this.fill(expressions, piece);
    else this.#set(expressions[0]!, units[0]!, FAILED);
  }

  /** Computes an expression in the units that should not fail, and in each of the others by itself. */
  async apart(expression: number, all: readonly number[], failing: readonly number[]): Promise<void> {
    const alone = new Set(failing);
    await this.fill(
      [expression],
      all.filter((unit) => !alone.has(unit)),
    );
    // Rows of windows have several outcomes.
    if (this.#engine.each === undefined || this.#cases.shape === 'over') {
      for (const unit of failing) await this.fill([expression], [unit]);
      return;
    }
    const one = `SELECT t0 FROM (${this.#statement([expression], ` WHERE ${this.#unit} = $1`)}) AS one`;
    const found = await this.#engine.each(one, failing);
    for (const [at, unit] of failing.entries()) this.#set(expression, unit, found[at]!);
  }

  get #unit(): string {
    return this.#cases.shape === 'row' ? 'i' : 'g';
  }

  #where(units: readonly number[]): string {
    const { size } = this.#cases.units;
    if (units.length === size) return '';
    if (units.length <= size / 2) return ` WHERE ${this.#unit} IN (${units.join(', ')})`;
    const named = new Set(units);
    const others = [...this.#cases.units.keys()].filter((unit) => !named.has(unit));
    return ` WHERE ${this.#unit} NOT IN (${others.join(', ')})`;
  }

  #statement(expressions: readonly number[], where: string): string {
    const { cast, printed } = this.#engine;
    const [key, grouping] = this.#cases.shape === 'group' ? ['g', ' GROUP BY g'] : ['i', ''];
    const of = expressions.map((at) => this.#expressions[at]!);
    const values = of.map(
      ({ sql, type }, place) => `(${cast === undefined ? sql : cast(sql, type)}) AS v${place}`,
    );
    const texts = of.map(({ type }, place) => `${printed(`v${place}`, type)} AS t${place}`);
    return `SELECT ${['k', ...texts].join(', ')} FROM (SELECT ${[`${key} AS k`, ...values].join(', ')} FROM cases${where}${grouping}) AS t`;
  }

  #take(
    expressions: readonly number[],
    units: readonly number[],
    rows: readonly (readonly (string | null)[])[],
  ): void {
    const awaited = units.reduce((sum, unit) => sum + this.#cases.units.get(unit)!.length, 0);
    if (rows.length !== awaited) throw new Error(`${rows.length} rows instead of ${awaited}`);
    for (const [key, ...cells] of rows)
      for (const [place, at] of expressions.entries()) {
        this.outcomes[at]![Number(key) - 1] = cells[place]!;
      }
  }

  #set(expression: number, unit: number, outcome: Outcome): void {
    for (const key of this.#cases.units.get(unit)!) this.outcomes[expression]![key - 1] = outcome;
  }
}

function halves<T>(all: readonly T[]): readonly (readonly T[])[] {
  const middle = Math.ceil(all.length / 2);
  return [all.slice(0, middle), all.slice(middle)];
}

/** Returns the units in pieces: those that fail mostly follow each other. */
function pieces(units: readonly number[]): readonly (readonly number[])[] {
  const length = Math.floor(Math.sqrt(units.length));
  const count = Math.ceil(units.length / length);
  return Array.from({ length: count }, (_, at) => units.slice(at * length, (at + 1) * length));
}
