/** Makes the body of an open entry ready to be sent: checked, and in memory where it may be. */
import type { BodyMemory } from './body-memory.ts';
import type { IndexedEntry } from './store-index.ts';
import { bodyOf, checkStored, type OpenEntry, type ReadyBody, readStored } from './stored-body.ts';

/** Closes the file unless the body is read from it later. Throws DamagedEntry. */
export async function readyBody(
  memory: BodyMemory,
  id: string,
  entry: OpenEntry,
  known: IndexedEntry | null,
): Promise<ReadyBody> {
  const { description } = entry;
  let isKept = false;
  try {
    if (memory.accepts(description)) {
      const stored = await readStored(entry);
      return memory.set(id, { description, stored, whole: await bodyOf(stored, description) });
    }
    if (known === null || known.checkedStamp !== entry.stamp) {
      await checkStored(entry);
      if (known !== null) known.checkedStamp = entry.stamp;
    }
    isKept = true;
    return { kind: 'file', description, entry };
  } finally {
    if (!isKept) await entry.file.close();
  }
}
