/**
 * A real MariaDB for tests, where Debian's `mariadb-server` is installed (`.ci/run` installs it): a data directory of its own and a
 * server on a free port, up in about a second. Without it tests are counted as skipped, with the reason.
 *
 *   const mariadb = await startMariadb(this);   // in a `before`: skips the suite where there is none
 *   mariadb.url                                 // a user that may read the database `test`
 *   await mariadb.admin('create table ...');
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mysql from 'mysql2/promise';
import { freePort } from './free-port.ts';
import { atRunEnd } from './run-end.ts';
import { until } from './until.ts';

const SERVER = '/usr/sbin/mariadbd';
const INSTALL = '/usr/bin/mariadb-install-db';
const START_MS = 60_000;

export interface TestMariadb {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly socket: string;
  /** Runs SQL as the server's own user. */
  admin(sql: string): Promise<readonly (readonly unknown[])[]>;
  /** Ends the server at once, as a crash would. */
  kill(): Promise<void>;
  /** Brings it up again on the same port. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** The part of mocha's context that skips. */
interface Skippable {
  skip(): never;
}

export async function startMariadb(test: Skippable, settings: readonly string[] = []): Promise<TestMariadb> {
  if (!existsSync(SERVER) || !existsSync(INSTALL)) {
    console.log(
      `      skipped: no MariaDB here (${SERVER}); apt-get install --no-install-recommends mariadb-server`,
    );
    return test.skip();
  }
  const dir = mkdtempSync(join(tmpdir(), 'forkline-mariadb-'));
  chmodSync(dir, 0o711);
  const user = ownUser();
  const data = join(dir, 'data');
  // A server removes temporary files at its start: without a directory of its own, those of another one that is just set up.
  const own = mkdtempSync(join(dir, 'tmp-'));
  if (user !== null) chownSync(own, user.uid, user.gid);
  execFileSync(INSTALL, [
    ...['--no-defaults', `--datadir=${data}`, '--auth-root-authentication-method=normal', '--skip-test-db'],
    ...[`--tmpdir=${own}`, ...(user === null ? [] : [`--user=${user.name}`])],
  ]);
  if (user !== null) chownSync(dir, user.uid, user.gid);
  const server = new Server(dir, await freePort(), user?.name ?? null, [`--tmpdir=${own}`, ...settings]);
  atRunEnd(() => server.stop());
  await server.restart();
  await server.admin('create database test character set utf8mb4');
  await server.admin("create user reader identified by 'secret of reader'; grant select on test.* to reader");
  return server;
}

/** Returns the user that the server runs as under root; null: it runs as we do. */
function ownUser(): { readonly name: string; readonly uid: number; readonly gid: number } | null {
  if (process.getuid!() !== 0) return null;
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'mysql'], { encoding: 'utf8' }));
  return { name: 'mysql', uid: id('-u'), gid: id('-g') };
}

class Server implements TestMariadb {
  readonly port: number;
  readonly socket: string;
  readonly #dir: string;
  readonly #user: string | null;
  readonly #settings: readonly string[];
  #child: ChildProcess | null = null;

  constructor(dir: string, port: number, user: string | null, settings: readonly string[]) {
    this.#dir = dir;
    this.port = port;
    this.socket = join(dir, 'data', 'socket');
    this.#user = user;
    this.#settings = settings;
  }

  get url(): string {
    return `mariadb://reader:secret%20of%20reader@127.0.0.1:${this.port}/test`;
  }

  get pid(): number {
    return this.#child!.pid!;
  }

  async admin(sql: string): Promise<readonly (readonly unknown[])[]> {
    const client = await mysql.createConnection({
      ...{ socketPath: this.socket, user: 'root', rowsAsArray: true, multipleStatements: true },
    });
    try {
      const [rows] = await client.query(sql);
      return rows as unknown as readonly (readonly unknown[])[];
    } finally {
      await client.end();
    }
  }

  async restart(): Promise<void> {
    const data = join(this.#dir, 'data');
    this.#child = spawn(
      SERVER,
      [
        ...['--no-defaults', `--datadir=${data}`, `--port=${this.port}`, '--bind-address=127.0.0.1'],
        ...[`--socket=${this.socket}`, `--pid-file=${join(data, 'pid')}`, '--innodb-buffer-pool-size=64M'],
        ...['--innodb-flush-log-at-trx-commit=0', '--skip-name-resolve', `--log-error=${join(data, 'log')}`],
        ...(this.#user === null ? [] : [`--user=${this.#user}`]),
        ...this.#settings,
      ],
      { stdio: 'ignore' },
    );
    await until(() => this.admin('select 1'), START_MS, 'MariaDB answers');
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
    rmSync(this.#dir, { recursive: true, force: true });
  }

  #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
    return new Promise((resolve) => {
      child.once('exit', () => resolve());
      child.kill(signal);
    });
  }
}
