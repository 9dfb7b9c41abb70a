/**
 * Which stages run in the database: the longest prefix of those that are exact there, one after the other. The first that
 * is not goes to the worker, and with it all that follow, but for two things that help it: the exact part of a condition
 * (`split`), and a limit behind stages that keep every row, which may cut the rows before they travel.
 */

import type { Span } from '../workers/errors.ts';
import { QueryError } from '../workers/errors.ts';
import { postgresNameFits } from './dialects/postgres-sql.ts';
import type { Pushdown } from './plan.ts';
import type { AnyStage, Exactness, ResolvedStage } from './stage.ts';
import type { Typed } from './typed.ts';
import type { Column } from './types.ts';

export interface PlaceableStage {
  readonly definition: AnyStage;
  readonly resolved: ResolvedStage;
  readonly index: number;
  readonly span: Span;
}

export interface Placement {
  /** The stages that run in the database; the last may be the exact part of the first of `rest`. */
  readonly placed: readonly PlaceableStage[];
  readonly rest: readonly PlaceableStage[];
  /** Rows that the rest needs at most, the first ones; null: all. */
  readonly atMost: Typed | null;
  /** For each stage of the query why it runs where it does. */
  readonly why: readonly string[];
}

/** PostgreSQL plans a statement by recursion over it: far below where its stack ends. */
const MAX_PLACED = 100;

/** Throws `not-pushable` where `require` is not met. */
export function decidePlacement(
  source: readonly Column[],
  stages: readonly PlaceableStage[],
  pushdown: Pushdown,
): Placement {
  if (pushdown === 'off')
    return { placed: [], rest: stages, atMost: null, why: stages.map(() => 'pushdown is off') };
  const verdicts = verdictsOf(source, stages);
  const count = verdicts.findIndex((verdict) => !verdict.exact);
  if (count === -1)
    return { placed: stages, rest: [], atMost: null, why: stages.map(() => 'exact in PostgreSQL') };
  const first = stages[count]!;
  const verdict = verdicts[count]!;
  const because = verdict.exact ? '' : verdict.why;
  if (pushdown === 'require') throw notPushable(first, because);
  const parts = count < MAX_PLACED ? (first.definition.split?.(first.resolved) ?? null) : null;
  const placed = stages.slice(0, count);
  const rest = stages.slice(count);
  const why = stages.map((stage, index) => reason(stage, index - count, first, because, parts !== null));
  if (parts === null) return { placed, rest, atMost: limitOf(rest), why };
  return {
    placed: [...placed, { ...first, resolved: parts[0] }],
    rest: [{ ...first, resolved: parts[1] }, ...rest.slice(1)],
    atMost: null,
    why,
  };
}

/** Until the first that is not exact. */
function verdictsOf(source: readonly Column[], stages: readonly PlaceableStage[]): readonly Exactness[] {
  const verdicts: Exactness[] = [];
  let columns = source;
  for (const [index, { definition, resolved }] of stages.entries()) {
    const names = longName([...columns, ...resolved.columns]);
    const verdict: Exactness =
      index >= MAX_PLACED
        ? { exact: false, why: `one statement has at most ${MAX_PLACED} stages` }
        : (names ?? definition.exactInPostgres(resolved));
    verdicts.push(verdict);
    if (!verdict.exact) break;
    columns = resolved.columns;
  }
  return verdicts;
}

function longName(columns: readonly Column[]): Exactness | null {
  const long = columns.find(({ name }) => !postgresNameFits(name));
  if (long === undefined) return null;
  return { exact: false, why: `PostgreSQL would cut the long name of the column \`${long.name}\`` };
}

function reason(
  stage: PlaceableStage,
  behind: number,
  first: PlaceableStage,
  because: string,
  isSplit: boolean,
): string {
  if (behind < 0) return 'exact in PostgreSQL';
  if (behind > 0) return `it follows \`${first.definition.name}\`, which runs in a worker`;
  return isSplit && stage === first ? `${because}; the part before that runs in the database` : because;
}

/** `head` behind stages that keep each row: the limit holds for the rows that they read, too. */
function limitOf(rest: readonly PlaceableStage[]): Typed | null {
  const next = rest.find(({ definition }) => definition.rowByRow !== true);
  return next?.definition.keepsFirst?.(next.resolved) ?? null;
}

function notPushable({ definition, index, span }: PlaceableStage, why: string): QueryError {
  return new QueryError('not-pushable', `\`${definition.name}\` cannot run in the database: ${why}`, {
    span,
    stage: { index, name: definition.name },
    hint: 'leave `pushdown` at `auto`: then it runs in a worker; or compute it in the SQL',
  });
}
