/**
 * Builds dist/, which is all that users run: the TypeScript sources compiled file by file, the programs of the processes bundled over
 * their compiled files (build-bundles.mjs), the console bundled for browsers (build-console.mjs), static assets copied, and dist/build-id.json, by which every process knows that it is of the same build as its monitor.
 *
 * `node build.mjs --loadtest` also builds dist-dev/: the load test's own code, and links to the rooms of dist/ beside
 * it, so that what is measured is what users run, to the byte.
 *
 * Invariants: type errors are shown and make the exit code 1, the output is written all the same; nothing is done
 * when no input changed since the last good build (.stamp in the output); two builds at once wait for each other (a lock
 * file); outputs are replaced by rename and only where they differ, so that a running server never finds half a
 * file; what no source stands for any more is removed (parts of an earlier bundle, after a day).
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import {
  chmod,
  copyFile,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  rmdir,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { buildBundles } from './build-bundles.mjs';
import { buildConsole } from './build-console.mjs';

const root = dirname(fileURLToPath(import.meta.url));
const dist = join(root, 'dist');
const distDev = join(root, 'dist-dev');
const lockFile = join(dist, '.lock');
const { rooms } = JSON.parse(readFileSync(join(root, 'rooms.json'), 'utf8'));
const productRooms = Object.keys(rooms).filter((room) => rooms[room].deployed !== false);
const loadtestRooms = Object.keys(rooms).filter((room) => rooms[room].deployed === false);
const buildFiles = [
  ...['build.mjs', 'build-bundles.mjs', 'build-console.mjs', 'rooms.json'],
  ...['package.json', 'package-lock.json'],
  ...['tsconfig.json', 'tsconfig.build.json'],
];
const loadtestProject = 'tsconfig.loadtest.json';
const executables = ['cli/main.js'];
const LOCK_POLL_MS = 50;
const LOCK_WAIT_MS = 120_000;
const KEEP_BUNDLE_MS = 24 * 60 * 60_000;

const product = {
  output: dist,
  inputs: () => listInputs(productRooms, buildFiles),
  /** Without it nothing runs, whatever the stamp says. */
  witness: 'build-id.json',
  make: makeProduct,
};
const loadtest = {
  output: distDev,
  inputs: () => listInputs([...productRooms, ...loadtestRooms], [...buildFiles, loadtestProject]),
  witness: 'loadtest/main.js',
  make: makeLoadtest,
};

async function build(targets) {
  const results = [];
  for (const target of targets) results.push(await buildWhenChanged(target));
  return results.every(Boolean) ? 0 : 1;
}

/** Resolves to whether the output is without errors, also when nothing changed since the last good build. */
async function buildWhenChanged(target) {
  const startedAt = performance.now();
  const { output } = target;
  const inputs = await target.inputs();
  const stamp = await hashFiles(root, inputs);
  const isThere = (await readText(join(output, target.witness))) !== null;
  if (isThere && stamp === (await readText(join(output, '.stamp')))) return true;
  const staging = join(output, `.staging-${process.pid}`);
  try {
    const { count, isGood } = await target.make(staging, inputs);
    await writeFile(join(output, '.stamp'), isGood ? stamp : '');
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    const name = relative(root, output);
    console.error(`build: ${count} files of ${name} in ${seconds} s${isGood ? '' : ', with errors'}`);
    return isGood;
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

async function makeProduct(staging, inputs) {
  const [isCompiled] = await Promise.all([
    compile('tsconfig.build.json', staging),
    copyAssets(staging, inputs),
  ]);
  const isBundled =
    (await buildBundles(root, staging, inputs)) && (await buildConsole(root, join(staging, 'console')));
  const outputs = (await listFiles(staging)).map((file) => relative(staging, file)).sort();
  for (const file of executables) await chmod(join(staging, file), 0o755).catch(ignoreMissing());
  await writeBuildId(staging, outputs);
  outputs.push('build-id.json');
  await replaceOutputs(staging, outputs, dist);
  await removeStale(dist, new Set([...outputs, '.stamp', '.lock'].map((file) => join(dist, file))));
  return { count: outputs.length, isGood: isCompiled && isBundled };
}

/** The compiler writes what is imported too; only the load test's own files are kept of it. */
async function makeLoadtest(staging) {
  const isGood = await compile(loadtestProject, staging);
  const lists = await Promise.all(loadtestRooms.map((room) => listFiles(join(staging, room))));
  const outputs = lists.flat().map((file) => relative(staging, file));
  await replaceOutputs(staging, outputs, distDev);
  const wanted = new Set(outputs.map((file) => join(distDev, file)));
  for (const room of loadtestRooms) await removeStale(join(distDev, room), wanted); // never through a link
  for (const room of productRooms) await linkRoom(room);
  return { count: outputs.length, isGood };
}

async function linkRoom(room) {
  try {
    await symlink(join('..', relative(root, dist), room), join(distDev, room), 'dir');
  } catch (error) {
    if (error.code !== 'EEXIST') throw error; // made by an earlier build
  }
}

/** Every file that the output depends on, relative to the root, sorted. */
async function listInputs(rooms, files) {
  const lists = await Promise.all(rooms.map((room) => listFiles(join(root, room))));
  return [...lists.flat().map((file) => relative(root, file)), ...files].sort();
}

async function listFiles(dir) {
  const entries = await readdir(dir, { withFileTypes: true, recursive: true }).catch(ignoreMissing([]));
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

async function hashFiles(base, files) {
  const hash = createHash('sha256').update(process.version);
  for (const file of files) hash.update(`\0${file}\0`).update(await readFile(join(base, file)));
  return hash.digest('hex');
}

/** Resolves to whether there were no type errors; those are on the terminal already. */
function compile(project, staging) {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const args = [tsc, '-p', join(root, project), '--outDir', staging];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 2, 2] });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code === 0));
  });
}

