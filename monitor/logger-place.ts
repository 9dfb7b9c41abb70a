/** The logger's place: first to start, last to go, its lines go straight into the file. */
import { passwordsOf } from '../logger/redact.ts';
import { Brake } from './brake.ts';
import type { Config } from './config.ts';
import { type LaunchContext, launchChild } from './launch.ts';
import type { ChildEnd, ManagedChild } from './managed-child.ts';
import { Supervised } from './supervised.ts';

export function superviseLogger(
  config: Config,
  context: LaunchContext,
  onLost: (child: ManagedChild, end: ChildEnd) => void,
): Supervised {
  const { level: _, redactLiterals: __, ...kept } = config.log;
  const { logSocket, rawDir } = context.runDir;
  const secrets = passwordsOf(config.connections);
  const child = {
    role: 'logger' as const,
    config: { ...kept, socketPath: logSocket, rawDir, secrets },
  };
  return new Supervised({
    brake: new Brake(context.clock.monotonicMs),
    log: context.log,
    launch: (events) => {
      const workerId = context.nextWorkerId('logger');
      return launchChild(context, { slot: 0, workerId, child, config, listenFd: null, events });
    },
    onReady: () => {},
    onMessage: (from, { type }) => context.log.warn('unexpected-message', { workerId: from.workerId, type }),
    onLost,
    onGone: () => {},
  });
}
