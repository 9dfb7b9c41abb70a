/**
 * How much of what was written to a socket its peer has taken: what the kernel has accepted without what still waits in the
 * kernel's send queue. That queue may be megabytes, and it takes more only once a third of it is free, so that without
 * looking into it a client that reads slowly looks for minutes like one that does not read at all.
 */
import { readFile, readlink } from 'node:fs/promises';
import type { Socket } from 'node:net';

/** What Node's own handle of a socket tells; it is not part of the documented API. */
interface SocketHandle {
  readonly fd?: number;
  readonly bytesWritten?: number;
  /** Bytes that the kernel has not accepted yet. */
  readonly writeQueueSize?: number;
}

/** IPv4 and IPv6 connections of this process's network namespace. */
const TABLES = ['/proc/net/tcp', '/proc/net/tcp6'];
const QUEUES_FIELD = 4;
const INODE_FIELD = 9;

/** Bytes that each peer has taken, by socket. Without /proc those count as taken that the kernel has accepted. */
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

/** Bytes in the send queue, by the socket's inode. */
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
