/** The failure of an answer that began and has no end: the server may still know why. */
import { ask } from './client.ts';
import { type Problem, ProblemError } from './problem.ts';

interface Told {
  readonly state: string;
  readonly rows: number | null;
  readonly error: { readonly code: string; readonly message: string } | null;
}

/** Resolves to what the server knows of a query; null when it does not answer, or knows nothing. */
export async function whatBecameOf(queryId: string): Promise<Told | null> {
  return await ask<Told>(`v1/queries/${encodeURIComponent(queryId)}`).catch(() => null);
}

export async function endedEarly(queryId: string, rowsArrived: number | null): Promise<ProblemError> {
  const error = (await whatBecameOf(queryId))?.error ?? null;
  const problem: Problem = {
    code: error?.code ?? 'ended-early',
    title: 'The answer ended early',
    detail: error?.message ?? 'the connection ended before the answer did',
    ...(rowsArrived === null ? {} : { rowsArrived }),
    status: 0,
    retryable: true,
  };
  return new ProblemError(problem);
}
