/** Between `forkline start` and the short-lived process that sets up the embedded database, over Node's IPC channel. */

export interface LoadDemoRequest {
  readonly type: 'load-demo';
  /** URL for the superuser, database `postgres`. */
  readonly adminUrl: string;
  readonly readerPassword: string;
  readonly readerConnections: number;
  readonly storePassword: string;
  readonly storeConnections: number;
  /** A directory of ours that the database's user may enter; files put there are read by the server itself. */
  readonly importDir: string;
}

export type FromLoadDemo =
  /** A line for people. */
  | { readonly type: 'progress'; readonly line: string }
  | { readonly type: 'done' }
  | { readonly type: 'failed'; readonly message: string };

export const DEMO_DATABASE = 'forkline';
/** May only read the demo tables; the URL that Forkline works with is this role's. */
export const READER_ROLE = 'forkline_reader';
/** Owns the schema of the catalogue's store and nothing else. */
export const STORE_ROLE = 'forkline_store';
/** Raise it when what the set-up makes of the store changes: it runs again then, and leaves what is there. */
export const STORE_VERSION = 1;
/** Raise it when the demo data changes: it is loaded again then. */
export const DEMO_VERSION = 1;
