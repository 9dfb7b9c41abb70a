/**
 * The monitor's end of the control socket. Requests are checked like all input from outside, although only the same user can
 * connect. A client that is slow or sends too much is disconnected, so that it cannot delay the monitor.
 */
import { chmod } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { closestName } from '../core/config/closest-name.ts';
import type { Log } from '../core/logging/log.ts';
import type { ControlReply, ControlRequest, ScaleReply, StatusReply } from '../core/protocol/control.ts';
import type { PoolSizes } from '../core/protocol/pool-sizes.ts';

export interface ControlDeps {
  readonly log: Log;
  /** The largest size of each pool, by name. */
  readonly maxSizes: PoolSizes;
  /** Changes the sizes of pools. Throws ControlError. */
  scale(sizes: PoolSizes): ScaleReply;
  status(): StatusReply;
}

/** An error whose message is sent to the client. */
export class ControlError extends Error {}

const MAX_REQUEST_BYTES = 16 * 1024;
const TIMEOUT_MS = 5000;

export class ControlServer {
  readonly #server: Server;

  constructor(deps: ControlDeps) {
    this.#server = createServer((socket) => converse(socket, deps));
  }

  async listen(path: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(path, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    await chmod(path, 0o600);
  }

  close(): void {
    this.#server.close();
  }
}

function converse(socket: Socket, deps: ControlDeps): void {
  let text = '';
  socket.setEncoding('utf8');
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy());
  socket.on('error', () => {}); // the client went away, so nobody would read an answer
  socket.on('data', (chunk) => {
    text += chunk;
    const end = text.indexOf('\n');
    if (end >= 0) socket.end(`${JSON.stringify(answer(text.slice(0, end), deps))}\n`);
    else if (text.length > MAX_REQUEST_BYTES) socket.destroy();
  });
}

function answer(line: string, deps: ControlDeps): ControlReply {
  try {
    const request = parseRequest(line, deps.maxSizes);
    switch (request.type) {
      case 'scale':
        return { ok: true, value: deps.scale(request.sizes) };
      case 'status':
        return { ok: true, value: deps.status() };
      default:
        return request satisfies never;
    }
  } catch (thrown) {
    if (thrown instanceof ControlError) return { ok: false, message: thrown.message };
    deps.log.error('control-failed', { message: String(thrown) });
    return { ok: false, message: 'the monitor failed to answer; its log says why' };
  }
}

/** Returns the request in a line. Throws ControlError. */
export function parseRequest(line: string, maxSizes: PoolSizes): ControlRequest {
  const request = parseObject(line);
  if (request.type === 'status') return { type: 'status' };
  if (request.type !== 'scale') throw new ControlError(`there is no request ${JSON.stringify(request.type)}`);
  const { sizes } = request;
  if (typeof sizes !== 'object' || sizes === null) throw new ControlError('"sizes" must be an object');
  const checked = Object.entries(sizes).map(([pool, size]) => checkSize(pool, size, maxSizes));
  if (checked.length === 0)
    throw new ControlError(`say what to scale: ${namesOf(maxSizes, (name) => `${name}=N`)}`);
  return { type: 'scale', sizes: Object.fromEntries(checked) };
}

/** Returns the pool's name and its size. Throws ControlError for an unknown pool or a size that is not possible. */
export function checkSize(pool: string, size: unknown, maxSizes: PoolSizes): [string, number] {
  const max = Object.hasOwn(maxSizes, pool) ? maxSizes[pool] : undefined;
  if (max === undefined) {
    const closest = closestName(pool, Object.keys(maxSizes));
    const mend = closest === null ? `there are ${namesOf(maxSizes)}` : `did you mean ${closest}?`;
    throw new ControlError(`there is no pool ${JSON.stringify(pool)}; ${mend}`);
  }
  if (typeof size === 'number' && Number.isInteger(size) && size >= 1 && size <= max) return [pool, size];
  throw new ControlError(`${pool} must be a whole number from 1 to ${max}, not ${JSON.stringify(size)}`);
}

/** Returns the names of the pools, for a sentence. */
function namesOf(maxSizes: PoolSizes, written = (name: string) => name): string {
  return Object.keys(maxSizes).map(written).join(', ');
}

function parseObject(line: string): { readonly [key: string]: unknown } {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null) return value as { readonly [key: string]: unknown };
  } catch {
    // the error below also covers JSON that does not parse
  }
  throw new ControlError('a request is one line with a JSON object');
}
