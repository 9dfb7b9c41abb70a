/**
 * Extensions of the engine: signed files that `forkline extensions install` has put where the configuration says. They are loaded
 * before an engine is locked, and the engine itself checks their signatures. Nothing is ever fetched.
 */
import { existsSync } from 'node:fs';
import { type ExtensionName, extensionFile } from '../../../core/process/engine-extensions.ts';
import { QueryError } from '../../../core/protocol/errors.ts';
import { quoteText } from '../../../language/dialects/duckdb/sql.ts';

const NEEDED_FOR: Readonly<Record<ExtensionName, string>> = {
  httpfs: 'files in stores (S3, web servers, WebHDFS)',
  excel: 'Excel files',
};

/** Thrown when a file turns out to need an extension that its engine has not loaded. */
export class NeedsExtension extends Error {
  readonly extension: ExtensionName;

  constructor(extension: ExtensionName) {
    super(`the engine needs its extension ${extension}`);
    this.extension = extension;
  }
}

/**
 * The engine's list of secrets is made here, since it fails for ever when it is first made in a locked engine; it stays empty. The
 * addresses that it reads are those of this process, which tries again itself.
 */
const OF_HTTPFS = `SET allow_persistent_secrets = false; FROM duckdb_secrets();
SET http_retries = 0; SET http_timeout = 3600; SET http_keep_alive = true; SET http_proxy = '';`;

/** Variables that lead the engine's requests to a proxy, even those to this machine. */
const PROXY_VARIABLES = ['http_proxy', 'https_proxy', 'all_proxy'];

/** Takes variables of proxies out of this process: the engine asks nobody but this process. */
export function forgetProxies(): void {
  for (const name of PROXY_VARIABLES) for (const each of [name, name.toUpperCase()]) delete process.env[each];
}

/** Throws `unsupported` for an extension that is not installed. */
export function loadingSql(directory: string, extensions: readonly ExtensionName[]): string {
  const loads = [...new Set(extensions)].sort().map((name) => {
    const file = extensionFile(directory, name);
    if (!existsSync(file)) throw notInstalled(name);
    return `LOAD ${quoteText(file)};`;
  });
  return [...loads, extensions.includes('httpfs') ? OF_HTTPFS : ''].join(' ').trim();
}

function notInstalled(name: ExtensionName): QueryError {
  return new QueryError(
    'unsupported',
    `${NEEDED_FOR[name]} need the engine's extension \`${name}\`, which is not installed`,
    {
      hint: `whoever runs this server installs it: \`forkline extensions install\` (docs/connections/files.md)`,
    },
  );
}
