/** The logger's slice of the configuration, in `init`. */
export interface LoggerConfig {
  /** The one log file, or "-" (core/logging/standard-output.ts); rotated ones stand beside it (see logger/store/names.ts). */
  readonly file: string;
  readonly maxBytes: number;
  /** Files kept, the current one included. */
  readonly maxFiles: number;
  /** Days that a rotated file is kept; 0: for ever, as far as maxFiles allows. */
  readonly maxAgeDays: number;
  readonly rotateEvery: 'day' | 'never';
  readonly compress: 'gzip' | 'none';
  readonly socketPath: string;
  /** Where children's raw stdout and stderr and spilled lines are found. */
  readonly rawDir: string;
  /** Passwords of the connections: raw output is searched for them. */
  readonly secrets: readonly string[];
}
