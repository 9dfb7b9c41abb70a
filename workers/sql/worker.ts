/** Entry of a SQL worker process: prefork, one of several, alike in everything but its name. */
import { passwordsOf, registerSecrets } from '../../core/logging/redact.ts';
import { runChild } from '../../core/process/child.ts';
import { SqlService } from './service.ts';

runChild('sql', async ({ identity, config, log }) => {
  registerSecrets(passwordsOf(config.connections));
  const service = new SqlService({ config, workerId: identity.workerId, log });
  await service.start();
  return { stop: (graceMs) => service.stop(graceMs), queriesServed: () => service.queriesServed() };
});
