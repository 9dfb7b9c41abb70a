/**
 * `log.file` could be a device: with /dev/stdout the logger read its own output back, and a rotation would have renamed the
 * device. It is a regular file now, or "-": standard output, for containers.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { loadConfig } from '../../core/config/config.ts';
import { testDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';

const COMMAND = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const DEADLINE_MS = 60_000;

/** Reads the body too: a socket with an unread body notices no end, and stays open. */
async function statusOf(url: string): Promise<number> {
  const answer = await fetch(url);
  await answer.arrayBuffer();
  return answer.status;
}

describe('regression: a log file that is no file', function () {
  this.timeout(180_000);
  let dir: string;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'forkline-log-file-'));
    await chmod(dir, 0o711);
    execFileSync('mkfifo', [join(dir, 'pipe')]);
    await mkdir(join(dir, 'directory'));
    await writeFile(join(dir, 'plain.log'), '');
    await symlink('/dev/stdout', join(dir, 'to-stdout'));
    await symlink('to-stdout', join(dir, 'to-link'));
    await symlink('/dev', join(dir, 'devices'));
    await symlink('plain.log', join(dir, 'to-plain'));
    await symlink('not-yet.log', join(dir, 'to-nothing'));
  });
  after(() => rm(dir, { recursive: true, force: true }));

  async function errorsOf(file: string): Promise<readonly string[]> {
    const loaded = await loadConfig({ cwd: dir, env: { FORKLINE_LOG_FILE: file }, cores: 2 });
    return 'errors' in loaded ? loaded.errors : [];
  }

  for (const [file, what] of [
    ['/dev/stdout', 'no file of a disk'],
    ['/dev/stderr', 'no file of a disk'],
    ['/dev/null', 'no file of a disk'],
    ['/dev/fd/1', 'no file of a disk'],
    ['/proc/self/fd/1', 'no file of a disk'],
    ['to-stdout', 'a link to /dev/stdout'],
    ['to-link', 'a link to /dev/stdout'],
    ['devices/stdout', 'a link to /dev/stdout'],
    ['pipe', 'a named pipe'],
    ['directory', 'a directory'],
    ['.', 'a directory'],
    ['plain.log/forkline.log', 'below something that is no directory'],
  ] as const)
    it(`${file} is refused, and it is said how to mend it`, async () => {
      const [error, ...others] = await errorsOf(file);
      expect(error)
        .to.match(/^FORKLINE_LOG_FILE \(log\.file\): /)
        .and.include(what)
        .and.include('"-"');
      expect(others).to.deep.equal([]);
    });

  it('a socket is refused', async () => {
    const server = createServer().listen(join(dir, 'socket'));
    await once(server, 'listening');
    expect((await errorsOf('socket'))[0]).to.include('a socket');
    server.close();
  });

  for (const file of [
    'plain.log',
    'new.log',
    'new/deeper/new.log',
    'to-plain',
    'to-nothing',
    '-',
    '/dev/shm/x.log',
  ])
    it(`${file} is taken`, async () => {
      expect(await errorsOf(file)).to.deep.equal([]);
    });

  it('forkline start refuses a device with the status of a wrong configuration', async () => {
    const config = join(dir, 'wrong.json');
    await writeFile(config, JSON.stringify({ log: { file: '/dev/stdout' }, dataDir: join(dir, 'data') }));
    const child = spawn(process.execPath, [COMMAND, 'start', '--config', config], { cwd: dir, env: {} });
    let printed = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
    const [code] = await once(child, 'close');
    expect(code).to.equal(2);
    expect(printed).to.include('log.file: "/dev/stdout" is no file of a disk');
  });

  for (const [way, toFile] of [
    ['a pipe', false],
    ['a file that it was redirected to', true],
  ] as const)
    it(`"-" writes each line as JSON to standard output, ${way}, and nothing else`, async () => {
      const run = await startWithStandardOutput(dir, toFile);
      try {
        const port = await until(
          () => /listening on http:\/\/127\.0\.0\.1:(\d+)/.exec(run.stderr())?.[1],
          DEADLINE_MS,
        );
        const url = `http://127.0.0.1:${port}`;
        const asked = await fetch(`${url}/v1/query`, {
          method: 'POST',
          headers: { 'query-id': 'seen' },
          body: 'set pushdown = off; select 1 as a | where a = 1',
        });
        expect(asked.status, await asked.text()).to.equal(200);
        await until(
          async () => (await run.stdout()).includes('"queryId":"seen"'),
          DEADLINE_MS,
          'its line is written',
        );
        const logs = await fetch(`${url}/v1/logs?query=seen`);
        const { code, detail } = (await logs.json()) as { code: string; detail: string };
        expect([logs.status, code]).to.deep.equal([404, 'not-found']);
        expect(detail).to.include('there is no stored log').and.include('standard output');
        expect(await statusOf(`${url}/v1/logs?limit=none`), 'the request is checked all the same').to.equal(
          400,
        );
        expect(await statusOf(`${url}/v1/logs/summary`)).to.equal(200);
        expect(await statusOf(`${url}/metrics`)).to.equal(200);
        run.child.kill('SIGUSR2');
      } finally {
        run.child.kill('SIGTERM');
        await run.ended;
      }
      expect(await run.ended, run.stderr()).to.equal(0);
      const lines = (await run.stdout())
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Line);
      for (const role of ['monitor', 'logger', 'server', 'sql', 'dsl'])
        expect(
          lines.filter((line) => line.role === role),
          role,
        ).to.not.be.empty;
      expectEachOnce(lines);
      expect(
        lines.some(({ event }) => event === 'raw-output'),
        'it does not read its own output',
      ).to.equal(false);
    });
});

interface Line {
  readonly role: string;
  readonly stream: string;
  readonly seq: number;
  readonly event: string;
}

/** Each stream's lines from 1 without a gap. */
function expectEachOnce(lines: readonly Line[]): void {
  for (const stream of new Set(lines.map((line) => line.stream))) {
    const seqs = lines.filter((line) => line.stream === stream).map(({ seq }) => seq);
    expect(seqs, stream).to.deep.equal(seqs.map((_, index) => index + 1));
  }
}

interface Run {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  stdout(): Promise<string>;
  stderr(): string;
}

async function startWithStandardOutput(dir: string, toFile: boolean): Promise<Run> {
  const own = await mkdtemp(join(dir, 'run-'));
  const config = join(own, 'forkline.config.json');
  await writeFile(
    config,
    JSON.stringify({
      listen: { port: 0 },
      dataDir: join(own, 'data'),
      connections: { main: { url: (await testDatabase()).url } },
      sql: { processes: 1, connectionsPerProcess: 2 },
      dsl: { spares: 1, max: 1 },
      log: { file: '-', level: 'debug' },
    }),
  );
  const output = join(own, 'output');
  const start = `exec ${process.execPath} ${COMMAND} start --config ${config}${toFile ? ` > ${output}` : ''}`;
  const child = spawn('/bin/sh', ['-c', start], { cwd: own, env: { PATH: process.env.PATH ?? '' } });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return {
    child,
    ended: once(child, 'close').then(([code]) => code as number | null),
    stdout: async () => (toFile ? await readFile(output, 'utf8') : stdout),
    stderr: () => stderr,
  };
}
