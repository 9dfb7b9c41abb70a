/**
 * `npm run dev`: builds, starts Forkline, and does both again whenever a source changes. A build with errors leaves the
 * server that runs. Arguments are those of `forkline start`. INT and TERM end it with the server.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, watch } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const { rooms } = JSON.parse(readFileSync(join(root, 'rooms.json'), 'utf8'));
const deployed = Object.keys(rooms).filter((room) => rooms[room].deployed !== false);
/** An editor writes several files at once. */
const SETTLING_MS = 200;

let server = null;
let timer = null;
let turn = Promise.resolve();
let isEnding = false;

for (const room of deployed) watch(join(root, room), { recursive: true }, changed);
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void end(signal));
turn = renew();

function changed() {
  clearTimeout(timer);
  timer = setTimeout(() => {
    turn = turn.then(renew);
  }, SETTLING_MS);
}

async function renew() {
  if (isEnding || !(await build())) return;
  await stop('SIGTERM');
  if (isEnding) return;
  server = spawn(process.execPath, ['dist/cli/main.js', 'start', ...process.argv.slice(2)], {
    cwd: root,
    stdio: 'inherit',
  });
}

async function build() {
  const child = spawn(process.execPath, ['build.mjs'], { cwd: root, stdio: 'inherit' });
  const [code] = await once(child, 'close');
  if (code !== 0) console.error('dev: the build has errors; what ran before goes on');
  return code === 0;
}

async function stop(signal) {
  if (server === null || server.exitCode !== null || server.signalCode !== null) return;
  server.kill(signal);
  await once(server, 'close');
}

/** Ctrl-C reaches the server too, which takes a second signal as an order to end at once; so it gets TERM only. */
async function end(signal) {
  isEnding = true;
  if (signal === 'SIGTERM') await stop(signal);
  else if (server !== null && server.exitCode === null && server.signalCode === null)
    await once(server, 'close');
  process.exit(server?.exitCode ?? 0);
}
