/**
 * Keeps the logger running: it starts first and ends last, and its own lines go directly into the file. Its options are those
 * of the monitor's start. Passwords of later configurations are added to the running logger, and to any that replaces it.
 */
import type { Config } from '../../core/config/config.ts';
import { passwordsOf } from '../../core/logging/redact.ts';
import { STANDARD_OUTPUT } from '../../core/logging/standard-output.ts';
import type { LoggerConfig } from '../../core/protocol/logger-config.ts';
import { Brake } from '../children/brake.ts';
import { type LaunchContext, launchChild } from '../children/launch.ts';
import { ORDINARY_LAUNCH } from '../children/launch-options.ts';
import type { ChildEnd, ChildEvents, ManagedChild } from '../children/managed-child.ts';
import { Supervised } from '../children/supervised.ts';

const MONITOR_STDOUT_FD = 1;

export interface LoggerPlace {
  readonly supervised: Supervised;
  /** Keeps secrets out of the log that raw output of processes may show from now on. */
  keepSecret(secrets: readonly string[]): void;
}

export function superviseLogger(
  config: Config,
  context: LaunchContext,
  onLost: (child: ManagedChild, end: ChildEnd) => void,
): LoggerPlace {
  const store = config.store === null ? {} : { store: { kind: 'postgres' as const, url: config.store.url } };
  const { shared } = config.cache;
  const redis = shared === null ? {} : { redis: { url: shared.url } };
  const secrets = new Set(passwordsOf({ ...config.connections, ...store, ...redis }));
  if (shared !== null) secrets.add(shared.key);
  const supervised = new Supervised({
    brake: new Brake(context.clock.monotonicMs),
    log: context.log,
    launch: (events) => launchLogger(config, context, [...secrets], events),
    // A logger that started while secrets were added may have got the old list in its `init`.
    onReady: (child) => child.send({ type: 'keep-secret', secrets: [...secrets] }),
    onMessage: (from, { type }) => context.log.warn('unexpected-message', { workerId: from.workerId, type }),
    onLost,
    onGone: () => {},
  });
  return {
    supervised,
    keepSecret(added) {
      for (const secret of added) secrets.add(secret);
      supervised.readyChild?.send({ type: 'keep-secret', secrets: added });
    },
  };
}

function launchLogger(
  config: Config,
  context: LaunchContext,
  secrets: readonly string[],
  events: ChildEvents,
): ManagedChild {
  const { level: _, redactLiterals: __, ...kept } = config.log;
  const { linesSocket: linesSocketPath, logSocket, rawDir, workersDir } = context.runDir;
  return launchChild(context, {
    ...{ role: 'logger', slot: 0, workerId: context.nextWorkerId('logger'), events },
    ...{ config, launch: ORDINARY_LAUNCH },
    extraFds: kept.file === STANDARD_OUTPUT ? [MONITOR_STDOUT_FD] : [],
    child: () => ({
      role: 'logger',
      config: {
        ...{ ...kept, socketPath: logSocket, linesSocketPath, rawDir, workersDir, secrets },
        audit: auditFileConfig(config),
      },
    }),
  });
}

function auditFileConfig({ audit }: Config): LoggerConfig['audit'] {
  const { file, rotateEvery, keepDays, headTo, headEverySeconds } = audit;
  return file === null ? null : { file, rotateEvery, keepDays, headTo, headEverySeconds };
}