/** The pages that the server sends as they are, and descriptions of protocols. */
async function copyAssets(staging, inputs) {
  const isAsset = (input) =>
    (input.startsWith(`server${sep}`) && /\.(html|css|js)$/.test(input)) ||
    (input.startsWith(`catalogue${sep}`) && input.endsWith('.sql')) ||
    input.endsWith('.proto') ||
    input.endsWith(`${sep}NOTICE`);
  for (const file of inputs.filter(isAsset)) {
    await mkdir(dirname(join(staging, file)), { recursive: true });
    await copyFile(join(root, file), join(staging, file));
  }
}

async function writeBuildId(staging, outputs) {
  const code = outputs.filter((file) => !file.endsWith('.map'));
  const buildId = (await hashFiles(staging, code)).slice(0, 16);
  await writeFile(join(staging, 'build-id.json'), `${JSON.stringify({ buildId })}\n`);
}

/** Moves what differs from staging into `to`. */
async function replaceOutputs(staging, outputs, to) {
  for (const file of outputs) await replaceFile(join(staging, file), join(to, file));
}

async function replaceFile(from, to) {
  const [fresh, old] = await Promise.all([readFile(from), readFile(to).catch(ignoreMissing(null))]);
  if (old !== null && fresh.equals(old)) return;
  await mkdir(dirname(to), { recursive: true });
  await rename(from, to);
}

/** Removes the files below `dir` that are not wanted, and the directories that are empty then. */
async function removeStale(dir, wanted) {
  for (const file of await listFiles(dir)) {
    if (!wanted.has(file) && !(await isFreshBundle(file))) await rm(file, { force: true });
  }
  const entries = await readdir(dir, { withFileTypes: true, recursive: true });
  const dirs = entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
  // Deepest first; a directory that still holds something refuses, and is meant to.
  for (const dir of dirs.sort((a, b) => b.length - a.length)) await rmdir(dir).catch(() => {});
}

/** Says whether a part of the bundle may still be imported by a worker that began before this build. */
async function isFreshBundle(file) {
  if (!basename(file).startsWith('bundle-')) return false;
  return Date.now() - (await stat(file)).mtimeMs < KEEP_BUNDLE_MS;
}

/** Runs `work` while no other build of this checkout runs. A lock whose owner is dead is taken over. */
async function withLock(work) {
  mkdirSync(dist, { recursive: true });
  const giveUpAt = Date.now() + LOCK_WAIT_MS;
  while (!tryLock()) {
    if (Date.now() > giveUpAt) throw new Error(`another build holds ${lockFile}; remove it if none runs`);
    await delay(LOCK_POLL_MS);
  }
  try {
    return await work();
  } finally {
    unlinkSync(lockFile);
  }
}

function tryLock() {
  try {
    writeFileSync(lockFile, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    removeDeadLock();
    return false;
  }
}

function removeDeadLock() {
  try {
    const owner = Number(readFileSync(lockFile, 'utf8'));
    // Empty: its owner is between creating and writing; look again.
    if (owner > 0 && !isAlive(owner)) unlinkSync(lockFile);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error; // gone meanwhile: the next try finds out
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

async function readText(file) {
  return await readFile(file, 'utf8').catch(ignoreMissing(null));
}

function ignoreMissing(value) {
  return (error) => {
    if (error.code !== 'ENOENT') throw error;
    return value;
  };
}

const targets = process.argv.includes('--loadtest') ? [product, loadtest] : [product];
process.exitCode = await withLock(() => build(targets));
