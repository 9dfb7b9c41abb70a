/** One spec file in a mocha of its own, told by its environment how much to do: what `npm run soak` and `npm run fuzz` are. */
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Ends with mocha's exit code; a signal goes on to it. */
export function runSpec(spec, env) {
  const args = [join(root, 'node_modules/mocha/bin/mocha.js'), '--reporter', 'spec', spec];
  const child = spawn(process.execPath, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  child.on('close', (code) => {
    process.exitCode = code ?? 1;
  });
}
