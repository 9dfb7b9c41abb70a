/**
 * A bare `node:http` server that answers everything with the same bytes from memory: the limit of what a cache in Node can send.
 *
 *   node dist-dev/loadtest/baseline/bytes-server.js FILE     prints the port that it listens on
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const [path] = process.argv.slice(2);
if (path === undefined) {
  process.stderr.write('usage: bytes-server.js FILE\n');
  process.exit(2);
}

const body = readFileSync(path);
const server = createServer((request, response) => {
  request.resume().on('end', () => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
    response.end(body);
  });
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
