/** Starts the bare server that sends the same bytes to everybody, as a process of its own. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Children, firstMatch } from '../children.ts';

const ENTRY = fileURLToPath(new URL('../baseline/bytes-server.js', import.meta.url));
const START_TIMEOUT_MS = 30_000;

export interface BytesServer extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
}

export async function startBytesServer(children: Children, body: string): Promise<BytesServer> {
  const dir = await mkdtemp(join(tmpdir(), 'forkline-loadtest-bytes-'));
  const removeDir = (): Promise<void> => rm(dir, { recursive: true, force: true });
  try {
    const path = join(dir, 'body');
    await writeFile(path, body);
    const what = 'the server of bytes';
    const child = children.start({ what, args: [ENTRY, path], env: {} });
    child.once('exit', () => void removeDir());
    const port = await firstMatch(child, what, /^(\d+)$/, START_TIMEOUT_MS);
    return {
      url: `http://127.0.0.1:${port}`,
      pid: child.pid!,
      [Symbol.asyncDispose]: () => children.end(child),
    };
  } catch (error) {
    await removeDir();
    throw error;
  }
}
