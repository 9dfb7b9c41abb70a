/** SQL over files as a part of the stage engine's own statement. */
import type {
  Plan,
  PlanRequest,
  ScanFacts,
  ScanSql,
  ScansAsk,
  SourceDescription,
  UnjudgedSource,
} from '../../core/protocol/plan.ts';
import type { TableViews } from '../../core/protocol/shown-rows.ts';
import type { BoundSql } from '../source/sql.ts';

/** `bound`: the user's SQL as it stands in `sql`. */
export function scanOf(
  { connection, sql }: Pick<UnjudgedSource, 'connection' | 'sql'>,
  bound: BoundSql,
  { columns }: SourceDescription,
  views: TableViews | null,
): ScanSql {
  return { connection, sql, described: { sql: bound.sql, columns }, views };
}

const ASK_KEY = 'scans';

/** Returns which files the scans of the plan would read, or the ask for it. */
export function scansOf(
  plan: Plan,
  { answers }: Pick<PlanRequest, 'answers'>,
):
  | { readonly kind: 'scans'; readonly scans: readonly ScanFacts[] }
  | { readonly kind: 'ask'; readonly asks: readonly ScansAsk[] } {
  if (plan.worker?.inputs.some(({ scan }) => scan !== undefined) !== true)
    return { kind: 'scans', scans: [] };
  const answer = answers[ASK_KEY];
  return answer?.kind === 'scans' ? answer : { kind: 'ask', asks: [{ kind: 'scans', key: ASK_KEY, plan }] };
}

const NUMBER = new Intl.NumberFormat('en-US');

/** Says what a scan reads, for people: `sales: 1 of 24 files, 3 of 40 row groups, 2 of 9 columns, 1,204 of 88,213 bytes`. */
export function scanText({ tables }: ScanFacts): string {
  const texts = tables.map(({ table, files, rowGroups, columns, bytes }) => {
    const shares = { files, 'row groups': rowGroups, columns, bytes };
    const told = Object.entries(shares).flatMap(([what, share]) =>
      share === null ? [] : [`${NUMBER.format(share.read)} of ${NUMBER.format(share.of)} ${what}`],
    );
    return `${table}: ${told.join(', ')}`;
  });
  return texts.join('; ');
}
