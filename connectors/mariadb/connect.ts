/**
 * Opens a session: `mysql2` connects, speaks TLS and logs in; then the session is set up and its socket taken over. The settings
 * of a session are not taste: the guard reads texts by this `sql_mode`.
 */
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createConnection, type ConnectionOptions as Mysql2Options } from 'mysql2';
import { connectGuarded } from '../kit/address-guard.ts';
import { readGrants, type UserRights } from './guard/user-rights.ts';
import { loginPlugins } from './login/plugins.ts';
import type { ServerAddress } from './url.ts';
import { quitCommand } from './wire/commands.ts';
import { WireSession } from './wire-session.ts';

const KEEPALIVE_DELAY_MS = 10_000;
const END_TIMEOUT_MS = 1000;
/** Strict, and without what changes how SQL is read: ANSI_QUOTES, PIPES_AS_CONCAT, NO_BACKSLASH_ESCAPES, IGNORE_SPACE. */
const SQL_MODE = 'STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION';
/** A reader that is slow is ended by its deadline, not by the server's patience with the network. */
const SESSION_SETTINGS = [
  `set names utf8mb4, sql_mode = '${SQL_MODE}', time_zone = '+00:00', net_write_timeout = 86400, lock_wait_timeout = 5`,
  'set session transaction read only',
];
/** The bits of what the protocol can do that are switched off: files of ours, several statements, attributes of queries. */
const FLAGS = [
  '-LOCAL_FILES',
  '-MULTI_STATEMENTS',
  '-IGNORE_SPACE',
  '-SESSION_TRACK',
  '-CLIENT_QUERY_ATTRIBUTES',
  '-FOUND_ROWS',
];

/** The fields of a connection that the types of `mysql2` do not show; checked in `takeWire`. */
interface Internals {
  readonly stream: Duplex;
  readonly threadId: number;
  readonly _mariadbExtendedMetadata: boolean;
}

type Client = ReturnType<typeof createConnection>;

export interface OpenedWire {
  readonly session: WireSession;
  readonly rights: UserRights;
  /** The name and version that the server gives. */
  readonly version: string;
}

/** Rejects with whatever `mysql2` rejects with; errors.ts words it for users. */
export async function openSession(
  address: ServerAddress,
  workerId: string,
  connectTimeoutMs: number,
): Promise<OpenedWire> {
  const client = await connectClient(address, workerId, connectTimeoutMs);
  const timer = setTimeout(() => client.destroy(), connectTimeoutMs);
  try {
    for (const setting of SESSION_SETTINGS) await query(client, setting);
    const [settings] = await query(client, 'select version(), @@max_allowed_packet');
    const [version, maxPacketBytes] = settings as unknown as readonly [string, number];
    const grants = (await query(client, 'show grants')) as unknown as readonly (readonly [string])[];
    const rights = readGrants(grants.map(([line]) => line));
    return {
      session: takeWire(client, address, workerId, { maxPacketBytes, isMariadb: /mariadb/i.test(version) }),
      rights,
      version,
    };
  } catch (thrown) {
    client.destroy();
    throw thrown;
  } finally {
    clearTimeout(timer);
  }
}

function connectClient(address: ServerAddress, workerId: string, connectTimeout: number): Promise<Client> {
  return new Promise((resolve, reject) => {
    const client = createConnection(optionsOf(address, workerId, connectTimeout));
    // Errors behind the login: the socket's 'close' follows each, and is what the session acts on.
    client.on('error', () => {});
    client.connect((error) => {
      if (error === null) return resolve(client);
      client.destroy();
      reject(error);
    });
  });
}

function optionsOf(address: ServerAddress, workerId: string, connectTimeout: number): Mysql2Options {
  const { host, port, socketPath, user, password, database, tls } = address;
  return {
    ...(socketPath === null ? { host, port } : { socketPath }),
    ...(address.guarded === true ? { stream: () => guardedSocket(address) } : {}),
    ...{ user, password, connectTimeout },
    ...(database === null ? {} : { database }),
    ...(tls === null
      ? {}
      : {
          ssl: {
            ...(tls.ca === null ? {} : { ca: tls.ca }),
            rejectUnauthorized: tls.rejectUnauthorized,
            verifyIdentity: tls.verifyIdentity,
          },
        }),
    authPlugins: loginPlugins({ password, isSecret: tls !== null || socketPath !== null }) as NonNullable<
      Mysql2Options['authPlugins']
    >,
    charset: 'utf8mb4',
    rowsAsArray: true,
    enableKeepAlive: true,
    keepAliveInitialDelay: KEEPALIVE_DELAY_MS,
    flags: FLAGS,
    connectAttributes: { program_name: `forkline ${workerId}` },
  };
}

/** Returns a socket as `mysql2` would set up its own. */
function guardedSocket({ host, port }: ServerAddress): Socket {
  const socket = new Socket();
  socket.setNoDelay(true);
  socket.setKeepAlive(true, KEEPALIVE_DELAY_MS);
  connectGuarded(socket, port, host);
  return socket;
}

function query(client: Client, sql: string): Promise<readonly unknown[]> {
  return new Promise((resolve, reject) => {
    client.query(sql, (error, rows) => {
      if (error === null) resolve(Array.isArray(rows) ? rows : []);
      else reject(error);
    });
  });
}

function takeWire(
  client: Client,
  address: ServerAddress,
  workerId: string,
  server: { readonly maxPacketBytes: number; readonly isMariadb: boolean },
): WireSession {
  const { stream, threadId, _mariadbExtendedMetadata: extended } = client as unknown as Internals;
  if (stream.listenerCount('data') !== 1 || !Number.isInteger(threadId) || typeof extended !== 'boolean')
    throw new Error('this version of mysql2 is built otherwise: its wire cannot be taken over');
  stream.removeAllListeners('data');
  return new WireSession({
    ...{ stream, extended, server },
    kill: () => killQuery(address, workerId, threadId),
    end: () => endStream(stream),
  });
}

const KILL_TIMEOUT_MS = 3000;

/** A connection of its own carries the KILL: any user may end its own queries. */
async function killQuery(address: ServerAddress, workerId: string, threadId: number): Promise<void> {
  const client = await connectClient(address, workerId, KILL_TIMEOUT_MS);
  try {
    await query(client, `kill query ${threadId}`);
  } finally {
    client.destroy();
  }
}

function endStream(stream: Duplex): Promise<void> {
  if (stream.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => stream.destroy(), END_TIMEOUT_MS);
    stream.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
    stream.end(quitCommand());
    stream.resume();
  });
}
