/** Finds out whether two configurations differ only in their connections: such a change replaces no process. Pure. */
import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../core/config/config.ts';

/** Names of connections. */
export interface ConnectionsChange {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Connections with another URL or other options. */
  readonly changed: readonly string[];
}

/**
 * Returns the change of the connections; null when something else has changed too, or when nothing has. `defaultConnection`
 * may change with them, since adding and removing connections may change the default.
 */
export function connectionsChange(before: Config, after: Config): ConnectionsChange | null {
  const { connections: old, defaultConnection: _, storedConnections: wereStored, ...rest } = before;
  const { connections: next, defaultConnection: __, storedConnections: areStored, ...nextRest } = after;
  if (!isDeepStrictEqual(rest, nextRest)) return null;
  const added = Object.keys(next).filter((name) => !Object.hasOwn(old, name));
  const removed = Object.keys(old).filter((name) => !Object.hasOwn(next, name));
  const kept = Object.keys(next).filter((name) => Object.hasOwn(old, name));
  const changed = kept.filter((name) => !isDeepStrictEqual(old[name], next[name]));
  const isSame =
    added.length + removed.length + changed.length === 0 && isDeepStrictEqual(wereStored, areStored);
  return isSame ? null : { added, removed, changed };
}
