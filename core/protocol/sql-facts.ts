/**
 * Facts about a SQL text beyond its columns: how its answer may change while no row of a table changes, and which tables it
 * reads. Whoever keeps answers asks for them; a query that is only run needs none.
 *
 * They err to one side: an answer may change less than they say, and fewer tables may be read than they list. What is not known
 * is `unknown`, never a guess.
 */

/**
 * The ways in which an answer may change while the tables stay the same. `immutable`: not at all. `stable`: as time passes, or with the
 * session's role and settings (`now()`, `current_user`). `volatile`: each time it is computed (`random()`). `unknown`: as a
 * volatile one, for all that is known.
 */
export type Volatility = 'immutable' | 'stable' | 'volatile' | 'unknown';

export interface SqlFacts {
  readonly volatility: Volatility;
  /** The tables and views that are read, and those that views and functions read in turn; null when they are not known. */
  readonly tables: readonly TableName[] | null;
  /** The files that hold all that is read: as long as they stay as they are, so does the answer. Left out where files do not tell. */
  readonly files?: readonly string[];
  /** The reasons for a volatility above `immutable` and for unknown tables, for people. */
  readonly because: readonly string[];
}

export interface TableName {
  readonly schema: string;
  readonly name: string;
}

/**
 * The names in a text that its database must say more about, found by a dialect's grammar. They are spelled as the database
 * folds them; `schema` is null where the search path decides.
 */
export interface SqlNames {
  readonly relations: readonly { readonly schema: string | null; readonly name: string }[];
  /** Names that the text gives to queries of its own (`with name as`); a relation of such a name may be that query. */
  readonly commonTables: readonly string[];
  readonly functions: readonly NamedFunction[];
  readonly operators: readonly string[];
  /** The volatility of everything else in the text, such as `current_date`. */
  readonly syntax: Exclude<Volatility, 'unknown'>;
}

export interface NamedFunction {
  readonly schema: string | null;
  readonly name: string;
  /** The form of the call, as in `FunctionUse` (plan.ts). */
  readonly as: 'call' | 'value' | 'row';
}

const ORDER: readonly Volatility[] = ['immutable', 'stable', 'unknown', 'volatile'];

/** Returns the volatility of something that has parts with these. */
export function worstOf(parts: readonly Volatility[]): Volatility {
  return ORDER[Math.max(0, ...parts.map((part) => ORDER.indexOf(part)))]!;
}

/** Returns the facts of a text about which nothing can be known, for this reason. */
export function unknownFacts(reason: string): SqlFacts {
  return { volatility: 'unknown', tables: null, because: [reason] };
}
