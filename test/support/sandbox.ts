/** Whether DSL workers can be sandboxed here, for tests of the sandbox. */
import { fileURLToPath } from 'node:url';
import { findSandbox, isSandbox, type Sandbox } from '../../monitor/sandbox/sandbox.ts';
import { skipBecause } from './skip.ts';

export const BUILD_ROOT = fileURLToPath(new URL('../../dist/', import.meta.url));

/** Skips the tests where there is no sandbox. */
export async function needSandbox(context: Mocha.Context): Promise<Sandbox> {
  const found = await findSandbox(BUILD_ROOT);
  return isSandbox(found) ? found : skipBecause(context, `no sandbox: ${found.missing}`);
}
