/** A log for tests that keeps its lines instead of writing them. */
import type { Log } from '../../core/logging/log.ts';

export interface KeptLine {
  readonly level: string;
  readonly event: string;
  readonly fields: object;
}

/** Returns the log, and its lines so far. */
export function keepingLog(): { readonly log: Log; readonly lines: KeptLine[] } {
  const lines: KeptLine[] = [];
  const at =
    (level: string) =>
    (event: string, fields: object = {}): void =>
      void lines.push({ level, event, fields });
  return { log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }, lines };
}

export const silentLog: Log = keepingLog().log;
