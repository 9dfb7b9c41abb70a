/** A contender is what is measured: a server that answers queries, and how its processes can be looked at. */
export type ContenderName = 'forkline' | 'baseline' | 'duckdb' | 'polars';

export interface Contender {
  readonly name: ContenderName;
  /** For people. */
  readonly label: string;
  readonly url: string;
  /** Pid of the process that all its others descend from; null when it may run elsewhere. */
  readonly rootPid: number | null;
  stop(): Promise<void>;
}

export const LABELS: Readonly<Record<ContenderName, string>> = {
  forkline: 'Forkline',
  baseline: 'one process',
  duckdb: 'one process with DuckDB',
  polars: 'polars with connectorx',
};

/** Number of database connections of each contender: Forkline's default on two cores. */
export const POOL_SIZE = 8;

/** Forkline's dsl.max: what must be kept busy to keep all of it busy. */
export const DSL_SLOTS = 4;
