/**
 * Ends a call early: at its deadline, by `cancel`, or when its socket has ended. All of these are one Cancellation, with whose
 * reason the call fails.
 */
import { Cancellation } from '../../core/process/cancellation.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import type { SourceProgress } from '../../core/protocol/source-progress.ts';

type TellProgress = (progress: SourceProgress) => void;

export interface CallControl {
  readonly cancellation: Cancellation;
  readonly deadlineAt: number;
  /** The name that the database shows for the session during this call; when left out, the name of the connection. */
  readonly applicationName?: string;
  /** Tells the server how far the database has come; left out: nobody asks. */
  readonly onProgress?: TellProgress | undefined;
  dispose(): void;
}

export function createCallControl(deadlineAt: number, onProgress?: TellProgress): CallControl {
  const cancellation = new Cancellation();
  const timer = setTimeout(
    () =>
      cancellation.cancel(new QueryError('deadline-exceeded', 'the query did not end in the time it had')),
    Math.max(0, deadlineAt - Date.now()),
  );
  return { cancellation, deadlineAt, onProgress, dispose: () => clearTimeout(timer) };
}
