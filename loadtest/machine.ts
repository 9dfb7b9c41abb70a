/** Describes the machine that a figure was measured on: without it no figure means anything. */
import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem } from 'node:os';
import pg from 'pg';
import type { Machine } from './result.ts';

export async function describeMachine(databaseUrl: string, path: string | undefined): Promise<Machine> {
  const cores = cpus();
  return {
    cpu: cores[0]?.model.trim() ?? 'unknown',
    cores: cores.length,
    memoryBytes: totalmem(),
    kernel: `${process.platform} ${release()}`,
    node: process.version,
    postgres: await postgresVersion(databaseUrl),
    commit: commit(path),
    loadAverage: loadavg()[0] ?? 0,
  };
}

async function postgresVersion(connectionString: string): Promise<string> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    const { rows } = await client.query('SHOW server_version');
    return rows[0].server_version;
  } finally {
    await client.end();
  }
}

/** Returns the commit of the checkout that was built, with a mark when it has changes. */
function commit(path: string | undefined): string {
  const git = (...args: string[]): string =>
    execFileSync('git', args, {
      encoding: 'utf8',
      cwd: import.meta.dirname,
      env: { PATH: path },
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  try {
    const changed = git('status', '--porcelain', '--untracked-files=no') !== '';
    return `${git('rev-parse', '--short=12', 'HEAD')}${changed ? ' with changes' : ''}`;
  } catch {
    return 'unknown'; // no git, or no checkout
  }
}
