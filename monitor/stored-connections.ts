/**
 * The connections of the catalogue, as the server last told them: read with their secrets by a process of its own, and given
 * to all processes beside those of the configuration. They are kept in a file (without secrets), so that a start has them
 * before the store answers, and also when it does not.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../core/config/config.ts';
import { loginProblems } from '../core/config/role-logins.ts';
import type { Log } from '../core/logging/log.ts';
import { type ConfiguredConnection, hasRoles } from '../core/protocol/connection.ts';
import type { UnreachableConnection } from '../core/protocol/monitor.ts';
import type {
  ConnectionDefinition,
  ConnectionsReply,
  ConnectionsRequest,
  ExaminedConnection,
  ResolvedStored,
  StoredConnection,
  TakenConnections,
} from '../core/protocol/stored-connections.ts';

/** The connection or definition to examine. */
export type Examinee =
  | { readonly config: ConfiguredConnection }
  | { readonly definition: ConnectionDefinition };

/** Reads and tries connections, outside of this process. Both reject when that process fails. */
export interface ConnectionsService {
  read(config: Config, stored: readonly StoredConnection[]): Promise<ResolvedStored>;
  examine(config: Config, name: string, what: Examinee, open: boolean): Promise<ExaminedConnection>;
}

export interface StoredConnectionsDeps {
  readonly service: ConnectionsService;
  readonly file: string;
  readonly log: Log;
  /** Returns the configuration in force. */
  current(): Config;
  /** Changes the configuration in force, one change after the other; resolves when all processes use it. */
  change(next: (current: Config) => Promise<Config>): Promise<readonly UnreachableConnection[]>;
}

/** Connections that are tried at once; one more is refused. */
const MOST_EXAMINED = 4;

export function storedConnectionsPath(dataDir: string): string {
  return join(dataDir, 'connections.json');
}

interface KeptFile {
  /** Names the store that they are of. */
  readonly store: string;
  readonly connections: readonly StoredConnection[];
}

export class StoredConnections {
  readonly #deps: StoredConnectionsDeps;
  #stored: readonly StoredConnection[] = [];
  #problems: Readonly<Record<string, string>> = {};
  /** The unreachable connections of the last change: whoever asks a moment after it is told the same. */
  #unreachable: readonly UnreachableConnection[] = [];
  #examined = 0;

  constructor(deps: StoredConnectionsDeps) {
    this.#deps = deps;
  }

  /** Returns the configuration of the start with the connections of the last run. Never rejects: what cannot be read is told. */
  async atStart(config: Config): Promise<Config> {
    try {
      const kept = await readKept(this.#deps.file);
      if (kept === null || config.store === null || kept.store !== nameOf(config.store.url)) return config;
      this.#stored = kept.connections;
      return await this.mergedWith(config);
    } catch (thrown) {
      this.#stored = [];
      this.#deps.log.warn('stored-connections-unread', { message: String(thrown) });
      return config;
    }
  }

  /** Returns a configuration with the connections of the catalogue, whose secrets are read again. Rejects when they cannot be read. */
  async mergedWith(config: Config): Promise<Config> {
    return this.#stored.length === 0 ? config : await this.#merge(config, this.#stored);
  }

  /** Does what the server asks. Never rejects. */
  async answer(request: ConnectionsRequest): Promise<ConnectionsReply> {
    const { requestId } = request;
    if (request.type === 'stored-connections') {
      try {
        const taken = await this.#take(request.connections);
        return { type: 'stored-taken', requestId, taken, failure: null };
      } catch (thrown) {
        return { type: 'stored-taken', requestId, taken: null, failure: messageOf(thrown) };
      }
    }
    try {
      const examined = await this.#examine(request);
      return { type: 'connection-examined', requestId, examined, failure: null };
    } catch (thrown) {
      return { type: 'connection-examined', requestId, examined: null, failure: messageOf(thrown) };
    }
  }

  async #take(connections: readonly StoredConnection[]): Promise<TakenConnections> {
    let isNew = false;
    const unreachable = await this.#deps.change(async (current) => {
      isNew = !isDeepStrictEqual(connections, this.#stored);
      if (!isNew) return current;
      const next = await this.#merge(withoutStored(current), connections);
      this.#stored = connections;
      return next;
    });
    if (isNew) {
      this.#unreachable = unreachable;
      await this.#keep();
    }
    return { problems: this.#problems, unreachable: this.#unreachable };
  }

