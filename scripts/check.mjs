/**
 * `npm run check`: types (of the console's page too), style, walls, unused code, prose and licences, side by side, as many as there are cores. Prints what each
 * has to say, one after the other, and how long each took. The exit code is 1 when one of them found something.
 *
 *   node scripts/check.mjs [--fix] [NAME ...]     only the named ones; --fix mends what can be mended by a program first
 */
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const cache = join(root, 'node_modules/.cache/check');
mkdirSync(cache, { recursive: true });
const bin = (path) => join(root, 'node_modules', path);

/** The longest come first. */
const checks = {
  style: [bin('@biomejs/biome/bin/biome'), 'check', '.'],
  types: [
    bin('typescript/bin/tsc'),
    ...['--noEmit', '--incremental', '--tsBuildInfoFile', join(cache, 'types.tsbuildinfo')],
  ],
  page: [
    bin('typescript/bin/tsc'),
    '-p',
    'console',
    '--incremental',
    '--tsBuildInfoFile',
    join(cache, 'page.tsbuildinfo'),
  ],
  unused: [bin('knip/bin/knip.js'), '--no-progress', '--cache', '--cache-location', join(cache, 'knip')],
  walls: ['scripts/check-walls.mjs'],
  prose: ['scripts/check-prose.mjs'],
  licences: ['scripts/check-licences.mjs'],
};
const fixes = [[bin('@biomejs/biome/bin/biome'), 'check', '--write', '.']];

process.exitCode = await main(process.argv.slice(2));

async function main(args) {
  const names = args.filter((arg) => arg !== '--fix');
  const unknown = names.find((name) => !Object.hasOwn(checks, name));
  if (unknown !== undefined) {
    console.error(`check: there is no check "${unknown}"; there are ${Object.keys(checks).join(', ')}`);
    return 2;
  }
  if (args.includes('--fix')) for (const command of fixes) await run(command);
  const waiting = names.length > 0 ? names : Object.keys(checks);
  const codes = [];
  const lane = async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift())
      codes.push(await check(name));
  };
  await Promise.all(Array.from({ length: Math.max(1, availableParallelism()) }, lane));
  return codes.every((code) => code === 0) ? 0 : 1;
}

async function check(name) {
  const startedAt = performance.now();
  const { code, output } = await run(checks[name]);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  if (code !== 0) process.stderr.write(output);
  console.error(`check: ${name} ${code === 0 ? 'is fine' : 'FAILED'} (${seconds} s)`);
  return code;
}

/** Resolves to the exit code and all that was printed; a program that did not start or was killed has code 1. */
function run([script, ...args]) {
  const child = spawn(process.execPath, [script, ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const pieces = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece) => pieces.push(piece));
  return new Promise((resolve) => {
    child.on('error', (error) => resolve({ code: 1, output: `${error.message}\n` }));
    child.on('close', (code) => resolve({ code: code ?? 1, output: Buffer.concat(pieces).toString() }));
  });
}
