/**
 * The container file and the unit, as far as they can be tried without a container or systemd: what they copy is
 * there, what they start starts with what they copied, and the unit waits longer than a drain takes.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { loadConfig } from '../../monitor/config.ts';
import { testDatabase } from '../support/database.ts';
import { DEPLOY, freePort, needs } from '../support/prometheus.ts';
import { until } from '../support/until.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const DEADLINE_MS = 30_000;

interface Instruction {
  readonly name: string;
  readonly rest: string;
}

/** Comments left out, continued lines joined. */
function readDockerfile(): Instruction[] {
  const text = readFileSync(join(DEPLOY, 'docker/Dockerfile'), 'utf8')
    .replace(/^#.*\n/gm, '')
    .replace(/\\\n\s*/g, '');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [, name, rest] = /^([A-Z]+) (.*)$/.exec(line) ?? [];
      if (name === undefined || rest === undefined) throw new Error(`no instruction: ${line}`);
      return { name, rest };
    });
}

const instructions = readDockerfile();

function last(name: string): string {
  const found = instructions.findLast((instruction) => instruction.name === name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found.rest;
}

/** Sources and target of each COPY; from the build stage or from the repository. */
function copies(from: 'build' | 'repository'): { sources: string[]; target: string }[] {
  return instructions.flatMap(({ name, rest }) => {
    const fromBuild = rest.startsWith('--from=build ');
    if (name !== 'COPY' || fromBuild !== (from === 'build')) return [];
    const words = rest.replace('--from=build ', '').split(' ');
    return [{ sources: words.slice(0, -1), target: words.at(-1)! }];
  });
}

describe('the container file', function () {
  this.timeout(60_000);

  it('copies what there is, and what it copies is not ignored', () => {
    const ignore = readFileSync(join(DEPLOY, 'docker/Dockerfile.dockerignore'), 'utf8').split('\n');
    expect(ignore).to.include('*');
    const sources = copies('repository').flatMap((copy) => copy.sources);
    expect(sources).to.include.members(['package-lock.json', 'server', 'workers']);
    for (const source of sources) {
      expect(existsSync(join(ROOT, source)), source).to.equal(true);
      expect(ignore, source).to.include(`!${source}`);
    }
    const { include } = JSON.parse(readFileSync(join(ROOT, 'tsconfig.build.json'), 'utf8')) as {
      include: string[];
    };
    expect(sources, 'all that is compiled').to.include.members(include);
  });

  it('starts, is healthy and stops, with nothing but what its last stage copies', async () => {
    const image = await mkdtemp(join(tmpdir(), 'forkline-image-'));
    const place = join(image, 'app');
    const port = await freePort();
    try {
      await mkdir(place);
      await layOut(place);
      const env = { ...environmentOf(), ...(await environmentHere(image, port)) };
      expect(JSON.parse(last('ENTRYPOINT'))).to.deep.equal([
        '/usr/bin/tini',
        '--',
        'node',
        'dist/cli/main.js',
      ]);
      const command = [
        ...(JSON.parse(last('ENTRYPOINT')) as string[]),
        ...(JSON.parse(last('CMD')) as string[]),
      ];
      const [, ...args] = command.slice(command.indexOf('--') + 1);
      const child = spawn(process.execPath, args, { cwd: place, env, stdio: ['ignore', 'pipe', 'pipe'] });
      let printed = '';
      for (const stream of [child.stdout, child.stderr])
        stream.setEncoding('utf8').on('data', (text: string) => {
          printed += text;
        });
      const ended = once(child, 'close') as Promise<[number | null, string | null]>;
      try {
        const isHealthy = () => child.exitCode !== null || health(env) === 0;
        await until(isHealthy, DEADLINE_MS, 'its health check passes');
        expect(child.exitCode, printed).to.equal(null);
      } finally {
        child.kill(last('STOPSIGNAL') as NodeJS.Signals);
      }
      expect(await ended, printed).to.deep.equal([0, null]);
      expect(health(env), 'the health check of one that has ended').to.equal(1);
    } finally {
      await rm(image, { recursive: true, force: true });
    }
  });

  it('does not start without a word that nobody needs to authenticate', async () => {
    const env = environmentOf();
    const refused = await loadConfig({ cwd: '/', env });
    expect('errors' in refused && refused.errors.join()).to.match(/FORKLINE_WITHOUT_AUTHENTICATION=anywhere/);
    const meant = { ...env, FORKLINE_WITHOUT_AUTHENTICATION: 'anywhere' };
    expect(await loadConfig({ cwd: '/', env: meant })).to.have.property('config');
  });

  it('runs as somebody who is not root, under an init', () => {
    expect(last('USER')).to.equal('node');
    expect(instructions.some(({ name, rest }) => name === 'RUN' && /install .*\btini\b/.test(rest))).to.equal(
      true,
    );
  });
});

/** What the last stage copies, out of this checkout; the packages are only linked. */
async function layOut(place: string): Promise<void> {
  const built = copies('build').flatMap(({ sources }) =>
    sources.map((source) => source.replace('/build/', '')),
  );
  expect(built.sort()).to.deep.equal(['dist', 'node_modules', 'package.json']);
  for (const name of built) {
    if (name === 'node_modules') await symlink(join(ROOT, name), join(place, name));
    else await cp(join(ROOT, name), join(place, name), { recursive: true });
  }
}

function environmentOf(): Record<string, string> {
  const pairs = instructions
    .filter(({ name }) => name === 'ENV')
    .map(({ rest }) => rest.split('=') as [string, string]);
  return Object.fromEntries(pairs);
}

/** Where it differs from the image: places, the port, the database. */
async function environmentHere(image: string, port: number): Promise<Record<string, string>> {
  return {
    PATH: process.env.PATH ?? '',
    HOME: image,
    FORKLINE_HOST: '127.0.0.1',
    FORKLINE_PORT: String(port),
    FORKLINE_DATA_DIR: join(image, 'data'),
    FORKLINE_LOG_FILE: join(image, 'forkline.log'),
    DATABASE_URL: (await testDatabase()).url,
  };
}

/** The exit code of the HEALTHCHECK's command. */
function health(env: Record<string, string>): number | null {
  const command = JSON.parse(/CMD (\[.*\])$/.exec(last('HEALTHCHECK'))?.[1] ?? '[]') as string[];
  expect(command[0]).to.equal('node');
  return spawnSync(process.execPath, command.slice(1), { env }).status;
}

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
      // It ends well whatever it finds, and speaks of the machine's other units too.
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
