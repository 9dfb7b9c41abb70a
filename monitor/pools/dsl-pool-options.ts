/** The ties between a generation and its stock of DSL workers (monitor/pools/dsl-pool.ts). */
import type { RecycleLimit } from '../../core/protocol/monitor.ts';
import type { Brake } from '../children/brake.ts';
import type { ChildEnd, ChildEvents, ManagedChild } from '../children/managed-child.ts';
import type { DslEndingsDeps } from './dsl-endings.ts';
import type { DslPolicy } from './dsl-rules.ts';

/** What the stock of DSL workers takes from its generation. */
export interface DslPoolOptions extends DslEndingsDeps {
  readonly policy: DslPolicy;
  readonly brake: Brake;
  launch(slot: number, events: ChildEvents): ManagedChild;
  onReady(child: ManagedChild): void;
  /** It ended without being asked to. */
  onLost(child: ManagedChild, end: ChildEnd): void;
  onGone(child: ManagedChild): void;
  onRecycled(limit: RecycleLimit): void;
  onWarmMiss(): void;
}

/** A query that runs in a DSL worker now. */
export interface LeasedQuery {
  readonly workerId: string;
  readonly queryId: string;
  readonly rssBytes: number;
}
