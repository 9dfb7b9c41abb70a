/** A real HTTP server around one handler, for the tests of what speaks HTTP. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Express } from 'express';

export interface HttpFixture extends AsyncDisposable {
  readonly url: string;
  readonly server: Server;
}

export async function serve(configure: (app: Express) => void): Promise<HttpFixture> {
  const app = express();
  app.set('query parser', false);
  configure(app);
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    server,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
