/** The server's audit; null where none is configured, and then nothing of it is loaded. */

import type { LogIdentity } from '../../core/logging/client.ts';
import type { AuditConfig } from '../../core/protocol/audit-config.ts';
import type { Audit } from './audit.ts';

export async function createAudit(config: AuditConfig, identity: LogIdentity): Promise<Audit | null> {
  if (config.file === null) return null;
  const [{ AuditClient }, { Audit }] = await Promise.all([
    import('../../core/audit/audit-client.ts'),
    import('./audit.ts'),
  ]);
  return new Audit(new AuditClient(identity), config);
}
