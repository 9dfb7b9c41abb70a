/** Tells a file from the one that replaces it under the same name, and remembers facts about files that are still the same. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { QueryError } from '../../../core/protocol/errors.ts';

export interface Identity {
  readonly bytes: number;
  /** Equal only for the same file in the same state. */
  readonly stamp: string;
}

/** Throws `file-changed` for a file that is not there any more. */
export function identify(root: string, path: string): Identity {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = statSync(join(root, path), { bigint: true });
    return { bytes: Number(size), stamp: `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}` };
  } catch (thrown) {
    throw new QueryError('file-changed', `${path} was removed, or cannot be read any more`, AGAIN, thrown);
  }
}

const AGAIN = { hint: 'send the query again' };

/** Throws `file-changed` when a file is not as it was identified. */
export function refuseChanged(root: string, path: string, before: Identity): void {
  if (identify(root, path).stamp !== before.stamp)
    throw new QueryError('file-changed', `${path} was changed or replaced while it was read`, AGAIN);
}

/** Facts by a file's identity, the least recently used forgotten first. */
export class FactCache<Fact> {
  readonly #facts = new Map<string, Fact>();
  readonly #atMost: number;

  constructor(atMost: number) {
    this.#atMost = atMost;
  }

  get(key: string): Fact | undefined {
    const known = this.#facts.get(key);
    if (known === undefined) return undefined;
    this.#facts.delete(key);
    this.#facts.set(key, known);
    return known;
  }

  set(key: string, fact: Fact): void {
    this.#facts.set(key, fact);
    if (this.#facts.size <= this.#atMost) return;
    const [oldest] = this.#facts.keys();
    this.#facts.delete(oldest!);
  }
}
