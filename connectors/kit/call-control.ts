/**
 * Ends a call early: at its deadline, by `cancel`, or when its socket has ended. All of these are one Cancellation, with whose
 * reason the call fails.
 */
import { Cancellation } from '../../core/process/cancellation.ts';
import { QueryError } from '../../core/protocol/errors.ts';

export interface CallControl {
  readonly cancellation: Cancellation;
  readonly deadlineAt: number;
  /** The name that the database shows for the session during this call; when left out, the name of the connection. */
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
