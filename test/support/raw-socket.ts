/** One HTTP request over a plain socket, for what Node's own client does not speak. */
import { connect } from 'node:net';

export interface RawResponse {
  /** The first line of the response. */
  readonly statusLine: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** The connection was closed in good order; false: it was reset. */
  readonly closed: boolean;
}

/** Sends `text` and reads until the connection ends. */
export function askRaw(port: number, text: string): Promise<RawResponse> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    const pieces: Buffer[] = [];
    let closed = false;
    socket.on('data', (piece: Buffer) => pieces.push(piece));
    socket.on('end', () => {
      closed = true;
    });
    socket.on('error', () => {
      closed = false;
    });
    socket.on('close', () => resolve({ ...parsed(Buffer.concat(pieces)), closed }));
  });
}

function parsed(bytes: Buffer): Omit<RawResponse, 'closed'> {
  const end = bytes.indexOf('\r\n\r\n');
  if (end === -1) return { statusLine: '', headers: {}, body: bytes };
  const [statusLine = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  return { statusLine, headers, body: bytes.subarray(end + 4) };
}
