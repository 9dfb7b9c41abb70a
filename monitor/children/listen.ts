/**
 * The HTTP listening socket. The monitor binds and holds it, and never listens or accepts itself; each server
 * process inherits it as fd 4 and calls `server.listen({ fd: 4 })`. After the first such call the socket listens for as long
 * as any process holds it: while a server is replaced, connections wait in the backlog and none is refused.
 *
 * `net._createServerHandle` is undocumented, but node:cluster is built on it. It binds without listening, which no public
 * function does, and without polling, so that a connection never wakes the monitor.
 */
import { lookup } from 'node:dns/promises';
import { lstatSync, unlinkSync } from 'node:fs';
import net from 'node:net';
import { getSystemErrorName } from 'node:util';

export interface BoundSocket {
  readonly host: string;
  /** The bound port, also when port 0 was configured. */
  readonly port: number;
  readonly fd: number;
  close(): void;
}

interface TcpHandle {
  readonly fd: number;
  getsockname(out: { port?: number }): number;
  close(): void;
}

type CreateServerHandle = (
  address: string,
  port: number,
  addressType: 4 | 6 | -1,
  fd: number,
  flags: number,
) => TcpHandle | number;

/** A bound unix socket. */
export interface BoundUnixSocket {
  readonly path: string;
  readonly fd: number;
  close(): void;
}

/** Linux holds 107 bytes in an address, macOS 103. */
const MAX_UNIX_PATH_BYTES = 103;

/**
 * Binds a unix socket that only those may open whom `mode` lets. What is left there of an earlier run is removed: whoever calls this
 * has made sure that no other run has this data directory. @throws ListenError
 */
export function bindUnixSocket(path: string, mode: number): BoundUnixSocket {
  if (Buffer.byteLength(path) > MAX_UNIX_PATH_BYTES)
    throw new ListenError(
      `cannot listen on ${path}: the path of a socket has ${MAX_UNIX_PATH_BYTES} bytes at most`,
    );
  removeStale(path);
  // Between binding and chmod somebody else could open it.
  const before = process.umask(0o777 & ~mode);
  try {
    const handle = createHandle(path, -1, -1, -1, 0);
    if (typeof handle === 'number')
      throw new ListenError(`cannot listen on ${path}: ${getSystemErrorName(handle)}`);
    return { path, fd: handle.fd, close: () => handle.close() };
  } finally {
    process.umask(before);
  }
}

function removeStale(path: string): void {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (!stats.isSocket())
    throw new ListenError(`cannot listen on ${path}: there is something else, which is no socket`);
  unlinkSync(path);
}

/** The error that the address cannot be bound; its message is printed on the terminal. */
export class ListenError extends Error {}

/** Binds the socket. @throws ListenError that tells which address failed, why, and what to do. */
export async function bindSocket(host: string, port: number): Promise<BoundSocket> {
  const { address, family } = await resolveHost(host, port);
  const handle = createHandle(address, port, family, -1, 0);
  if (typeof handle === 'number') throw listenError(host, port, getSystemErrorName(handle));
  // When another process listens on the address, libuv reports it here and not from bind.
  const name: { port?: number } = {};
  const failure = handle.getsockname(name);
  if (failure !== 0 || name.port === undefined) {
    handle.close();
    throw listenError(host, port, getSystemErrorName(failure));
  }
  return { host, port: name.port, fd: handle.fd, close: () => handle.close() };
}

const createHandle = (net as unknown as { _createServerHandle: CreateServerHandle })._createServerHandle;

function listenError(host: string, port: number, code: string): ListenError {
  const place = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  return new ListenError(`cannot listen on ${place}: ${explain(code, port)}`);
}

function explain(code: string, port: number): string {
  const other = 'choose another with FORKLINE_PORT=<port> (0 for any free one)';
  switch (code) {
    case 'EADDRINUSE':
      return `port ${port} is in use by another program; ${other}`;
    case 'EACCES':
      return `port ${port} needs more rights than this user has; ${other}`;
    case 'EADDRNOTAVAIL':
      return 'this machine has no such address; set FORKLINE_HOST to one of its own';
    default:
      return code;
  }
}

async function resolveHost(host: string, port: number): Promise<{ address: string; family: 4 | 6 }> {
  try {
    const { address, family } = await lookup(host);
    return { address, family: family === 6 ? 6 : 4 };
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw new ListenError(`cannot listen on ${host}:${port}: the host name does not resolve (${reason})`);
  }
}
