/** Files of models: one model each, as YAML. */
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify, YAMLParseError } from 'yaml';
import { UsageError } from '../kit/usage-error.ts';

export interface ModelFile {
  readonly path: string;
  readonly definition: unknown;
}

/** Reads files, and all `*.yaml` and `*.yml` files of folders, sorted. Throws UsageError with every file that cannot be read. */
export async function readModelFiles(paths: readonly string[]): Promise<readonly ModelFile[]> {
  const files: ModelFile[] = [];
  const problems: string[] = [];
  for (const path of await filesIn(paths))
    try {
      files.push({ path, definition: modelOf(await readFile(path, 'utf8')) });
    } catch (thrown) {
      problems.push(`${path}: ${(thrown as Error).message}`);
    }
  if (problems.length > 0) throw new UsageError(problems.join('\n'));
  return files;
}

async function filesIn(paths: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(
    paths.map(async (path) => {
      const isFolder = (await stat(path).catch(() => null))?.isDirectory() ?? false;
      if (!isFolder) return [path];
      const names = (await readdir(path)).filter((name) => /\.ya?ml$/.test(name)).sort();
      if (names.length === 0) throw new UsageError(`${path} has no *.yaml files`);
      return names.map((name) => join(path, name));
    }),
  );
  return found.flat();
}

/** Returns the model of a text. Throws with the place of a mistake. */
function modelOf(text: string): unknown {
  try {
    return parse(text, { maxAliasCount: 0, schema: 'core' });
  } catch (thrown) {
    if (thrown instanceof YAMLParseError) throw new Error(thrown.message.split('\n')[0]);
    throw thrown;
  }
}

/** Returns the model of a text that was edited. Throws UsageError. */
export function editedModel(text: string): unknown {
  try {
    return modelOf(text);
  } catch (thrown) {
    throw new UsageError((thrown as Error).message);
  }
}

/** Returns a model as a file has it: texts with several lines as they are. */
export function modelText(definition: object): string {
  return stringify(definition, { lineWidth: 0, blockQuote: 'literal' });
}

/** Writes each model into `<folder>/<name>.yaml`; files that say the same already stay as they are. Returns what was written. */
export async function writeModelFiles(
  dir: string,
  definitions: readonly { readonly name: string }[],
): Promise<readonly string[]> {
  await mkdir(dir, { recursive: true });
  const written: string[] = [];
  for (const definition of definitions) {
    const path = join(dir, `${definition.name}.yaml`);
    const text = modelText(definition);
    if ((await readFile(path, 'utf8').catch(() => null)) === text) continue;
    await writeFile(path, text);
    written.push(path);
  }
  return written;
}
