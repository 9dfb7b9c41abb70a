/**
 * Runs every test and ends with one plain line, `N passed, N failed` (and `, N skipped` when some were), from mocha's
 * own counts. The exit code is 0 only when tests ran and none failed. Arguments go to mocha (--grep ..., spec files).
 * mocha runs in a process of its own, so that a run that dies is told apart from one that passed.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { countsText } from './support/reporter.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const kinds = ['unit', 'integration', 'fault', 'regression'];

process.exitCode = await main(process.argv.slice(2));

async function main(args) {
  const dir = await mkdtemp(join(tmpdir(), 'forkline-test-run-'));
  try {
    const countsFile = join(dir, 'counts.json');
    const end = await runMocha(countsFile, args);
    const counts = await readCounts(countsFile);
    if (!counts.ended) {
      console.log(`the test run died (${end}) before its end`);
      counts.failed++;
    }
    if (counts.passed + counts.failed === 0) console.log('no test ran');
    console.log(countsText(counts));
    return end === 0 && counts.ended && counts.failed === 0 && counts.passed > 0 ? 0 : 1;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Resolves with the exit code, or the signal's name. */
function runMocha(countsFile, args) {
  const child = spawn(
    process.execPath,
    [
      join(root, 'node_modules/mocha/bin/mocha.js'),
      ...['--reporter', join(root, 'test/support/reporter.mjs'), '--reporter-option', `counts=${countsFile}`],
      '--exit', // what a failed test left running must not keep the run from its end
      ...args,
      ...(args.some((arg) => arg.endsWith('.test.ts')) ? [] : allSpecs()),
    ],
    { cwd: root, stdio: 'inherit' },
  );
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(signal ?? code));
  });
}

/** mocha warns about a pattern that matches nothing. */
function allSpecs() {
  const present = kinds.filter((kind) => existsSync(join(root, 'test', kind)));
  return present.map((kind) => `test/${kind}/**/*.test.ts`);
}

async function readCounts(file) {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch {
    return { passed: 0, failed: 0, skipped: 0, ended: false }; // it died before its first test
  }
}
