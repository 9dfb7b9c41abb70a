/**
 * The database's own limit: how long a statement takes for a client that throws its rows away. psql where it is
 * installed, with its own \timing; else the driver in plain-sql-process.ts. Both keep one session, so that neither
 * starting nor connecting is in the figure.
 */
import { type ChildProcess, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Children } from '../children.ts';
import type { FromPlainSql, ToPlainSql } from './plain-sql-process.ts';

const DRIVER = fileURLToPath(new URL('./plain-sql-process.js', import.meta.url));

export interface PlainSql {
  readonly tool: 'psql' | 'driver';
  /** Milliseconds. Rejects with the database's message. */
  time(sql: string): Promise<number>;
}

export interface PlainSqlDeps {
  readonly children: Children;
  readonly url: string;
  readonly path: string | undefined;
}

export function hasPsql(path: string | undefined): boolean {
  return spawnSync('psql', ['--version'], { stdio: 'ignore', env: { PATH: path } }).status === 0;
}

export function openPlainSql(deps: PlainSqlDeps): Promise<PlainSql> {
  return hasPsql(deps.path) ? Promise.resolve(openPsql(deps)) : openDriver(deps);
}

/**
 * Opens psql, which times statements without a driver in between.
 * @public A test opens it from the build.
 */
export function openPsql({ children, url, path }: PlainSqlDeps): PlainSql {
  const child = children.start({
    what: 'psql',
    command: 'psql',
    args: ['--no-psqlrc', '--quiet'],
    env: { PATH: path, TZ: 'UTC', LC_ALL: 'C', ...connectionVariables(url) },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const replies = psqlReplies(child);
  child.stdin!.on('error', () => {}); // psql has ended, which `replies` tells
  child.stdin!.write('\\timing on\n\\o /dev/null\n');
  return {
    tool: 'psql',
    time(sql) {
      const reply = replies.next();
      // A failed statement has a time as well.
      child.stdin!.write(`${sql};\n\\echo ended :SQLSTATE :LAST_ERROR_MESSAGE\n`);
      return reply;
    },
  };
}

/** A URL on a command line would show its password in ps. */
function connectionVariables(text: string): Record<string, string> {
  const url = new URL(text);
  const variables = {
    PGHOST: url.searchParams.get('host') ?? url.hostname,
    PGPORT: url.port,
    PGUSER: decodeURIComponent(url.username),
    PGPASSWORD: decodeURIComponent(url.password),
    PGDATABASE: decodeURIComponent(url.pathname.slice(1)),
    PGSSLMODE: url.searchParams.get('sslmode') ?? '',
    PGSSLROOTCERT: url.searchParams.get('sslrootcert') ?? '',
  };
  return Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ''));
}

interface Replies {
  next(): Promise<number>;
}

function psqlReplies(child: ChildProcess): Replies {
  let waiting: { resolve(ms: number): void; reject(error: Error): void } | null = null;
  let trouble = '';
  let ms = Number.NaN;
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    trouble += text;
  });
  createInterface({ input: child.stdout! }).on('line', (line) => {
    const time = /^Time: ([\d.]+) ms/.exec(line)?.[1];
    if (time !== undefined) ms = Number(time);
    const ended = /^ended (\w+) (.*)$/.exec(line);
    if (ended === null) return;
    if (ended[1] === '00000') waiting?.resolve(ms);
    else waiting?.reject(new Error(ended[2]));
  });
  child.once('close', () => waiting?.reject(new Error(`psql ended: ${trouble.trim()}`)));
  return {
    next: () =>
      new Promise((resolve, reject) => {
        if (child.exitCode !== null) reject(new Error(`psql ended: ${trouble.trim()}`));
        waiting = { resolve, reject };
      }),
  };
}

/**
 * Opens a process with the driver pg, for machines without psql.
 * @public A test opens it from the build.
 */
export async function openDriver({ children, url }: Omit<PlainSqlDeps, 'path'>): Promise<PlainSql> {
  const child = children.start({
    what: 'the plain SQL driver',
    args: [DRIVER],
    env: {},
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const ask = (message: ToPlainSql): Promise<number> =>
    new Promise((resolve, reject) => {
      const ended = (): void => reject(new Error('the plain SQL driver ended'));
      child.once('exit', ended);
      child.once('message', (reply: FromPlainSql) => {
        child.off('exit', ended);
        if (reply.type === 'done') resolve(reply.ms);
        else reject(new Error(reply.message));
      });
      child.send(message);
    });
  await ask({ type: 'connect', url });
  return { tool: 'driver', time: (sql) => ask({ type: 'time', sql }) };
}
