/** Names the files of the engine's extensions. */
import { join } from 'node:path';

/** The extensions that are ever loaded. */
export const EXTENSIONS = ['httpfs', 'excel'] as const;

export type ExtensionName = (typeof EXTENSIONS)[number];

/** The release of the engine that extensions must be made for: theirs is compared by the engine itself. */
const ENGINE_VERSION = 'v1.5.5';

const SYSTEMS: Readonly<Record<string, string>> = { linux: 'linux', darwin: 'osx', win32: 'windows' };
const PROCESSORS: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/** The name that the engine gives to this kind of machine, such as `linux_amd64`. */
function enginePlatform(): string {
  return `${SYSTEMS[process.platform] ?? process.platform}_${PROCESSORS[process.arch] ?? process.arch}`;
}

/** The file of an extension in a directory that has those of several releases and machines. */
export function extensionFile(directory: string, name: ExtensionName): string {
  return join(directory, ENGINE_VERSION, enginePlatform(), `${name}.duckdb_extension`);
}
