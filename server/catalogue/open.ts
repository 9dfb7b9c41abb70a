/** Opens the catalogue where a store is configured; without one nothing of it is loaded. */
import type { Catalogue } from '../../catalogue/catalogue.ts';
import type { Log } from '../../core/logging/log.ts';
import type { Principal } from '../../core/protocol/principal.ts';
import type { StoreConfig } from '../../core/protocol/server-config.ts';
import type { AppDeps } from '../http/app-deps.ts';
import type { CatalogueHandlers } from '../http/catalogue-paths.ts';
import type { PublishedModels } from '../http/openapi.ts';
import type { ConnectionsLink } from '../query/connections-link.ts';

export interface OpenCatalogue {
  readonly catalogue: Catalogue;
  handlers(deps: AppDeps): CatalogueHandlers;
  published(principal: Principal): Promise<PublishedModels>;
  /** Begins to check contracts on schedule. */
  watchContracts(deps: Pick<AppDeps, 'run' | 'log' | 'tracing'>): void;
  close(): Promise<void>;
}

export async function openCatalogue(
  store: StoreConfig | null,
  log: Log,
  link: ConnectionsLink,
): Promise<OpenCatalogue | null> {
  if (store === null) return null;
  const [{ Catalogue }, { createCatalogueHandlers }, { publishedModels }, { DriftSchedule }] =
    await Promise.all([
      import('../../catalogue/catalogue.ts'),
      import('./handlers.ts'),
      import('./published.ts'),
      import('./drift-schedule.ts'),
    ]);
  const catalogue = new Catalogue({
    ...store,
    onTrouble: (message) => log.warn('store-unavailable', { message }),
    onConnectionsChanged: () => link.changed(),
  });
  let schedule: InstanceType<typeof DriftSchedule> | null = null;
  link.readFrom(() => catalogue.connections.all());
  return {
    catalogue,
    handlers: (deps) => createCatalogueHandlers(deps, catalogue),
    published: (principal) => publishedModels(catalogue, principal),
    watchContracts(deps) {
      schedule = new DriftSchedule(deps, catalogue, store.driftCheckSeconds);
    },
    async close() {
      await schedule?.close();
      await catalogue.close();
    },
  };
}
