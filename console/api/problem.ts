/**
 * A failure as the server tells it: an RFC 9457 problem document, whose members docs/errors.md describes. What never reached
 * the server, and an answer that ended early, are told in the same form, so that every panel shows failures in one way.
 */
export interface Problem {
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly status: number;
  readonly hint?: string;
  readonly position?: {
    readonly line: number;
    readonly column: number;
    readonly endLine: number;
    readonly endColumn: number;
  };
  readonly suggestions?: readonly string[];
  readonly retryable?: boolean;
  readonly queryId?: string;
  /** The rows that had arrived when the answer ended early; they are not all. */
  readonly rowsArrived?: number;
}

export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

/** Returns the failure of a request that got no whole answer. */
export function unreachable(thrown: unknown): ProblemError {
  if (thrown instanceof ProblemError) return thrown;
  const detail = thrown instanceof Error ? thrown.message : String(thrown);
  return new ProblemError({ code: 'unreachable', title: 'No answer', detail, status: 0, retryable: true });
}
