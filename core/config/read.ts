/**
 * Reads the configuration file and lays the FORKLINE_* variables over it. Nothing is validated here but what
 * cannot wait: that the file is JSON, and that each variable is one that we know.
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { closestName } from './closest-name.ts';
import { isJsonObject, type JsonObject } from './json-object.ts';
import type { Option } from './option.ts';
import { parseSize } from './option.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

const DEFAULT_CONFIG_FILE = 'forkline.config.json';
/** Variables of ours that are no option of the server: which file to read, and where clients find the server. */
const OTHER_VARIABLES = ['FORKLINE_CONFIG', 'FORKLINE_URL', 'FORKLINE_KEY', 'FORKLINE_ALLOW_POWERFUL_ROLE'];

export interface ConfigFile {
  readonly values: JsonObject;
  /** Absolute; null when there is none. */
  readonly path: string | null;
}

/** The origin of a value, by its path in the file: the variable's name. Absent: the file or the default. */
export type Origins = ReadonlyMap<string, string>;

/** A file that is not there, or not JSON. */
export interface UnusableFile extends BrokenFile {
  readonly error: string;
}

/** The file named by --config, else by FORKLINE_CONFIG, else forkline.config.json when it exists. */
export function readConfigFile(
  cwd: string,
  env: Environment,
  named: string | undefined,
): ConfigFile | UnusableFile {
  const name = named ?? (env.FORKLINE_CONFIG || undefined);
  const path = resolve(cwd, name ?? DEFAULT_CONFIG_FILE);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code === 'ENOENT' && name === undefined) return { values: {}, path: null };
    const reason = code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${code})`;
    const source = named === undefined ? 'FORKLINE_CONFIG' : '--config';
    const error = `${path}: ${reason}${name === undefined ? '' : `; ${source} names it`}`;
    return { error, path, text: null, named: name !== undefined };
  }
  const parsed = parseConfigFile(path, text);
  return typeof parsed === 'string' ? { error: parsed, path, text, named: name !== undefined } : parsed;
}

/** Or what is wrong with it. */
function parseConfigFile(path: string, text: string): ConfigFile | string {
  try {
    const values: unknown = JSON.parse(text.replace(/^\uFEFF/, ''));
    if (isJsonObject(values)) {
      delete values.$schema; // editors put it there
      return { values, path };
    }
    return `${path}: must hold one JSON object, for example {"listen": {"port": 8080}}`;
  } catch (error) {
    return `${path}${jsonPosition(text, error as Error)}: not JSON: ${(error as Error).message}`;
  }
}

/** `:line:column` of a JSON.parse error, when its message tells the offset. */
function jsonPosition(text: string, error: Error): string {
  const offset = /position (\d+)/.exec(error.message)?.[1];
  if (offset === undefined) return '';
  const before = text.slice(0, Number(offset)).split('\n');
  return `:${before.length}:${before.at(-1)!.length + 1}`;
}

/** The file's values with the variables' over them. Relative paths become absolute: to the file's directory, or cwd. */
export function overlayVariables(
  file: ConfigFile,
  cwd: string,
  env: Environment,
  options: readonly Option[],
): { values: JsonObject; origins: Origins; errors: string[] } {
  const values = structuredClone(file.values);
  const origins = new Map<string, string>();
  const fileDir = file.path === null ? cwd : dirname(file.path);
  for (const option of options) {
    const { variable } = option.notes;
    const text = variable === undefined ? undefined : env[variable];
    if (text === undefined || text === '') {
      rewriteAt(values, option.path, (value) => fromFile(value, option, fileDir));
    } else {
      origins.set(option.path, variable!);
      setAt(values, option.path, fromText(text, option, cwd));
    }
  }
  return { values, origins, errors: unknownVariables(env, options) };
}

function fromFile(value: unknown, { notes }: Option, fileDir: string): unknown {
  if (typeof value !== 'string') return value;
  if (notes.unit === 'path' && value !== '' && value !== notes.otherValue) return resolve(fileDir, value);
  if (notes.unit === 'bytes') return parseSize(value) ?? value;
  return value;
}

/** A variable's text as the file would have it: what does not convert stays text, and validation names it. */
function fromText(text: string, { notes }: Option, cwd: string): unknown {
  if (notes.unit === 'path') return text === notes.otherValue ? text : resolve(cwd, text);
  if (notes.unit === 'bytes') return parseSize(text) ?? text;
  if (notes.unit === 'list') return text.split(',').map((one) => one.trim());
  return typeof notes.example === 'number' && /^[+-]?\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : text;
}

function unknownVariables(env: Environment, options: readonly Option[]): string[] {
  const known = [...options.flatMap(({ notes }) => notes.variable ?? []), ...OTHER_VARIABLES];
  return Object.keys(env)
    .filter((name) => name.startsWith('FORKLINE_') && !known.includes(name))
    .map((name) => {
      const closest = closestName(name, known);
      return `${name}: there is no such variable${closest === null ? '' : `; did you mean ${closest}?`}`;
    });
}

function setAt(values: JsonObject, path: string, value: unknown): void {
  const keys = path.split('.');
  const last = keys.pop()!;
  let target = values;
  for (const key of keys) {
    const next = target[key] ?? {};
    if (!isJsonObject(next)) return; // a wrong group in the file; validation reports it
    target[key] = next;
    target = next;
  }
  target[last] = value;
}

function rewriteAt(values: JsonObject, path: string, rewrite: (value: unknown) => unknown): void {
  const keys = path.split('.');
  const last = keys.pop()!;
  let target: unknown = values;
  for (const key of keys) target = isJsonObject(target) ? target[key] : undefined;
  if (isJsonObject(target) && last in target) target[last] = rewrite(target[last]);
}

/** A configuration file that cannot be used. */
export interface BrokenFile {
  readonly path: string;
  /** null when the file cannot be read. */
  readonly text: string | null;
  /** By --config or FORKLINE_CONFIG. */
  readonly named: boolean;
}
