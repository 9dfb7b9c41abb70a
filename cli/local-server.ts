/**
 * The unix socket of a server on this machine, which commands ask when nobody said which server is meant: the one that runs with the
 * data directory that a start here would take. Only the user who started it can open it, so that no key is needed.
 */
import { accessSync, constants, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DATA_DIR_VARIABLE, DEFAULT_DATA_DIR } from '../core/config/data-dir.ts';
import { isJsonObject } from '../core/config/json-object.ts';
import { isSameProcess } from '../core/process/proc.ts';
import { describeRunDir } from '../core/process/run-dir.ts';
import { readRunState, stateFilePath } from '../monitor/sweep/state-file.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Returns `unix:PATH`; null when no such server runs here, or this user may not open its socket. */
export async function localServer(cwd: string, env: Environment): Promise<string | null> {
  try {
    const state = await readRunState(stateFilePath(dataDirOf(cwd, env)));
    if (state === null || isSameProcess(state.pid, state.startTicks) === false) return null;
    const { httpSocket } = describeRunDir(state.runDir);
    accessSync(httpSocket, constants.R_OK | constants.W_OK);
    return `unix:${httpSocket}`;
  } catch {
    return null; // a file that cannot be read belongs to another user, or is of another version
  }
}

/** Reads no more of the configuration than this: validating it costs more than most commands. */
function dataDirOf(cwd: string, env: Environment): string {
  const variable = env[DATA_DIR_VARIABLE];
  if (variable) return resolve(cwd, variable);
  const file = resolve(cwd, env.FORKLINE_CONFIG || 'forkline.config.json');
  const named = dataDirIn(file);
  return named === null ? resolve(cwd, DEFAULT_DATA_DIR) : resolve(dirname(file), named);
}

function dataDirIn(file: string): string | null {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return null; // there is no configuration
  }
  const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ''));
  return isJsonObject(value) && typeof value.dataDir === 'string' ? value.dataDir : null;
}
