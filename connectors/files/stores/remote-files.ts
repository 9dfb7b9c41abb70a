/** The stores that a worker has read from, and the gateway by which its engine reads them. */
import type { FilesConnection, StoreConfig } from '../../../core/protocol/connection.ts';
import type { FileTree } from '../file-tree.ts';
import { Gateway, type GatewaySession } from './gateway.ts';
import { openStore } from './open-store.ts';
import { RemoteTree } from './remote-tree.ts';
import type { Store } from './store.ts';

/** The files of stores for one call. */
export interface RemoteCall {
  /** The directory that holds the addresses of all files, as the engine must allow it. */
  readonly prefix: string;
  readonly session: GatewaySession;
  treeOf(connection: FilesConnection): FileTree;
  /** Ends all requests, early or when the call has ended. */
  close(): void;
}

export class RemoteFiles {
  readonly #stores = new Map<string, Store>();
  #gateway: Gateway | null = null;

  async begin(): Promise<RemoteCall> {
    this.#gateway ??= await Gateway.open();
    const gateway = this.#gateway;
    const ended = new AbortController();
    const session = gateway.session(ended.signal);
    const trees = new Map<Store, FileTree>();
    return {
      prefix: gateway.prefix,
      session,
      treeOf: ({ store: config }) => {
        const store = this.#storeOf(config!); // it is asked for connections to stores only
        const known = trees.get(store);
        const tree =
          known ??
          new RemoteTree({ store, signal: ended.signal, engineFile: (file) => session.addressOf(file) });
        trees.set(store, tree);
        return tree;
      },
      close() {
        session.close();
        ended.abort();
      },
    };
  }

  /** Forgets all stores: their connections may have changed. */
  forget(): void {
    for (const store of this.#stores.values()) store.close();
    this.#stores.clear();
  }

  close(): void {
    this.forget();
    this.#gateway?.close();
    this.#gateway = null;
  }

  #storeOf(config: StoreConfig): Store {
    const key = JSON.stringify(config);
    const known = this.#stores.get(key) ?? openStore(config);
    this.#stores.set(key, known);
    return known;
  }
}
