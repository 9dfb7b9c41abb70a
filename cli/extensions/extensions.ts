/**
 * `forkline extensions`: puts extensions of the stage engine where DSL workers find them, from files that were brought here or from
 * a repository. Each is loaded once before it is kept, and the engine refuses one whose signature is not DuckDB's.
 */
import { existsSync } from 'node:fs';
import type { Config } from '../../core/config/config.ts';
import { EXTENSIONS, type ExtensionName, extensionFile } from '../../core/process/engine-extensions.ts';
import type { Output } from '../kit/output.ts';
import { type ConfigQuestion, readConfig } from '../kit/read-config.ts';
import type { ExtensionsCommand } from './extension-arguments.ts';
import { ExtensionError, installFetched, installFile } from './install-extension.ts';

/** Resolves with the exit code: 0, 1 (one could not be installed), 2 (the configuration is broken). */
export async function runExtensions(
  question: ConfigQuestion,
  command: ExtensionsCommand,
  output: Output,
): Promise<number> {
  const loaded = await readConfig(question);
  if ('errors' in loaded) {
    output.stderr.write(`forkline: ${loaded.errors.join('\n')}\n`);
    return 2;
  }
  try {
    if (command.action === 'list') list(loaded.config, command.json, output);
    else await install(loaded.config, command, output);
    return 0;
  } catch (thrown) {
    if (!(thrown instanceof ExtensionError)) throw thrown;
    output.stderr.write(`forkline: ${thrown.message}\n`);
    return 1;
  }
}

function list({ dsl, connections }: Config, json: boolean, { stdout }: Output): void {
  const needed = neededBy(connections);
  const all = EXTENSIONS.map((name) => {
    const file = extensionFile(dsl.extensionDirectory, name);
    return { name, file, installed: existsSync(file), needed: needed.includes(name) };
  });
  const lines = all.map(
    ({ name, file, installed, needed: isNeeded }) =>
      `${name.padEnd(7)} ${installed ? file : 'not installed'}${isNeeded && !installed ? ', and the configuration needs it' : ''}`,
  );
  stdout.write(json ? `${JSON.stringify(all, null, 2)}\n` : `${lines.join('\n')}\n`);
}

async function install(
  { dsl, connections }: Config,
  { sources, repository }: Extract<ExtensionsCommand, { action: 'install' }>,
  { stdout }: Output,
): Promise<void> {
  const wanted = sources.length > 0 ? sources : neededBy(connections);
  if (wanted.length === 0) {
    stdout.write('no connection of the configuration needs an extension\n');
    return;
  }
  for (const source of wanted) {
    const name = EXTENSIONS.find((each) => each === source);
    const files =
      name === undefined
        ? await installFile(dsl.extensionDirectory, source)
        : await installFetched(dsl.extensionDirectory, name, repository);
    for (const file of files) stdout.write(`${file}\n`);
  }
}

/** The extensions that connections need, as far as their names tell. */
function neededBy(connections: Config['connections']): readonly ExtensionName[] {
  const needed = new Set<ExtensionName>();
  for (const connection of Object.values(connections)) {
    if (connection.kind !== 'files') continue;
    if ('store' in connection && connection.store !== undefined) needed.add('httpfs');
    if (
      Object.values(connection.tables).some(({ path, format }) => format === 'excel' || /\.xlsx$/i.test(path))
    )
      needed.add('excel');
  }
  return [...needed];
}
