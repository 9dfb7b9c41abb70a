/** The audit in the logger process: its files, the way into them, and the sender of its head. */

import type { ChainHead } from '../../core/audit/chain.ts';
import type { Log } from '../../core/logging/log.ts';
import type { AuditFileConfig } from '../../core/protocol/audit-config.ts';
import type { WriteGap } from '../intake/file-transport.ts';
import type { Route } from '../intake/merger.ts';
import { createPipeline } from '../intake/pipeline.ts';
import { AuditStore } from './audit-store.ts';
import { HeadSender } from './head-sender.ts';

export interface Audit {
  readonly route: Route;
  readonly head: ChainHead;
  /** Ends what looks after old files, and sends the last head. The pipeline must be drained by then. */
  stop(): Promise<void>;
}

/** Rejects when the file cannot be opened, or when its end is not the audit's own. */
export async function openAudit(
  config: AuditFileConfig,
  retryMs: number,
  log: Log,
  onGap: (gap: WriteGap) => void,
): Promise<Audit> {
  const store = await AuditStore.open(config, log, Date.now);
  const pipeline = createPipeline({ file: store, retryMs, onGap });
  const { headTo, headEverySeconds } = config;
  const sender =
    headTo === null
      ? null
      : new HeadSender({ to: headTo, everyMs: headEverySeconds * 1000, log, head: () => store.head });
  return {
    route: { pipeline, lastSeq: (stream) => store.lastSeq(stream) },
    get head() {
      return store.head;
    },
    async stop() {
      await Promise.all([store.stop(), sender?.stop()]);
    },
  };
}