  /** Connections of the configuration come first: it is read-only, and nobody else may take one of its names. */
  async #merge(base: Config, stored: readonly StoredConnection[]): Promise<Config> {
    const configured = (name: string) => Object.hasOwn(base.connections, name);
    const read = await this.#deps.service.read(base, stored);
    const refused = loginMistakes(read.connections, base);
    const own = Object.entries(read.connections).filter(
      ([name]) => !configured(name) && !Object.hasOwn(refused, name),
    );
    const shadowed = stored.filter(({ name }) => configured(name));
    this.#problems = {
      ...read.problems,
      ...refused,
      ...Object.fromEntries(
        shadowed.map(({ name }) => [name, 'the configuration has a connection of this name']),
      ),
    };
    for (const [connection, message] of Object.entries(this.#problems))
      this.#deps.log.warn('stored-connection-unused', { connection, message });
    return {
      ...base,
      connections: { ...base.connections, ...Object.fromEntries(own) },
      storedConnections: own.map(([name]) => name),
    };
  }

  async #examine({
    name,
    definition,
    open,
  }: Extract<ConnectionsRequest, { type: 'examine-connection' }>): Promise<ExaminedConnection> {
    const config = this.#deps.current();
    const problem = this.#problems[name];
    if (definition === null && problem !== undefined && !Object.hasOwn(config.connections, name))
      return { mistakes: [problem], kind: null, reached: null, findings: [] };
    if (definition === null && !Object.hasOwn(config.connections, name))
      throw new Error(`there is no connection ${name}`);
    if (this.#examined >= MOST_EXAMINED)
      throw new Error(
        `${MOST_EXAMINED} connections are being tried already; try again when these have ended`,
      );
    this.#examined++;
    try {
      const what = definition === null ? { config: config.connections[name]! } : { definition };
      return await this.#deps.service.examine(config, name, what, open);
    } finally {
      this.#examined--;
    }
  }

  /** Writes the file. A full disk must not stop the server; the log tells. */
  async #keep(): Promise<void> {
    const { file, log } = this.#deps;
    const { store } = this.#deps.current();
    if (store === null) return;
    try {
      if (this.#stored.length === 0) {
        await rm(file, { force: true });
        return;
      }
      const kept: KeptFile = { store: nameOf(store.url), connections: this.#stored };
      await mkdir(dirname(file), { recursive: true });
      await writeFile(`${file}.new`, JSON.stringify(kept), { mode: 0o600 });
      await rename(`${file}.new`, file);
    } catch (thrown) {
      log.warn('stored-connections-unkept', { message: String(thrown) });
    }
  }
}

/** Logins by role need a policy that knows these roles, and gives nobody two of the logins. */
function loginMistakes(
  connections: ResolvedStored['connections'],
  { access: { policy } }: Config,
): Readonly<Record<string, string>> {
  const found = Object.entries(connections).flatMap(([name, connection]) => {
    if (!hasRoles(connection)) return [];
    const problems =
      policy === null
        ? ['logins by role need a policy that says which roles there are (access.policyFile)']
        : loginProblems('the policy', policy, { [name]: connection });
    return problems.length === 0 ? [] : [[name, problems.join('; ')] as const];
  });
  return Object.fromEntries(found);
}

function withoutStored(config: Config): Config {
  const own = Object.entries(config.connections).filter(([name]) => !config.storedConnections.includes(name));
  return { ...config, connections: Object.fromEntries(own), storedConnections: [] };
}

async function readKept(file: string): Promise<KeptFile | null> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw thrown;
  }
  const value = JSON.parse(text) as Partial<KeptFile> | null;
  const isKept = typeof value?.store === 'string' && Array.isArray(value.connections);
  if (!isKept) throw new Error(`${file} is not what this program writes`);
  return value as KeptFile;
}

/** Names a store without its secrets; its port may be another one at each start. */
function nameOf(url: string): string {
  const { hostname, pathname } = new URL(url);
  return createHash('sha256').update(`${hostname}${pathname}`).digest('hex');
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
