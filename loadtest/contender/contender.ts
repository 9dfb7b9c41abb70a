/** What is measured: a server that answers queries, and how its processes can be looked at. */
export type ContenderName = 'forkline' | 'baseline' | 'duckdb';

export interface Contender {
  readonly name: ContenderName;
  /** For people. */
  readonly label: string;
  readonly url: string;
  /** Of the process that all its others descend from; null: it runs elsewhere, or may. */
  readonly rootPid: number | null;
  stop(): Promise<void>;
}

export const LABELS: Readonly<Record<ContenderName, string>> = {
  forkline: 'Forkline',
  baseline: 'one process',
  duckdb: 'one process with DuckDB',
};

/** The same number of database connections for everybody: Forkline's default on two cores. */
export const POOL_SIZE = 8;

/** Forkline's dsl.max: what must be kept busy to keep all of it busy. */
export const DSL_SLOTS = 4;
