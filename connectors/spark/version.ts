/** The version of a Spark: one that is too old is refused, and errors of one that was not tried say which it is. */
import { type ErrorCode, QueryError } from '../../core/protocol/errors.ts';
import type { Finding, Notice } from '../kit/connector.ts';

/** The version that stages and types were tried on. */
const TRIED = '4.2';
/** Older ones take no bound values by Spark Connect, and read SQL otherwise than our judge. */
const LEAST_MAJOR = 4;

/** Errors that may mean that a version lacks something. */
const MAY_LACK: ReadonlySet<ErrorCode> = new Set([
  'sql-syntax',
  'unknown-function',
  'sql-error',
  'stale-plan',
] as const);

/** Says why queries cannot be sent to a Spark of this version; null: they can. */
export function versionProblem(version: string): string | null {
  const major = Number.parseInt(version, 10);
  if (Number.isNaN(major) || major >= LEAST_MAJOR) return null;
  return `its version is ${version}, and Forkline needs Spark ${LEAST_MAJOR} or newer (${TRIED} was tried)`;
}

function isTried(version: string): boolean {
  return version === TRIED || version.startsWith(`${TRIED}.`);
}

export function versionNotices(version: string): readonly Notice[] {
  if (isTried(version)) return [];
  return [{ level: 'warn', event: 'database-version-untried', fields: { version, tried: TRIED } }];
}

export function versionFinding(version: string): Finding {
  if (isTried(version)) return { level: 'ok', text: `Spark ${version} answers` };
  const text = `Spark ${version} answers; stages were tried in ${TRIED} only: \`set pushdown = off;\` before a query keeps them out of it`;
  return { level: 'note', text };
}

/** Returns the error with the server's version, where it may come of that. */
export function ofVersion(thrown: unknown, version: string): unknown {
  if (!(thrown instanceof QueryError) || isTried(version)) return thrown;
  const { code, details } = thrown;
  if (!MAY_LACK.has(code) || details.sqlFault === 'value') return thrown;
  const own = details.hint === undefined ? '' : `${details.hint} `;
  return thrown.with({
    hint: `${own}The server is Spark ${version}, which may lack what ${TRIED} has; Forkline writes its SQL for that.`,
  });
}
