/** Tells which drivers a process loads, seen from outside: in a process of its own. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { connectionOf } from '../../../connectors/registry.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** Runs `code` and returns the packages whose files were loaded by then. */
function packagesAfter(code: string): readonly string[] {
  const script = `
    import { createRequire } from 'node:module';
    ${code}
    const { cache } = createRequire(${JSON.stringify(`${ROOT}x.js`)});
    const names = Object.keys(cache).map((path) => /node_modules\\/([^/]+)/.exec(path)?.[1]);
    console.log(JSON.stringify([...new Set(names)]));`;
  const args = ['--import', 'tsx', '--input-type=module', '--eval', script];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' });
  expect(stdout, stderr).to.match(/^\[/);
  return JSON.parse(stdout) as readonly string[];
}

const OPTIONS = JSON.stringify({ name: 'main', workerId: 'test', connectTimeoutMs: 1000 });

describe('the registry of connectors', () => {
  it('loads a driver when a connection of its kind is made, and not before', function () {
    this.timeout(60_000);
    const worker = `const { SqlService } = await import('./workers/sql/service.ts');
      const { connectionOf } = await import('./connectors/registry.ts');`;
    expect(packagesAfter(worker)).to.include('generic-pool').and.not.include('pg');
    const config = JSON.stringify({ kind: 'postgres', url: 'postgresql://nobody@127.0.0.1:1/none' });
    expect(packagesAfter(`${worker} await connectionOf(${config}, ${OPTIONS});`)).to.include('pg');
  });

  it('says why a connection does not open without anything of its URL', async () => {
    const url = 'postgresql://nobody:hidden@127.0.0.1:1/none';
    const connection = await connectionOf(
      { kind: 'postgres', url },
      { name: 'crm', workerId: 'test', connectTimeoutMs: 5000 },
    );
    const thrown: unknown = await connection.open().then(
      () => null,
      (error: unknown) => error,
    );
    const { error, notice } = connection.failureOf(thrown);
    expect(error.code).to.equal('database-unavailable');
    expect(error.message).to.match(/the database of connection "crm" is not available/);
    expect(notice).to.include({ level: 'warn', event: 'database-unreachable' });
    expect(JSON.stringify([error.toWire(), notice])).to.not.match(/hidden|127\.0\.0\.1/);
  });
});
