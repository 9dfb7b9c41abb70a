/** Says what the sandbox of workers is in force, and refuses a configuration that requires one where there is none. */
import type { Config } from '../../core/config/config.ts';
import type { Log } from '../../core/logging/log.ts';
import { isSandbox, type NoSandbox, type Sandbox } from './sandbox.ts';

/** The configuration requires a sandbox that there is not. */
export class SandboxError extends Error {}

/** Returns the configuration. @throws SandboxError when it cannot be in force here. */
export function requireSandbox(config: Config, sandbox: Sandbox | NoSandbox): Config {
  if (config.dsl.sandbox !== 'require' || isSandbox(sandbox)) return config;
  throw new SandboxError(
    `dsl.sandbox is "require", and DSL workers cannot be sandboxed: ${sandbox.missing}. ` +
      'With dsl.sandbox (FORKLINE_DSL_SANDBOX) "auto" they run without it',
  );
}

/** Logs once how DSL workers run. */
export function logSandbox(sandbox: Sandbox | NoSandbox, mode: Config['dsl']['sandbox'], log: Log): void {
  if (mode === 'off') log.info('sandbox', { workers: 'dsl', sandbox: 'off' });
  else if (isSandbox(sandbox)) log.info('sandbox', { workers: 'dsl', ...partsOf(sandbox) });
  else log.warn('no-sandbox', { workers: 'dsl', reason: sandbox.missing });
}

function partsOf({ bwrap, closesUserNamespaces, seccomp }: Sandbox): object {
  return { sandbox: bwrap, closesUserNamespaces, seccomp: seccomp !== null };
}
