/** HTTP by hand, for requests that no client library would send: bytes in, the whole answer out. */
import { connect } from 'node:net';

export interface RawAnswer {
  readonly status: number;
  /** Names in lower case; of several with the same name the last. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Returns what comes back until the server closes the connection; the request should ask for that. */
export async function sendRaw(port: number, bytes: string | Buffer): Promise<RawAnswer> {
  const text = await new Promise<string>((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    const pieces: Buffer[] = [];
    socket.on('data', (piece: Buffer) => pieces.push(piece));
    socket.on('end', () => resolve(Buffer.concat(pieces).toString())).on('error', reject);
  });
  return parseAnswer(text);
}

/** `POST /v1/query` with these headers in place of a client's own, one connection for it. */
export function requestText(
  line: string,
  headers: readonly (readonly [string, string])[],
  body = '',
): string {
  const length = body === '' ? [] : ([['Content-Length', String(Buffer.byteLength(body))]] as const);
  const lines = [...headers, ...length, ['Connection', 'close']].map(([name, value]) => `${name}: ${value}`);
  return `${[line, ...lines].join('\r\n')}\r\n\r\n${body}`;
}

function parseAnswer(text: string): RawAnswer {
  const split = text.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = text.slice(0, Math.max(0, split)).split('\r\n');
  const headers = lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  return {
    status: Number(statusLine.split(' ')[1] ?? 0),
    headers: Object.fromEntries(headers) as Record<string, string>,
    body: text.slice(split + 4),
  };
}
