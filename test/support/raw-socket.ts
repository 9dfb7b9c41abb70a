/**
 * One HTTP request over a plain socket, for what Node's own client does not speak. The socket is read by `cat`: libuv takes a
 * reset for an orderly end when it meets it with bytes that were not read yet, and on a busy machine it always does.
 */
import { spawn, spawnSync } from 'node:child_process';

export interface RawResponse {
  /** The first line of the response. */
  readonly statusLine: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** The connection was closed in good order; false: it was reset. */
  readonly closed: boolean;
}

/** bash opens the socket, which not every machine has. */
export function canAskRaw(): boolean {
  return spawnSync('bash', ['-c', 'exit 0']).status === 0;
}

const ASK = 'exec 3<>/dev/tcp/127.0.0.1/"$1" && printf %s "$2" >&3 && exec cat <&3';

/** Sends `text` and reads until the connection ends. */
export function askRaw(port: number, text: string): Promise<RawResponse> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-c', ASK, 'ask', String(port), text], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const pieces: Buffer[] = [];
    let trouble = '';
    child.stdout.on('data', (piece: Buffer) => pieces.push(piece));
    child.stderr.on('data', (piece: Buffer) => {
      trouble += piece.toString();
    });
    child.on('error', reject);
    child.on('close', (code) => {
      const isReset = /reset by peer/i.test(trouble);
      if (code !== 0 && !isReset) reject(new Error(`no answer was read: ${trouble}`));
      else resolve({ ...parsed(Buffer.concat(pieces)), closed: code === 0 });
    });
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
