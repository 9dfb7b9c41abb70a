/**
 * Finds the data directory though the configuration has mistakes: the `forkline` command finds a running server by
 * it, and that server is well, with the configuration that it started with. Nothing is guessed beyond what the
 * start itself would take: null when the file does not say which directory it is, or says it twice.
 */
import { dirname, resolve } from 'node:path';
import type { JsonObject } from './json-object.ts';
import type { BrokenFile, Environment } from './read.ts';

/** Relative to the working directory. */
export const DEFAULT_DATA_DIR = './data';
export const DATA_DIR_VARIABLE = 'FORKLINE_DATA_DIR';

/** Returns the data directory of values that were read, whatever else is wrong with them. Their paths are absolute already. */
export function dataDirOfValues({ dataDir }: JsonObject, cwd: string): string | null {
  if (dataDir === undefined) return resolve(cwd, DEFAULT_DATA_DIR);
  return typeof dataDir === 'string' && dataDir !== '' ? dataDir : null;
}

/** Returns the data directory when the file is not JSON; null when only its lost content could tell. */
export function dataDirOfBrokenFile(file: BrokenFile, cwd: string, env: Environment): string | null {
  const variable = env[DATA_DIR_VARIABLE];
  if (variable !== undefined && variable !== '') return resolve(cwd, variable);
  if (file.text === null) return null;
  if (!file.text.includes('"dataDir"')) return file.named ? null : resolve(cwd, DEFAULT_DATA_DIR);
  const said = dataDirsIn(file.text);
  return said.length === 1 && said[0] !== '' ? resolve(dirname(file.path), said[0]!) : null;
}

function dataDirsIn(text: string): string[] {
  const found = text.matchAll(/"dataDir"\s*:\s*("(?:[^"\\\n]|\\.)*")/g);
  return [...found].flatMap(([, literal]) => {
    try {
      return [JSON.parse(literal!) as string]; // a string literal, by the pattern
    } catch {
      return []; // with an escape that JSON does not have
    }
  });
}
