/** The monitor's log, whose lines about acts of administration become audit records as well. */
import type { LogIdentity } from '../core/logging/client.ts';
import type { LogClient, LogLevel } from '../core/logging/log.ts';

const ACTS: ReadonlySet<string> = new Set([
  'listening',
  'reload',
  'reloaded',
  'reload-failed',
  'reload-needs-restart',
  'scaled',
  'drain',
  'kill-all',
  'swept',
]);

/** Returns the log itself when nothing is audited; only otherwise the client is loaded. */
export async function auditedLog(
  log: LogClient,
  file: string | null,
  identity: LogIdentity,
): Promise<LogClient> {
  if (file === null) return log;
  const { AuditClient } = await import('../core/audit/audit-client.ts');
  const audit = new AuditClient(identity);
  const at =
    (level: LogLevel) =>
    (event: string, fields: object = {}): void => {
      log[level](event, fields);
      if (ACTS.has(event)) audit.write(event, fields);
    };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    async close(timeoutMs) {
      await Promise.all([log.close(timeoutMs), audit.close(timeoutMs)]);
    },
  };
}
