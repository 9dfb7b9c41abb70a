/**
 * What may end a call early: its deadline, `cancel`, or its socket's end. All of them are one Cancellation, whose reason
 * the caller is told.
 */
import { Cancellation } from '../../core/process/cancellation.ts';
import { QueryError } from '../../core/protocol/errors.ts';

export interface CallControl {
  readonly cancellation: Cancellation;
  readonly deadlineAt: number;
  /** What the database calls the session while this call runs; left out: as it was connected. */
  readonly applicationName?: string;
  dispose(): void;
}

export function createCallControl(deadlineAt: number): CallControl {
  const cancellation = new Cancellation();
  const timer = setTimeout(
    () =>
      cancellation.cancel(new QueryError('deadline-exceeded', 'the query did not end in the time it had')),
    Math.max(0, deadlineAt - Date.now()),
  );
  return { cancellation, deadlineAt, dispose: () => clearTimeout(timer) };
}
