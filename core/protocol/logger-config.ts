/** The logger's slice of the configuration, in `init`. */
import type { AuditFileConfig } from './audit-config.ts';

export interface LoggerConfig {
  /** The path of the log file, or "-" for standard output (core/logging/standard-output.ts). Rotated files stand beside it (logger/store/names.ts). */
  readonly file: string;
  readonly maxBytes: number;
  /** The number of files kept, the current one included. */
  readonly maxFiles: number;
  /** Days for which a rotated file is kept; 0 sets no time limit, so that only `maxFiles` counts. */
  readonly maxAgeDays: number;
  readonly rotateEvery: 'day' | 'never';
  readonly compress: 'gzip' | 'none';
  readonly socketPath: string;
  /** The socket for sandboxed processes: it takes lines, and answers no questions. */
  readonly linesSocketPath: string;
  /** The directory with the children's raw stdout and stderr and with spilled lines. */
  readonly rawDir: string;
  /** The directory with one for each worker; the `raw` of sandboxed ones has the lines that they spilled. */
  readonly workersDir: string;
  /** Passwords of the connections, which are removed from raw output. */
  readonly secrets: readonly string[];
  /** null: nothing is audited. */
  readonly audit: AuditFileConfig | null;
}
