/** The logger's slice of the configuration, in `init`. */
export interface LoggerConfig {
  /** The one log file; rotated ones stand beside it as `<file>.1` ... */
  readonly file: string;
  readonly maxBytes: number;
  readonly maxFiles: number;
  readonly socketPath: string;
  /** Where children's raw stdout and stderr and spilled lines are found. */
  readonly rawDir: string;
}
