/** A server that runs already: whether it is there, reads the load test's data, and runs on this machine. */
import { SCHEMA } from '../data.ts';
import { readTree } from '../measure/process-tree.ts';
import { SetupError } from '../setup-error.ts';
import { ask } from '../verify.ts';
import type { Contender } from './contender.ts';

export async function findContender(url: string, rows: number, signal: AbortSignal): Promise<Contender> {
  await expectReady(url, signal);
  await expectRows(url, rows, signal);
  return {
    name: 'forkline',
    label: `Forkline at ${url}`,
    url,
    rootPid: await localRoot(url, signal),
    stop: () => Promise.resolve(),
  };
}

async function expectReady(url: string, signal: AbortSignal): Promise<void> {
  let status: number;
  try {
    status = (await fetch(`${url}/readyz`, { signal })).status;
  } catch (error) {
    const { message } = ((error as Error).cause ?? error) as Error;
    throw new SetupError(`there is no server at ${url}: ${message}`);
  }
  if (status !== 200) throw new SetupError(`the server at ${url} is not ready: /readyz answers ${status}`);
}

async function expectRows(url: string, rows: number, signal: AbortSignal): Promise<void> {
  const body = JSON.stringify({ query: `select count(*) as rows from ${SCHEMA}.requests` });
  let found: unknown;
  try {
    found = (await ask(url, body, signal)).rows[0]?.rows;
  } catch (error) {
    throw new SetupError(
      `the server at ${url} does not read the load test's data: ${(error as Error).message}\n` +
        `Its database must be the one of DATABASE_URL, and its role may need: grant usage on schema ${SCHEMA} to ...; ` +
        `grant select on all tables in schema ${SCHEMA} to ...`,
    );
  }
  if (Number(found) !== rows)
    throw new SetupError(
      `the server at ${url} reads ${found} rows, not ${rows}: is DATABASE_URL its database?`,
    );
}

/** The monitor's pid, when it is a process of this machine; null: its memory and CPU cannot be seen from here. */
async function localRoot(url: string, signal: AbortSignal): Promise<number | null> {
  try {
    const { processes } = (await (await fetch(`${url}/v1/processes`, { signal })).json()) as {
      processes: { role: string; pid: number }[];
    };
    const pid = processes.find(({ role }) => role === 'monitor')?.pid;
    if (pid === undefined) return null;
    return readTree(pid).some((seen) => seen.pid === pid && seen.role === 'monitor') ? pid : null;
  } catch {
    return null; // an answer of another kind: then its processes are not looked at
  }
}
