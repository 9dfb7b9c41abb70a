/**
 * The sandbox of DSL workers: bubblewrap (`bwrap`), where it is there and works. It is tried once, at the start, with the very
 * options that workers get; options that are missing in older versions are left out, and told.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BoxFeatures, boxArgs, type SystemPlace } from './box.ts';
import { findExecutable } from './child-path.ts';
import { seccompProgram } from './seccomp.ts';
import type { ShownPlace, ShownPlaces } from './shown-places.ts';
import { buildPlaces, systemPlaces } from './system-places.ts';

/** The sandbox that workers get. */
export interface Sandbox {
  readonly bwrap: string;
  readonly system: readonly SystemPlace[];
  readonly build: readonly ShownPlace[];
  /** Whether a worker is kept from making further user namespaces. */
  readonly closesUserNamespaces: boolean;
  /** The filter of system calls; null where there is none for this processor, or it cannot be set. */
  readonly seccomp: Buffer | null;
}

/** The reason why there is none, and how to mend it. */
export interface NoSandbox {
  readonly missing: string;
}

/** The descriptor of the filter in bwrap: after standard streams and the channel to the monitor. */
const SECCOMP_FD = 4;
/** The file with the filter, in the run directory. */
export const SECCOMP_FILE = 'seccomp.bpf';
const TRY_MS = 5000;
const NOTHING_SHOWN: ShownPlaces = { places: [], network: false, key: '' };

export function isSandbox(found: Sandbox | NoSandbox): found is Sandbox {
  return 'bwrap' in found;
}

export async function findSandbox(buildRoot: string): Promise<Sandbox | NoSandbox> {
  if (process.platform !== 'linux') return { missing: 'only Linux has bubblewrap' };
  const bwrap = await findExecutable('bwrap');
  if (bwrap === null)
    return {
      missing: 'there is no program bwrap: install the package bubblewrap (apt-get install bubblewrap)',
    };
  const found = { bwrap, system: systemPlaces(), build: buildPlaces(buildRoot) };
  const seccomp = seccompProgram(process.arch);
  const features = [
    { closesUserNamespaces: true, seccomp },
    { closesUserNamespaces: false, seccomp },
    { closesUserNamespaces: true, seccomp: null },
    { closesUserNamespaces: false, seccomp: null },
  ];
  let refusal = '';
  for (const each of features) {
    const sandbox = { ...found, ...each };
    const failure = await failureOf(sandbox);
    if (failure === null) return sandbox;
    refusal ||= failure;
  }
  return {
    missing:
      `${bwrap} does not work here (${refusal}): it needs user namespaces, which a container, systemd ` +
      '(RestrictNamespaces) or the kernel (user.max_user_namespaces) may refuse; docs/security.md says how to allow them',
  };
}

/** Returns the words before the command line of a worker, and the features that it has. */
export function sandboxWords(
  { bwrap, system, build, closesUserNamespaces, seccomp }: Sandbox,
  { lines, own, shown }: { readonly lines: string; readonly own: string; readonly shown: ShownPlaces },
): string[] {
  const features: BoxFeatures = { closesUserNamespaces, seccompFd: seccomp === null ? null : SECCOMP_FD };
  return [bwrap, ...boxArgs({ system, build, lines, own, shown }, features)];
}

/** Starts node in a sandbox. Returns null when that works, else what bwrap or the system says. */
async function failureOf(sandbox: Sandbox): Promise<string | null> {
  const folder = await mkdtemp(join(tmpdir(), 'forkline-sandbox-'));
  try {
    const [own, lines] = [join(folder, 'own'), join(folder, 'lines')];
    await Promise.all([mkdir(own), mkdir(lines)]);
    const filter = join(folder, SECCOMP_FILE);
    if (sandbox.seccomp !== null) await writeFile(filter, sandbox.seccomp);
    const words = [...sandboxWords(sandbox, { own, lines, shown: NOTHING_SHOWN }), process.execPath];
    return await run([...words, '--version'], sandbox.seccomp === null ? null : filter);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function run([program = '', ...args]: string[], filter: string | null): Promise<string | null> {
  const filterFd = filter === null ? null : openSync(filter, 'r');
  let child: ChildProcess;
  try {
    child = spawn(program, args, {
      stdio: ['ignore', 'ignore', 'pipe', 'ignore', filterFd ?? 'ignore'],
      cwd: '/',
      env: {},
      timeout: TRY_MS,
      killSignal: 'SIGKILL',
    });
  } finally {
    if (filterFd !== null) closeSync(filterFd);
  }
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  try {
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
    return code === 0 ? null : said.trim().split('\n')[0] || `it ended with ${signal ?? `exit code ${code}`}`;
  } catch (thrown) {
    return (thrown as Error).message;
  }
}

/** Writes the filter where workers that start find it. */
export async function keepFilter(found: Sandbox | NoSandbox, runDir: string): Promise<void> {
  if (!isSandbox(found) || found.seccomp === null) return;
  await writeFile(join(runDir, SECCOMP_FILE), found.seccomp, { mode: 0o400 });
}
