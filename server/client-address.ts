/** Who asks, as lanes, limits and the log tell clients apart. */
import type { IncomingMessage } from 'node:http';

/** The address that the connection comes from. */
export function clientOf(request: IncomingMessage): string {
  return request.socket.remoteAddress ?? 'unknown';
}
