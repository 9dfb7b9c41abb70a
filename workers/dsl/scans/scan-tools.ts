/** The tools of one query over files. */
import type { FilesConnection } from '../../../core/protocol/connection.ts';
import { QueryError } from '../../../core/protocol/errors.ts';
import type { Probes } from './prune.ts';
import type { ScanContext } from './scan-context.ts';

export interface ScanTools extends ScanContext {
  readonly probes: Probes;
  readonly connections: Readonly<Record<string, FilesConnection>>;
}

/** Throws unknown-connection. */
export function connectionOf({ connections }: Pick<ScanTools, 'connections'>, name: string): FilesConnection {
  const found = Object.hasOwn(connections, name) ? connections[name] : undefined;
  if (found !== undefined) return found;
  throw new QueryError('unknown-connection', `there is no connection ${name} to files`);
}
