/**
 * A real S3 server that checks signatures, for tests, where `versitygw` is installed (`.ci/run` builds it from its Go module):
 * FORKLINE_VERSITYGW names it. Without it tests are counted as skipped, with the reason.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { freePort } from '../free-port.ts';
import { atRunEnd } from '../run-end.ts';
import { until } from '../until.ts';

export interface S3Server {
  /** `http://127.0.0.1:port` */
  readonly endpoint: string;
  readonly keyId: string;
  readonly secret: string;
  /** Writes an object that has no ETag, below the server. */
  write(path: string, content: Uint8Array): void;
  stop(): Promise<void>;
}

interface Skippable {
  skip(): never;
}

/** `buckets`: those that it has, empty. */
export async function startVersitygw(test: Skippable, buckets: readonly string[]): Promise<S3Server> {
  const command = process.env.FORKLINE_VERSITYGW ?? '';
  if (command === '' || !existsSync(command)) {
    console.log('      skipped: no S3 server here; FORKLINE_VERSITYGW names none (.ci/run builds it)');
    return test.skip();
  }
  const dir = mkdtempSync(join(tmpdir(), 'forkline-s3-'));
  for (const bucket of buckets) mkdirSync(join(dir, bucket));
  const port = await freePort();
  const [keyId, secret] = ['TESTKEYOFFORKLINE', 'test/Secret+of/Forkline'];
  const child = spawn(command, ['--port', `127.0.0.1:${port}`, '--keep-alive', '--quiet', 'posix', dir], {
    env: { ROOT_ACCESS_KEY: keyId, ROOT_SECRET_KEY: secret, PATH: process.env.PATH ?? '', HOME: dir },
    stdio: 'ignore',
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const stop = async (): Promise<void> => {
    child.kill();
    await ended;
    rmSync(dir, { recursive: true, force: true });
  };
  atRunEnd(stop);
  const endpoint = `http://127.0.0.1:${port}`;
  // A server that serves answers requests without a signature with 403.
  await until(async () => (await fetch(endpoint).catch(() => null)) !== null, 60_000);
  const write = (path: string, content: Uint8Array): void => {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), content);
  };
  return { endpoint, keyId, secret, write, stop };
}
