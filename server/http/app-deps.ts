/** The objects that the routes need: made once in main.ts, or by tests. */
import type { StoredConnectionBook } from '../../catalogue/connections/stored.ts';
import type { LogSearch } from '../../core/logging/search-client.ts';
import type { Principal } from '../../core/protocol/principal.ts';
import type { BodyBudget } from '../admission/body-budget.ts';
import type { LateRefusals } from '../answer/late-refusals.ts';
import type { Encryption } from '../encryption/encryption.ts';
import type { Results } from '../kept/setup.ts';
import type { MonitorReport } from '../observe/process-list.ts';
import type { ConnectionsLink } from '../query/connections-link.ts';
import type { QueryHandlerDeps } from '../query/handler-deps.ts';
import type { CatalogueHandlers, ConnectionHandlers } from './catalogue-paths.ts';
import type { Gate } from './gate.ts';
import type { PublishedModels } from './openapi.ts';

export interface AppDeps extends QueryHandlerDeps {
  /** Rejects when the monitor does not answer. */
  readonly askMonitor: () => Promise<MonitorReport>;
  readonly logSearch: LogSearch;
  readonly isLogStored: boolean;
  readonly bodies: BodyBudget;
  readonly gate: Gate;
  readonly lateRefusals: LateRefusals;
  /** null: no keys are configured. */
  readonly encryption: Encryption | null;
  /** Left out where no results are kept. */
  readonly results?: Results;
  /** The connections of the store; null: none is configured. */
  readonly storedConnections: StoredConnectionBook | null;
  readonly connectionsLink: ConnectionsLink;
  readonly connectionHandlers: (deps: AppDeps) => ConnectionHandlers;
  /** Returns the published models that a principal may know of; null: no store is configured. Never rejects. */
  readonly publishedModels: ((principal: Principal) => Promise<PublishedModels>) | null;
  /** null: no store is configured. */
  readonly catalogueHandlers: ((deps: AppDeps) => CatalogueHandlers) | null;
}
