/** Reads the options of `forkline fmt` and `forkline migrate-query`. */
import { UsageError } from './usage-error.ts';

export interface FmtOptions {
  /** None: stdin, as `-` is. */
  readonly files: readonly string[];
  /** `check`: name what is not formatted; `write`: replace it; `print`: the formatted text to stdout. */
  readonly mode: 'print' | 'check' | 'write';
  /** The language of all of them; left out: Forkline's own, unless a text says otherwise. */
  readonly language?: 'legacy';
}

export interface MigrateQueryOptions {
  /** The query; null: files, or stdin. */
  readonly text: string | null;
  readonly files: readonly string[];
  /** The model that `*` and bare conditions read; null: there is none. */
  readonly model: string | null;
  readonly connection: string | null;
  /** A file with the columns; null: the server is asked. */
  readonly describe: string | null;
}

interface Values {
  readonly check?: boolean | undefined;
  readonly write?: boolean | undefined;
  readonly files?: boolean | undefined;
  readonly dialect?: string | undefined;
  readonly describe?: string | undefined;
  readonly connection?: string | undefined;
  readonly model?: readonly string[] | undefined;
  readonly url?: string | undefined;
}

/** `query`: reads the query of the arguments. Throws UsageError. */
export function migrateQueryOptions(
  values: Values,
  rest: readonly string[],
  query: () => string | null,
): MigrateQueryOptions {
  const { describe = null, connection = null, model: models = [] } = values;
  if (models.length > 1) throw new UsageError('a query reads one model: give --model once');
  const model = models[0] ?? null;
  if (describe !== null && values.url !== undefined)
    throw new UsageError('--describe asks no server; leave out --url');
  if (values.files === true && rest.length === 0)
    throw new UsageError('--files needs the names of files: forkline migrate-query --files a.txt b.txt');
  const shared = { describe, connection, model };
  if (values.files === true) return { ...shared, text: null, files: rest };
  return { ...shared, text: query(), files: [] };
}

/** Throws UsageError. */
export function fmtLanguage({ dialect }: Values): Pick<FmtOptions, 'language'> {
  if (dialect === undefined || dialect === 'forkline') return {};
  if (dialect === 'legacy') return { language: dialect };
  throw new UsageError(`there is no dialect "${dialect}"; there are forkline and legacy`);
}

/** Throws UsageError. */
export function fmtMode({ check, write }: Values): 'print' | 'check' | 'write' {
  if (check === true && write === true)
    throw new UsageError('--check leaves the files alone and --write replaces them: choose one');
  if (check === true) return 'check';
  return write === true ? 'write' : 'print';
}
