/** Values as the texts that stages show, where PostgreSQL writes them as the stage engine does. */
import { type ExprType, isUnsized } from '../../types/rules.ts';

/** Types whose texts are others: of a float64 the shortest digits differ at the edges (1e23), bytes and lists have no cast. */
const OTHERWISE: ReadonlySet<ExprType['kind']> = new Set(['float64', 'bytes', 'list', 'json', 'null']);

export function isShownAlike({ kind }: ExprType): boolean {
  return !OTHERWISE.has(kind);
}

/** Text of a value for which `isShownAlike` is true. */
export function shownInPostgres(value: string, type: ExprType): string {
  if (type.kind === 'string') return value;
  return `CAST(${isUnsized(type) ? `trim_scale(${value})` : value} AS text)`;
}
