/**
 * A real Redis for tests, where Debian's `redis-server` is installed (`.ci/run` installs it): on a free port, without files. Without it
 * tests are counted as skipped, with the reason.
 *
 *   const redis = await startRedis(this);   // in a `before`: skips the suite where there is none
 *   await redis.command('CONFIG', 'SET', 'maxmemory', '1mb');
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createClient } from '@redis/client';
import { freePort } from './free-port.ts';
import { until } from './until.ts';

const SERVER = '/usr/bin/redis-server';
const START_MS = 20_000;

export interface TestRedis {
  readonly url: string;
  readonly pid: number;
  command(...args: (string | Buffer)[]): Promise<unknown>;
  /** Ends the server at once, as a crash would: nothing of it is kept. */
  kill(): Promise<void>;
  /** Brings it up again on the same port, empty. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** The part of mocha's context that skips. */
interface Skippable {
  skip(): never;
}

export async function startRedis(test: Skippable): Promise<TestRedis> {
  if (!existsSync(SERVER)) {
    console.log(
      `      skipped: no Redis here (${SERVER}); apt-get install --no-install-recommends redis-server`,
    );
    return test.skip();
  }
  const server = new Server(await freePort());
  await server.start();
  return server;
}

class Server implements TestRedis {
  readonly #port: number;
  #child: ChildProcess | null = null;

  constructor(port: number) {
    this.#port = port;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.#port}`;
  }

  get pid(): number {
    return this.#child!.pid!;
  }

  async start(): Promise<void> {
    const options = ['--port', this.#port, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    this.#child = spawn(SERVER, options.map(String), { stdio: 'ignore' });
    await until(
      () =>
        this.command('PING').then(
          () => true,
          () => false,
        ),
      START_MS,
    );
  }

  async command(...args: (string | Buffer)[]): Promise<unknown> {
    const client = createClient({
      url: this.url,
      disableOfflineQueue: true,
      socket: { reconnectStrategy: false },
    });
    client.on('error', () => {}); // the command rejects
    await client.connect();
    try {
      return await client.sendCommand(args);
    } finally {
      client.destroy();
    }
  }

  async kill(): Promise<void> {
    const child = this.#child!;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  restart(): Promise<void> {
    return this.start();
  }

  async stop(): Promise<void> {
    if (this.#child?.exitCode === null && this.#child.signalCode === null) await this.kill();
  }
}
