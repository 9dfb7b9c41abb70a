/**
 * The places outside of its own directory that a sandboxed worker sees, all of them only to read: the directories of connections
 * to files, extensions of the engine, and what a connection to a store needs of this machine. A mount stays what it was when the
 * worker started. So workers that see other places than are wanted now, or a directory that was replaced since, are replaced.
 */
import type { Stats } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import type { Config } from '../../core/config/config.ts';
import { filesOf } from '../../core/protocol/connection.ts';

export interface ShownPlace {
  /** Absolute, as it is configured. */
  readonly path: string;
  /** The path with its links resolved. */
  readonly real: string;
}

export interface ShownPlaces {
  /** The places that are there. */
  readonly places: readonly ShownPlace[];
  /** Whether the worker shares this machine's network, since it reads from stores. */
  readonly network: boolean;
  /** Differs when a worker that sees these places must be replaced. */
  readonly key: string;
}

/** The files that name look-ups need. */
const NETWORK_FILES = ['/etc/resolv.conf', '/etc/hosts', '/etc/nsswitch.conf', '/etc/services'];
/** The time for a place to be found; a network mount that hangs must not hold up every worker. */
const FIND_MS = 1000;

export async function shownPlaces({ connections, dsl }: Config): Promise<ShownPlaces> {
  const files = Object.values(filesOf(connections));
  const local = files.flatMap(({ root, store }) => (store === undefined ? [root] : []));
  const authorities = files.flatMap(({ store }) => (store?.caFile === undefined ? [] : [store.caFile]));
  const network = files.some(({ store }) => store !== undefined);
  const wanted = new Set([
    ...local,
    dsl.extensionDirectory,
    ...(network ? [...NETWORK_FILES, ...authorities] : []),
  ]);
  const found = (await Promise.all([...wanted].map(findInTime))).flatMap((place) => place ?? []);
  const key = JSON.stringify([network, ...found.map(({ path, real, id }) => [path, real, id])]);
  return { places: found, network, key };
}

interface FoundPlace extends ShownPlace {
  /** Differs for a directory that took the place of another. */
  readonly id: string;
}

/** Look-ups that go on, each for all who ask: one that hangs holds a thread. */
const pending = new Map<string, Promise<FoundPlace | null>>();

async function findInTime(path: string): Promise<FoundPlace | null> {
  const finding = pending.get(path) ?? find(path).finally(() => pending.delete(path));
  pending.set(path, finding);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, FIND_MS, null);
  });
  try {
    return await Promise.race([finding, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function find(path: string): Promise<FoundPlace | null> {
  let real: string;
  let info: Stats;
  try {
    real = await realpath(path);
    info = await stat(real);
  } catch {
    return null; // nothing is there, or not for this user
  }
  return { path, real, id: `${info.dev}:${info.ino}` };
}
