/** Tells connections over our unix socket from those over the network; only those who may open the socket's file have one. */
import type { Server, Socket } from 'node:net';

const local = new WeakSet<Socket>();

/** Marks every connection of this server. Must be called before anything else listens for connections. */
export function markLocal(server: Server): void {
  server.prependListener('connection', (socket: Socket) => void local.add(socket));
}

export function isLocal(socket: Socket): boolean {
  return local.has(socket);
}
