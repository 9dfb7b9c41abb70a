/**
 * Clients that generators make from /openapi.json compile and run: openapi-typescript with openapi-fetch, and, where they are
 * installed (PyPI), openapi-python-client; a run of schemathesis finds no answer that differs from the document.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { type Forkline, sharedForkline } from '../support/forkline.ts';
import { needs, programPath } from '../support/prometheus.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const CLIENTS = join(ROOT, 'test/fixtures/clients');
const BIN = join(ROOT, 'node_modules');

/** The output that both programs print. */
const EXPECTED = {
  columns: [{ name: 'n', type: 'int64' }],
  complete: true,
  rows: [[7]],
  code: 'unknown-stage',
  places: ['source'],
  formatted: 'select 1\n| head 5\n',
  labels: ['where'],
  state: 'finished',
  ended: 204,
  lines: 1,
  queryBytes: 1_048_576,
  ready: 'ready',
  csv: 'a\r\n1\r\n',
};

describe('clients that are generated from /openapi.json', function () {
  this.timeout(300_000);
  let forkline: Forkline;
  let dir: string;
  before(async () => {
    forkline = await sharedForkline();
    dir = await mkdtemp(join(tmpdir(), 'forkline-clients-'));
    await writeFile(join(dir, 'openapi.json'), (await forkline.get('/openapi.json')).text);
  });
  after(async () => {
    await rm(dir, { recursive: true, force: true });
  });

  function expectPrinted(stdout: string): void {
    const printed = JSON.parse(stdout) as Record<string, unknown>;
    expect(printed).to.deep.include(EXPECTED);
    expect(printed.roles).to.include.members(['monitor', 'server', 'sql']);
    expect(Number.isNaN(Date.parse(String(printed.from)))).to.equal(false);
  }

  it('in TypeScript', async () => {
    const place = join(dir, 'typescript');
    await mkdir(place);
    await symlink(BIN, join(place, 'node_modules'));
    await writeFile(join(place, 'package.json'), '{"type": "module"}');
    await cp(join(CLIENTS, 'typescript-client.ts.txt'), join(place, 'client.ts'));
    await run(process.execPath, [
      ...['--import', join(ROOT, 'test/support/typescript-api.mjs')],
      join(BIN, 'openapi-typescript/bin/cli.js'),
      join(dir, 'openapi.json'),
      ...['-o', join(place, 'schema.ts')],
    ]);
    const strict = ['--strict', '--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess'];
    const modules = [
      '--module',
      'nodenext',
      '--target',
      'es2023',
      '--allowImportingTsExtensions',
      '--noEmit',
    ];
    const tsc = join(BIN, 'typescript/bin/tsc');
    await run(process.execPath, [tsc, ...strict, ...modules, '--types', 'node', 'client.ts'], {
      cwd: place,
    }).catch((error: { stdout: string }) => expect.fail(error.stdout));
    const tsx = join(BIN, 'tsx/dist/cli.mjs');
    expectPrinted((await run(process.execPath, [tsx, 'client.ts', forkline.url], { cwd: place })).stdout);
  });

  it('in Python', async function () {
    needs(this, 'openapi-python-client');
    const place = join(dir, 'python');
    const config = join(dir, 'python-client.json');
    const binary = ['arrow.stream', 'parquet'].map((type) => [
      `application/vnd.apache.${type}`,
      'application/octet-stream',
    ]);
    const texts = ['application/x-ndjson', 'application/jose'].map((type) => [type, 'text/plain']);
    const overrides = Object.fromEntries([...binary, ...texts]) as object;
    await writeFile(config, JSON.stringify({ post_hooks: [], content_type_overrides: overrides }));
    const { stdout, stderr } = await run('openapi-python-client', [
      ...['generate', '--path', join(dir, 'openapi.json'), '--output-path', place, '--config', config],
    ]);
    // The generator supports JSON bodies only, and warns that it leaves text bodies out; there must be no other warning.
    const warnings = (stdout + stderr).split('\n').filter((line) => /^(Unsupported|Cannot|ERROR)/.test(line));
    expect(new Set(warnings)).to.deep.equal(new Set(['Unsupported content type text/plain']));
    const python = interpreterOf(programPath('openapi-python-client')!);
    await run(python, ['-m', 'compileall', '-q', place]);
    const program = [join(CLIENTS, 'python_client.py'), forkline.url];
    expectPrinted((await run(python, program, { env: { PYTHONPATH: place } })).stdout);
  });

  it('schemathesis finds nothing', async function () {
    needs(this, 'schemathesis');
    const config = ['--config-file', join(CLIENTS, 'schemathesis.toml')];
    // Without a store every route of the catalogue answers 501, which the tool takes for a fault.
    const left = ['--exclude-path-regex', String.raw`^/v1/(models|catalogue|connections)\b`];
    const options = ['--url', forkline.url, '--seed', '1', '--max-examples', '10', '--no-color', ...left];
    const document = join(dir, 'openapi.json');
    await run('schemathesis', [...config, 'run', document, ...options], {
      cwd: dir,
      maxBuffer: 2 ** 28,
    }).catch((error: { stdout: string }) => expect.fail(error.stdout.slice(-20_000)));
  });
});

/** The Python that has what a tool written in it needs, its client as well. */
function interpreterOf(program: string): string {
  return /^#!(\S+)/.exec(readFileSync(program, 'utf8'))![1]!; // tools of pip begin so
}
