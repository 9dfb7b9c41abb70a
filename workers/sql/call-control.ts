/**
 * What may end a call early: its deadline, `cancel`, or its socket's end. All of them are one AbortSignal whose reason is
 * the QueryError that the caller is told.
 */
import { QueryError } from '../errors.ts';

/** An abort signal for one call: the deadline's own error, or the one that `cancel` is given. */
export interface CallControl {
  readonly signal: AbortSignal;
  readonly deadlineAt: number;
  /** What the database calls the session while this call runs; left out: as it was connected. */
  readonly applicationName?: string;
  cancel(error: QueryError): void;
  dispose(): void;
}

export function createCallControl(deadlineAt: number): CallControl {
  const controller = new AbortController();
  const timer = setTimeout(
    () => controller.abort(new QueryError('deadline-exceeded', 'the query did not end in the time it had')),
    Math.max(0, deadlineAt - Date.now()),
  );
  return {
    signal: controller.signal,
    deadlineAt,
    cancel: (error) => controller.abort(error),
    dispose: () => clearTimeout(timer),
  };
}
