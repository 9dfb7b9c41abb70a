/** Makes the index know what the directory of results has: entries that others wrote, and those that somebody removed. */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { EntryDescription } from './entry.ts';
import { isAbandoned } from './part-name.ts';
import type { StoreIndex } from './store-index.ts';

const ENTRY_NAME = /^[0-9a-f]{48}$/;
const OPEN_AT_ONCE = 16;
/** The longest wait for the time to read. */
const LATEST_MS = 10_000;
const LOOK_EACH_MS = 25;

/** Resolves once it is time to read the directory, or has not been for long. */
export async function untilTime(isTime: () => boolean): Promise<void> {
  const latest = performance.now() + LATEST_MS;
  while (!isTime() && performance.now() < latest) await wait(LOOK_EACH_MS);
}

/** `describe` reads the description of an entry; null when it is gone or damaged. `forget` is called for those that are gone. */
export async function readDirectory(
  dir: string,
  index: StoreIndex,
  describe: (id: string) => Promise<EntryDescription | null>,
  forget: (id: string) => void,
): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const names = await readdir(dir);
  // A server that was killed in mid-write leaves a part.
  for (const name of names.filter(isAbandoned)) await rm(join(dir, name), { force: true });
  const ids = names.filter((name) => ENTRY_NAME.test(name));
  const unknown = ids.filter((id) => index.get(id) === null);
  const found: [string, EntryDescription][] = [];
  for (let at = 0; at < unknown.length; at += OPEN_AT_ONCE)
    await Promise.all(
      unknown.slice(at, at + OPEN_AT_ONCE).map(async (id) => {
        const description = await describe(id);
        if (description !== null) found.push([id, description]);
      }),
    );
  found.sort(([, a], [, b]) => a.startedAt - b.startedAt);
  for (const [id, description] of found) if (index.get(id) === null) index.set(id, description);
  const there = new Set(ids);
  for (const { id } of [...index.values()]) if (!there.has(id) && (await describe(id)) === null) forget(id);
}
