/** The entry of a SQL worker process. Several run at once; they differ only in their names. */
import { passwordsOf, registerSecrets } from '../../core/logging/redact.ts';
import { runChild } from '../../core/process/child.ts';
import type { FromChild, ToChild } from '../../core/protocol/monitor.ts';
import type { SqlWorkerConfig } from '../../core/protocol/sql-worker.ts';
import { SqlService } from './service.ts';

runChild('sql', async ({ identity, config, log, send }) => {
  registerSecrets(passwordsOf(config.connections));
  const service = new SqlService({ config, workerId: identity.workerId, log });
  await service.start();
  return {
    stop: (graceMs) => service.stop(graceMs),
    queriesServed: () => service.queriesServed(),
    onMessage: (message) => void changeConnections(service, message, send),
  };
});

/** Takes changed connections, which are the only message of the monitor to a running SQL worker. */
async function changeConnections(
  service: SqlService,
  message: ToChild,
  send: (message: FromChild) => void,
): Promise<void> {
  if (message.type !== 'connections-changed' || message.to !== 'worker') return;
  const connections = message.connections as SqlWorkerConfig['connections']; // the pool of SQL workers gets these
  const { revision } = message;
  registerSecrets(passwordsOf(connections));
  const unreachable = await service.changeConnections(connections);
  send({ type: 'connections-taken', revision, unreachable });
}
