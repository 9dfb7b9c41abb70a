/** Installs one extension of the engine, from a file or from a repository. */
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { DuckDBConnection } from '@duckdb/node-api';
import { EXTENSIONS, type ExtensionName, extensionFile } from '../../core/process/engine-extensions.ts';
import { NoZip, zipEntries } from '../../core/process/zip-entries.ts';
import { quoteText } from '../../language/dialects/duckdb/sql.ts';

/** The message is for people, and tells how to mend it. */
export class ExtensionError extends Error {}

interface Found {
  readonly name: ExtensionName;
  readonly content: Buffer;
}

const FILE = /^([a-z_]+)\.duckdb_extension$/;

/** Installs what a file holds: an extension, packed with gzip or not, or a package of Python with some. */
export async function installFile(directory: string, path: string): Promise<readonly string[]> {
  const found = extensionsIn(path, read(path));
  const installed: string[] = [];
  for (const each of found) installed.push(await keep(directory, each));
  return installed;
}

/** Has the engine fetch an extension, from its own repository or from another one. */
export async function installFetched(
  directory: string,
  name: ExtensionName,
  repository: string | null,
): Promise<readonly string[]> {
  const from = repository === null ? '' : ` FROM ${quoteText(repository)}`;
  return withDirectory(directory, async (own) => {
    await withEngine(async (connection) => {
      await connection.run(`SET extension_directory = ${quoteText(own)}`);
      try {
        await connection.run(`INSTALL ${name}${from}`);
      } catch (thrown) {
        throw new ExtensionError(
          `${name} cannot be fetched: ${firstLine(thrown)}\nWithout a way to the internet, bring the file: forkline extensions install ./${name}.duckdb_extension (docs/connections/files.md)`,
        );
      }
    });
    return [await keep(directory, { name, content: readFileSync(extensionFile(own, name)) })];
  });
}

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (thrown) {
    const known = EXTENSIONS.join(', ');
    throw new ExtensionError(
      `${path} cannot be read (${(thrown as NodeJS.ErrnoException).code}). Name a file, or one of ${known}`,
    );
  }
}

function extensionsIn(path: string, content: Buffer): readonly Found[] {
  if (path.endsWith('.whl')) {
    const found = entriesOf(path, content).flatMap(({ name, content: inside }) => {
      const known = nameOf(basename(name));
      return known === null ? [] : [{ name: known, content: inside() }];
    });
    if (found.length > 0) return found;
    throw new ExtensionError(`${path} holds none of the extensions ${EXTENSIONS.join(', ')}`);
  }
  const isPacked = path.endsWith('.gz');
  const name = nameOf(basename(path, isPacked ? '.gz' : ''));
  if (name === null)
    throw new ExtensionError(
      `${path} is none of ${EXTENSIONS.map((each) => `${each}.duckdb_extension`).join(', ')} (packed with .gz or not), nor a package (.whl) with one`,
    );
  try {
    return [{ name, content: isPacked ? gunzipSync(content) : content }];
  } catch {
    throw new ExtensionError(`${path} is not packed with gzip, or is damaged`);
  }
}

function entriesOf(path: string, content: Buffer): ReturnType<typeof zipEntries> {
  try {
    return zipEntries(content);
  } catch (thrown) {
    if (thrown instanceof NoZip) throw new ExtensionError(`${path} is no package, or is damaged`);
    throw thrown;
  }
}

function nameOf(file: string): ExtensionName | null {
  const name = FILE.exec(file)?.[1];
  return EXTENSIONS.find((each) => each === name) ?? null;
}

/** Puts an extension in its place once the engine has loaded it: a broken one never replaces one that works. */
async function keep(directory: string, { name, content }: Found): Promise<string> {
  const target = extensionFile(directory, name);
  return withDirectory(directory, async (own) => {
    const file = join(own, `${name}.duckdb_extension`);
    writeFileSync(file, content);
    await withEngine(async (connection) => {
      try {
        await connection.run(`LOAD ${quoteText(file)}`);
      } catch (thrown) {
        throw new ExtensionError(`the engine refuses ${name}: ${firstLine(thrown).replaceAll(file, name)}`);
      }
    });
    mkdirSync(dirname(target), { recursive: true });
    renameSync(file, target);
    return target;
  });
}

async function withDirectory<Result>(
  directory: string,
  work: (own: string) => Promise<Result>,
): Promise<Result> {
  mkdirSync(directory, { recursive: true });
  const own = mkdtempSync(join(directory, '.new-'));
  try {
    return await work(own);
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}

async function withEngine(work: (connection: DuckDBConnection) => Promise<void>): Promise<void> {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const instance = await DuckDBInstance.create(':memory:', {
    ...{ threads: '1', allow_unsigned_extensions: 'false', allow_community_extensions: 'false' },
    ...{ autoinstall_known_extensions: 'false', autoload_known_extensions: 'false' },
  });
  const connection = await instance.connect();
  try {
    await work(connection);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

function firstLine(thrown: unknown): string {
  return String((thrown as Error).message).split('\n', 1)[0]!;
}
