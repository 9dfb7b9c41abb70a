/**
 * A TCP proxy between a client and a server that can lose packets: while `drop()` is in force it takes connections and
 * bytes and passes nothing on, in either direction, and says nothing, as a broken network does.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** Connections taken so far. */
  readonly connections: number;
  drop(): void;
  /** Passes on again; connections from before are reset, as a peer that gave up would. */
  restore(): void;
}

export async function tcpProxy(target: { host: string; port: number }): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let dropping = false;
  let connections = 0;
  const track = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => {}); // the other end may be killed; its peer is told below
    socket.once('close', () => sockets.delete(socket));
  };
  const server = createServer((client) => {
    connections++;
    track(client);
    if (dropping) return void client.on('data', () => {});
    const upstream = connect(target.port, target.host);
    track(upstream);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      from.on('data', (bytes) => void (dropping || to.write(bytes)));
      from.once('close', () => void (dropping || to.destroy()));
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const closeAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections;
    },
    drop: () => {
      dropping = true;
    },
    restore: () => {
      dropping = false;
      closeAll();
    },
    async [Symbol.asyncDispose]() {
      closeAll();
      server.close();
      await once(server, 'close');
    },
  };
}
