/**
 * Finds out how many bytes the other end of a socket has taken: the bytes that the kernel accepted minus those that still
 * wait in its send queue. That queue may hold megabytes, and the kernel accepts more only once a third of it is free. Without
 * looking into it, a slow reader would look for minutes like a client that does not read at all.
 */
import { readFile, readlink } from 'node:fs/promises';
import type { Socket } from 'node:net';

/** The fields of Node's internal handle of a socket that are read here; they are not part of the documented API. */
interface SocketHandle {
  readonly fd?: number;
  readonly bytesWritten?: number;
  /** The bytes that the kernel has not accepted yet. */
  readonly writeQueueSize?: number;
}

/** The files that list the IPv4 and IPv6 connections of this process's network namespace. */
const TABLES = ['/proc/net/tcp', '/proc/net/tcp6'];
const QUEUES_FIELD = 4;
const INODE_FIELD = 9;

/** Returns the bytes that the other end of each socket has taken. Without /proc, all bytes that the kernel accepted count as taken. */
export async function takenBytes(sockets: readonly Socket[]): Promise<ReadonlyMap<Socket, number>> {
  const [queues, inodes] = await Promise.all([sendQueues(), Promise.all(sockets.map(inodeOf))]);
  const taken = new Map<Socket, number>();
  for (const [index, socket] of sockets.entries()) {
    const { bytesWritten = 0, writeQueueSize = 0 } = handleOf(socket) ?? {};
    taken.set(socket, bytesWritten - writeQueueSize - (queues.get(inodes[index] ?? '') ?? 0));
  }
  return taken;
}

function handleOf(socket: Socket): SocketHandle | null {
  return (socket as unknown as { readonly _handle?: SocketHandle | null })._handle ?? null;
}

async function inodeOf(socket: Socket): Promise<string | null> {
  const fd = handleOf(socket)?.fd;
  if (fd === undefined || fd < 0) return null;
  const target = await readlink(`/proc/self/fd/${fd}`).catch(() => ''); // closed meanwhile, or no /proc
  return /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? null;
}

/** Returns the bytes in each send queue, by the socket's inode. */
async function sendQueues(): Promise<ReadonlyMap<string, number>> {
  const tables = await Promise.all(TABLES.map((path) => readFile(path, 'latin1').catch(() => '')));
  const queues = new Map<string, number>();
  for (const line of tables.flatMap((table) => table.split('\n').slice(1))) {
    const fields = line.trim().split(/\s+/);
    const inode = fields[INODE_FIELD];
    if (inode !== undefined) queues.set(inode, Number.parseInt(fields[QUEUES_FIELD]!, 16));
  }
  return queues;
}
