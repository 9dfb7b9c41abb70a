/**
 * Opens a database session: connects a `pg` client, sets the session up, and takes over its socket (wire-session.ts). No part
 * of the URL ever reaches a log line or an error: PostgreSQL's own messages name user and database, never a password.
 */
import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ConnectionOptions } from 'node:tls';
import pg from 'pg';
import { connectGuarded } from '../kit/address-guard.ts';
import { sendCancelRequest } from './cancel-request.ts';
import { GRANTABLE_NAMES } from './guard/grantable-functions.ts';
import { ROLE_RIGHTS, type RoleRights } from './guard/role-rights.ts';
import { WireSession } from './wire-session.ts';

const KEEPALIVE_DELAY_MS = 10_000;
/** The time for which `end` waits for the server to close the connection, before it closes it itself. */
const END_TIMEOUT_MS = 1000;

/**
 * The settings of every session. The guard depends on standard_conforming_strings when it reads string literals. The timeouts
 * matter only when something is broken: every exchange of ours sets its own statement_timeout and ends with ROLLBACK.
 */
const SESSION_SETTINGS = `
  set default_transaction_read_only = on;
  set timezone = 'UTC';
  set datestyle = 'ISO, MDY';
  set intervalstyle = 'postgres';
  set bytea_output = 'hex';
  set extra_float_digits = 1;
  set client_encoding = 'UTF8';
  set standard_conforming_strings = on;
  set lock_timeout = '5s';
  set idle_in_transaction_session_timeout = '60s';
`;

/** Makes PostgreSQL notice a closed connection while a query runs; works since version 14, on systems whose poll() reports it. */
const SET_CHECK_INTERVAL = `
  select set_config('client_connection_check_interval', '1s', false)
  where exists (select from pg_settings where name = 'client_connection_check_interval')`;

/** The internals of a client that the types of `pg` do not show; `takeWire` checks them. */
interface ClientInternals {
  readonly processID: number;
  readonly secretKey: number;
  readonly ssl: boolean | ConnectionOptions;
  readonly sslNegotiation: 'postgres' | 'direct';
  readonly connection: { readonly stream: Duplex };
}

export interface ConnectOptions {
  readonly url: string;
  readonly workerId: string;
  readonly connectTimeoutMs: number;
  /** Whether link-local addresses are refused (connectors/kit/address-guard.ts). */
  readonly guardsAddress?: boolean;
}

export interface OpenedSession {
  readonly session: WireSession;
  readonly role: RoleRights;
}

/** Returns the name by which a session is recognised in pg_stat_activity and in the database's log; PostgreSQL keeps 63 bytes of it. */
export function applicationName(workerId: string, traceId: string | null = null): string {
  const name = `forkline ${workerId}`;
  return traceId === null ? name : `${name} ${traceId}`;
}

/** Opens a session. Rejects with the error of `pg`; errors.ts turns it into one for users. */
export function openSession(options: ConnectOptions): Promise<OpenedSession> {
  return openClient(options, async (client) => {
    await client.query(SESSION_SETTINGS);
    // On platforms without this check the database refuses the setting, and it stays off.
    await client.query(SET_CHECK_INTERVAL).catch(() => {});
    const { rows } = await client.query<RoleRights>(ROLE_RIGHTS, [GRANTABLE_NAMES]);
    return { session: takeWire(client), role: rows[0]! };
  });
}

/** Opens a session that stays a client of `pg`. Rejects as `openSession` does. */
export function openPlainClient(options: ConnectOptions): Promise<pg.Client> {
  return openClient(options, (client) => Promise.resolve(client));
}

/** Connects a client within the time for it, `setUp` included. */
async function openClient<T>(options: ConnectOptions, setUp: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    connectionString: options.url,
    application_name: applicationName(options.workerId),
    connectionTimeoutMillis: options.connectTimeoutMs,
    stream: socketMaker(options) as unknown as () => Duplex, // pg also accepts a function, which its types omit
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEPALIVE_DELAY_MS,
  });
  // The socket's 'close' follows every error, and the session reacts to that.
  client.on('error', () => {});
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    destroyClient(client);
  }, options.connectTimeoutMs);
  try {
    await client.connect();
    return await setUp(client);
  } catch (thrown) {
    destroyClient(client);
    // `pg` would report that the server closed the connection, but it was our timeout.
    throw late ? new Error('timeout expired') : thrown;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The buffer that all connections of this process read into: a read is handled before the next one begins, and nobody keeps a
 * view of the data. A new buffer for each read would make V8 collect the whole heap more often.
 */
const RECEIVED = Buffer.allocUnsafeSlow(128 * 1024);

function socketMaker({ guardsAddress = false }: ConnectOptions) {
  if (!guardsAddress) return createSocket;
  return (config: Pick<ClientInternals, 'ssl'>): Socket => {
    const socket = createSocket(config);
    const plain = socket.connect;
    // `pg` calls it as connect(port, host), or connect(path) for a socket file, which a guarded connection never has.
    socket.connect = ((port: unknown, host: unknown): Socket => {
      socket.connect = plain;
      connectGuarded(socket, Number(port), String(host));
      return socket;
    }) as Socket['connect'];
    return socket;
  };
}

function createSocket({ ssl }: Pick<ClientInternals, 'ssl'>): Socket {
  if (ssl) return new Socket(); // TLS has its own reading, which decrypts
  const onread: OnReadOpts = {
    buffer: RECEIVED,
    callback(length) {
      const chunk = RECEIVED.subarray(0, length);
      // pg's own parser, which is used until the socket is taken over, keeps views of a chunk and needs a copy.
      socket.emit('data', wiresTaken.has(socket) ? chunk : Buffer.from(chunk));
      return true;
    },
  };
  const socket = new Socket({ onread } as SocketConstructorOpts); // `onread` is documented, but missing in the types
  return socket;
}

/** The sockets whose chunks go to our parser instead of pg's. */
const wiresTaken = new WeakSet<Duplex>();

function internalsOf(client: pg.Client): ClientInternals {
  return client as unknown as ClientInternals; // takeWire checks the members that it uses
}

function destroyClient(client: pg.Client): void {
  internalsOf(client).connection.stream.destroy();
}

function takeWire(client: pg.Client): WireSession {
  const internals = internalsOf(client);
  const stream = internals.connection.stream;
  const listeners = stream.listeners('data');
  if (listeners.length !== 1 || !Number.isInteger(internals.secretKey))
    throw new Error('this version of pg is built otherwise: its wire cannot be taken over');
  const forward = listeners[0] as (bytes: Buffer) => void;
  stream.removeListener('data', forward);
  wiresTaken.add(stream);
  return new WireSession({
    stream,
    forward,
    sendCancel: () =>
      sendCancelRequest({
        host: client.host,
        port: client.port,
        processId: internals.processID,
        secretKey: internals.secretKey,
        ssl: internals.ssl,
        directTls: internals.sslNegotiation === 'direct',
      }),
    end: () => endClient(client, stream),
  });
}

async function endClient(client: pg.Client, stream: Duplex): Promise<void> {
  if (stream.destroyed) return;
  const timer = setTimeout(() => stream.destroy(), END_TIMEOUT_MS);
  try {
    await client.end();
  } finally {
    clearTimeout(timer);
  }
}
