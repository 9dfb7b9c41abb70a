/** A PostgreSQL that is installed on the machine, with its client's tools: those of the embedded one are the server alone. */
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { printedBy, run } from './command-there.ts';
import { freePort } from './free-port.ts';

/** The directory in which Debian's packages put each version. */
const VERSIONS = '/usr/lib/postgresql';

/** Returns the directory with server and client of one version; null: there is none that can be run here. */
export function installedServer(): string | null {
  // A server refuses to run as root: Debian's package brings the user for it.
  if (process.getuid?.() === 0 && printedBy('runuser', '-u', 'postgres', '--', 'true') === null) return null;
  const versions = existsSync(VERSIONS)
    ? readdirSync(VERSIONS).sort((one, other) => Number(other) - Number(one))
    : [];
  const found = versions
    .map((version) => join(VERSIONS, version, 'bin'))
    .find((bin) =>
      ['initdb', 'pg_ctl', 'pg_dump', 'pg_restore'].every((name) => existsSync(join(bin, name))),
    );
  return found ?? null;
}

export interface InstalledServer extends AsyncDisposable {
  /** The superuser's. */
  readonly url: string;
  readonly dir: string;
}

export async function startInstalled(bin: string): Promise<InstalledServer> {
  const dir = mkdtempSync(join(tmpdir(), 'forkline-installed-'));
  chmodSync(dir, 0o777);
  const port = await freePort();
  const as = (command: string, ...args: readonly string[]): void => {
    const own = join(bin, command);
    if (process.getuid?.() === 0) run('runuser', ['-u', 'postgres', '--', own, ...args]);
    else run(own, args);
  };
  const data = join(dir, 'data');
  as(
    'initdb',
    '-D',
    data,
    '-U',
    'postgres',
    '--auth=trust',
    '--encoding=UTF8',
    '--locale=C.UTF-8',
    '--no-sync',
  );
  const options = `-c listen_addresses=127.0.0.1 -p ${port} -k ${dir} -c fsync=off`;
  as('pg_ctl', '-D', data, '-w', '-l', join(dir, 'log'), '-o', options, 'start');
  return {
    url: `postgresql://postgres@127.0.0.1:${port}/postgres`,
    dir,
    async [Symbol.asyncDispose]() {
      as('pg_ctl', '-D', data, '-m', 'fast', '-w', 'stop');
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
