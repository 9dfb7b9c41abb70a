/** The files of a store for the time of one call: what was found once counts until its end. */
import { Readable } from 'node:stream';
import type { Entry, FileTree, Identity } from '../file-tree.ts';
import { bytesOf, type StoredFile } from './bytes.ts';
import { persist } from './persist.ts';
import { changed, removed } from './ranges.ts';
import type { Store, StoreStatus } from './store.ts';

export interface RemoteTreeOptions {
  readonly store: Store;
  /** Aborted when the call ends early. */
  readonly signal: AbortSignal;
  /** Returns the name by which the engine opens a file. */
  engineFile(file: StoredFile): string;
}

export class RemoteTree implements FileTree {
  readonly #options: RemoteTreeOptions;
  readonly #directories = new Map<string, Promise<readonly Entry[] | null>>();
  readonly #files = new Map<string, Identity>();

  constructor(options: RemoteTreeOptions) {
    this.#options = options;
  }

  entries(directory: string): Promise<readonly Entry[] | null> {
    const known = this.#directories.get(directory);
    if (known !== undefined) return known;
    const found = this.#list(directory);
    this.#directories.set(directory, found);
    return found;
  }

  /** Begins to read a directory: a request takes long and little work, so many wait at the same time. */
  expect(directory: string): void {
    this.entries(directory).catch(() => {}); // whoever reads the directory gets the error
  }

  /** Stores have no directories that one must pass on the way, and no links. */
  async kindOf(path: string, isLast: boolean): Promise<Entry['kind'] | 'other' | null> {
    if (!isLast) return 'directory';
    return (await this.#status(path))?.kind ?? null;
  }

  async identify(path: string): Promise<Identity> {
    const known = this.#files.get(path);
    if (known !== undefined) return known;
    const status = await this.#status(path);
    if (status?.kind !== 'file') throw removed(path);
    return status.identity;
  }

  async refuseChanged(path: string, before: Identity): Promise<void> {
    if (this.#options.store.readsOneState) return;
    const status = await this.#status(path);
    if (status === null) throw removed(path);
    if (status.kind !== 'file' || status.identity.stamp !== before.stamp) throw changed(path);
  }

  engineFile(path: string, identity: Identity): string {
    return this.#options.engineFile({ store: this.#options.store, path, identity });
  }

  open(path: string, identity: Identity): Readable {
    const { store, signal } = this.#options;
    const range = { from: 0, to: identity.bytes - 1 };
    return Readable.from(bytesOf({ store, path, identity }, range, signal), { objectMode: false });
  }

  async #list(directory: string): Promise<readonly Entry[] | null> {
    const { store, signal } = this.#options;
    const found = await persist(signal, () => store.list(directory, signal));
    for (const { name, identity } of found ?? [])
      if (identity !== undefined) this.#files.set(directory === '' ? name : `${directory}/${name}`, identity);
    return found?.toSorted((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name))) ?? null;
  }

  async #status(path: string): Promise<StoreStatus | null> {
    const { store, signal } = this.#options;
    const status = await persist(signal, () => store.status(path, signal));
    if (status?.kind === 'file') this.#files.set(path, status.identity);
    return status;
  }
}
