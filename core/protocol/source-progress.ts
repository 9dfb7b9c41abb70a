/** The progress of a query's statements, as databases that tell it (Spark) report it while they run. */

/** A statement that runs, or ran. Counts only grow while it does. */
export interface SourceProgress {
  /** The name under which the database's own page shows the statement. */
  readonly operation: string;
  /** Parts that follow each other. */
  readonly stages: number;
  readonly stagesDone: number;
  /** Parts of stages, which run at the same time. */
  readonly tasks: number;
  readonly tasksDone: number;
  readonly tasksRunning: number;
  readonly bytesRead: number;
}

export interface NamedProgress extends SourceProgress {
  readonly connection: string;
}

/** A message that a SQL worker sends while a call runs. */
export interface ProgressMessage {
  readonly type: 'progress';
  readonly queryId: string;
  readonly progress: NamedProgress;
}
