/** `npm run fuzz -- 100000 [seed]`: test/fault/fuzz.test.ts with as many requests as one likes. */
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [requests = '100000', seed = String(Date.now() % 1_000_000)] = process.argv.slice(2);

if (!/^[1-9]\d*$/.test(requests) || !/^\d+$/.test(seed)) {
  console.error('fuzz: write `npm run fuzz -- 100000` or, with a seed, `npm run fuzz -- 100000 7`');
  process.exitCode = 2;
} else {
  const args = [
    join(root, 'node_modules/mocha/bin/mocha.js'),
    '--reporter',
    'spec',
    'test/fault/fuzz.test.ts',
  ];
  const env = { ...process.env, FORKLINE_FUZZ_REQUESTS: requests, FORKLINE_FUZZ_SEED: seed };
  const child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit', env });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  child.on('close', (code) => {
    process.exitCode = code ?? 1;
  });
}
