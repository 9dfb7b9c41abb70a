/** Finds the entry that may answer a request: by the key of its answer, and after the rights of the one who asks were checked again. */
import { modelKey, type PlanModels } from '../../core/protocol/models.ts';
import type { Principal } from '../../core/protocol/principal.ts';
import type { QueryRequest } from '../http/request/query-request.ts';
import type { IndexedEntry } from '../results/store-index.ts';
import { answerKey } from './answer-key.ts';
import type { Asking, CacheContext } from './cache-context.ts';
import { type Freshness, freshnessOf } from './freshness.ts';
import { areUnchanged } from './watched-files.ts';

export interface Found {
  readonly entry: IndexedEntry;
  readonly freshness: Freshness;
}

/** Returns the key of the request's answer. Throws unknown-connection, bad-parameter. */
export function keyOf({ engines, handler }: CacheContext, asked: QueryRequest, principal: Principal): string {
  const { connections } = handler.run;
  const connection = asked.connection ?? connections.defaultOf(principal);
  connections.check(connection, principal);
  return answerKey(asked, principal, {
    engines,
    connection,
    connectionVersion: connections.versionOf(connection),
    dialect: connections.dialectOf(connection),
  });
}

/** Returns the entry, fresh or stale; null without one that the principal may get. */
export async function findEntry(
  context: CacheContext,
  { id, principal, control }: Asking,
): Promise<Found | null> {
  const { store, changes, counts } = context;
  const looked = store.find(id);
  const entry = looked instanceof Promise ? await looked : looked;
  if (entry === null || entry.description.kind !== 'cache') return null;
  if (!isSeen(entry, principal, context)) {
    counts.misses.rights++;
    return null;
  }
  const { models } = entry.description;
  if (models.length > 0 && !(await areCurrent(context, models))) {
    counts.misses.models++;
    return null;
  }
  const freshness = freshnessOf(entry, changes, control);
  const { files } = entry.description;
  if (files === undefined || freshness.staleMs !== null || (await areUnchanged(files)))
    return { entry, freshness };
  return { entry, freshness: { ...freshness, staleMs: 0 } };
}

/** Tells whether the models are still those that an answer was made with. When the catalogue cannot tell, they count as others. */
async function areCurrent({ handler }: CacheContext, used: PlanModels['used']): Promise<boolean> {
  const { catalogue } = handler.run;
  if (catalogue === null) return false;
  if (catalogue.areCurrent(used)) return true;
  try {
    const { models } = await catalogue.find(used.map(({ key }) => key));
    const versions = new Map(models.map(({ name, version }) => [modelKey(name), version]));
    return used.every(({ key, version }) => (versions.get(key) ?? 0) === version);
  } catch {
    return false; // the run that follows gets the error
  }
}

/** Tells whether the principal may see everything that the entry was made from, and the entry is of the connections as they are now. */
function isSeen({ description }: IndexedEntry, principal: Principal, { handler }: CacheContext): boolean {
  const { connections, maxRows, maxBytes } = handler.run;
  const { resultRows = maxRows, resultBytes = maxBytes } = principal.rights.limits;
  if (description.rows > Math.min(maxRows, resultRows)) return false;
  if (description.bodyBytes > Math.min(maxBytes, resultBytes)) return false;
  return description.connections.every(
    ({ name, version }) => connections.isSeen(name, principal) && connections.versionOf(name) === version,
  );
}
