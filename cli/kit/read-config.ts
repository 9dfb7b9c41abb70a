/** Has the configuration read and checked by a process of its own (config-process.ts says why). */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { LoadedConfig } from '../../core/config/config.ts';
import type { Environment } from '../../core/process/own-environment.ts';

export interface ConfigQuestion {
  readonly cwd: string;
  /** undefined: FORKLINE_CONFIG, else forkline.config.json when there is one. */
  readonly file: string | undefined;
  /** The variables that `env:` references name; left out: those of this process. */
  readonly env?: Environment;
}

/** Rejects only when the process itself fails; mistakes in the configuration are `errors`. */
export function readConfig(question: ConfigQuestion): Promise<LoadedConfig> {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const script = fileURLToPath(new URL(`../config-process.${extension}`, import.meta.url));
  const child = fork(script, { cwd: question.cwd, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  return new Promise((resolve, reject) => {
    child.once('message', (loaded: LoadedConfig) => resolve(loaded));
    child.once('error', reject);
    // After a message this changes nothing any more.
    child.once('exit', (code, signal) =>
      reject(new Error(`reading the configuration ended with ${signal ?? code}`)),
    );
    child.send(question);
  });
}
