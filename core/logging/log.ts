/** The interface that every process logs with. An event is a short kebab-case name; what varies goes into the fields. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface Log {
  debug(event: string, fields?: object): void;
  info(event: string, fields?: object): void;
  warn(event: string, fields?: object): void;
  error(event: string, fields?: object): void;
}

/** A Log that owns a connection to the logger process. Never throws, never blocks its caller. */
export interface LogClient extends Log {
  /** Ends when every line so far is in the log file or in the spill file. */
  close(timeoutMs: number): Promise<void>;
}
