/** Starts the server of polars and connectorx, where there is a Python that has both. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { POLARS_SERVER } from '../baseline/polars-server.ts';
import { type Children, firstMatch } from '../children.ts';
import { type Contender, LABELS } from './contender.ts';

const START_TIMEOUT_MS = 60_000;

/** Tells why there is none. */
export const NO_POLARS =
  'no Python with polars, connectorx and pyarrow: name one in LOADTEST_PYTHON (python3 -m venv DIR; DIR/bin/pip install polars connectorx pyarrow)';

/** The Python that is named, else `python3`; null when it lacks something. */
export async function pythonWithPolars(named: string | undefined): Promise<string | null> {
  const python = named === undefined || named === '' ? 'python3' : named;
  try {
    await promisify(execFile)(python, ['-c', 'import polars, connectorx, pyarrow'], {
      timeout: START_TIMEOUT_MS,
    });
    return python;
  } catch {
    return null;
  }
}

export async function startPolars(
  python: string,
  databaseUrl: string,
  children: Children,
): Promise<Contender> {
  const what = LABELS.polars;
  const child = children.start({
    what,
    command: python,
    args: ['-c', POLARS_SERVER],
    env: { DATABASE_URL: databaseUrl, TZ: 'UTC' },
  });
  const port = await firstMatch(child, what, /^(\d+)$/, START_TIMEOUT_MS);
  const stop = (): Promise<void> => children.end(child);
  return { name: 'polars', label: what, url: `http://127.0.0.1:${port}`, rootPid: child.pid!, stop };
}
