/** A micro-benchmark: something hot, measured alone in a process of its own. */
export interface BenchCase {
  /** One figure: the time of one operation, in the case's unit, averaged over as many as take some tens of ms. */
  measure(): Promise<number>;
  /** Runs before the process ends. */
  close?(): Promise<void>;
}

export interface BenchCaseInfo {
  readonly name: string;
  readonly title: string;
  readonly unit: 'ns' | 'us' | 'ms';
  /** The number of figures that one process takes, after as many warm-ups as said. */
  readonly figures: number;
  readonly warmUps: number;
}

/** The module of a case exports this. */
export type OpenCase = () => Promise<BenchCase>;

/** One line on stdout of run-case.ts. */
export interface CaseReport {
  readonly name: string;
  readonly values: readonly number[];
}

/** Milliseconds that `work` takes. */
export function timeOf(work: () => void): number {
  const startedAt = performance.now();
  work();
  return performance.now() - startedAt;
}
