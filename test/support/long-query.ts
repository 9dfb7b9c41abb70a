/** A query that is caught in the middle: started, and seen to run by its workers. */
import type { ProcessRow } from '../../core/protocol/monitor.ts';
import type { TestDatabase } from './database.ts';
import { recordFigure } from './figures.ts';
import type { Answer, Forkline, QueryInit } from './forkline.ts';
import { until } from './until.ts';

const DEADLINE_MS = 10_000;

export interface LongQuery {
  readonly answer: Promise<Answer>;
  /** The process of that role that works on it. */
  pidOf(role: 'sql' | 'dsl'): number;
}

/** Resolves once `roles` of workers are on it. */
export async function startLongQuery(
  forkline: Forkline,
  text: string,
  roles: readonly ('sql' | 'dsl')[],
  init: QueryInit = {},
): Promise<LongQuery> {
  const queryId = `long-${Math.random().toString(36).slice(2)}`;
  const answer = forkline.query(text, { ...init, headers: { ...init.headers, 'Query-Id': queryId } });
  answer.catch(() => {}); // the waiting test sees the error
  const rows = await until(
    async () => {
      const { status, json } = await forkline.get(`/v1/queries/${queryId}`);
      if (status !== 200) return null;
      const pids = json.workerPids as number[];
      const found = (await forkline.processes()).filter(({ pid }) => pids.includes(pid));
      return roles.every((role) => found.some((row) => row.role === role)) ? found : null;
    },
    DEADLINE_MS,
    `${text} runs in ${roles}`,
  );
  return { answer, pidOf: (role) => rows.find((row) => row.role === role)!.pid };
}

export function codeOf(answer: Answer): string {
  return answer.status === 200 ? 'ok' : (JSON.parse(answer.text) as { code: string }).code;
}

export async function rowOf(forkline: Forkline, pid: number): Promise<ProcessRow | undefined> {
  return (await forkline.processes()).find((row) => row.pid === pid);
}

/** Statements that run in the database for its readers and have `marker` in their text. */
export async function activeBackends(database: TestDatabase, marker: string): Promise<number> {
  const { rows } = await database.admin(
    "select count(*)::int as n from pg_stat_activity where state = 'active' and query like $1 and pid <> pg_backend_pid()",
    [`%${marker}%`],
  );
  return rows[0].n;
}

/** Within two seconds, as docs/reliability.md promises. */
export async function answersAgain(
  forkline: Forkline,
  text: string,
  withinMs = 2000,
  figure?: string,
): Promise<void> {
  let last = '';
  const startedAt = performance.now();
  await until(
    async () => {
      const answer = await forkline.query(text);
      last = answer.text;
      return answer.status === 200;
    },
    withinMs,
    `${text} answers again`,
  ).catch((error: Error) => {
    throw new Error(`${error.message}; last: ${last.slice(0, 300)}`, { cause: error.cause });
  });
  if (figure !== undefined) recordFigure(figure, performance.now() - startedAt, 'ms');
}
