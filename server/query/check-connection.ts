/** A query names a connection that is configured, or is told which there are. */
import { QueryError } from '../../core/protocol/errors.ts';
import type { RunDeps } from './run.ts';

/** Throws unknown-connection. */
export function checkConnection({ connectionNames }: Pick<RunDeps, 'connectionNames'>, name: string): void {
  if (connectionNames.includes(name)) return;
  throw new QueryError('unknown-connection', `there is no connection ${name}`, {
    hint: `Connections here: ${connectionNames.join(', ')}.`,
    suggestions: connectionNames,
  });
}
