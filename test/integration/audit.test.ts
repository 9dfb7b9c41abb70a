/** The audit of a whole Forkline: who did what, refusals with their rule, required records, and a chain that holds while processes are killed. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { testDatabase } from '../support/database.ts';
import { type Forkline, startForkline } from '../support/forkline.ts';
import { skipBecause } from '../support/skip.ts';
import { until } from '../support/until.ts';

const COMMAND = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const run = promisify(execFile);
const POLICY = {
  roles: {
    analyst: { connections: ['main'], stages: ['head'] },
    operator: { connections: '*', queries: 'all', logs: true, processes: true },
  },
};

interface AuditRecord {
  readonly event: string;
  readonly n: number;
  readonly queryId?: string;
  readonly [field: string]: unknown;
}

interface Command {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

describe('audit', function () {
  this.timeout(120_000);
  let dir: string;
  let file: string;
  let forkline: Forkline;
  let env: Record<string, string>;
  const keys = new Map<string, string>();
  const heads: { n: number; hash: string }[] = [];
  const webhook = createServer((request, response) => {
    request.setEncoding('utf8').on('data', (text: string) => heads.push(JSON.parse(text)));
    request.on('end', () => response.end());
  });

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'forkline-audit-'));
    file = join(dir, 'audit.jsonl');
    await new Promise<void>((resolve) => webhook.listen(0, '127.0.0.1', resolve));
    writeFileSync(join(dir, 'policy.json'), JSON.stringify(POLICY));
    const { url } = await testDatabase();
    forkline = await startForkline({
      connections: { main: { url }, hidden: { url } },
      defaultConnection: 'main',
      access: { keysFile: join(dir, 'keys.json'), policyFile: join(dir, 'policy.json') },
      audit: {
        ...{ file, required: 'on', waitMs: 1000, headEverySeconds: 1 },
        headTo: `http://127.0.0.1:${(webhook.address() as AddressInfo).port}/heads`,
      },
    });
    env = {
      PATH: process.env.PATH ?? '',
      HOME: process.env.HOME ?? '/',
      FORKLINE_CONFIG: forkline.configFile,
    };
    for (const role of ['analyst', 'operator']) {
      const { stdout, code } = await command('keys', 'create', role, '--roles', role);
      expect(code).to.equal(0);
      keys.set(role, stdout.trim());
    }
    await until(async () => (await ask('operator', 'GET', '/v1/limits')).status === 200, 5000);
  });
  after(async () => {
    await forkline?.stop();
    webhook.closeAllConnections();
    webhook.close();
    rmSync(dir, { recursive: true });
  });

  function command(...args: readonly string[]): Promise<Command> {
    return run(process.execPath, [COMMAND, ...args], { env }).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      ({ code, stdout, stderr }: Command) => ({ code, stdout, stderr }),
    );
  }
  const ask = async (role: string | null, method: string, path: string, body?: string, id?: string) => {
    const response = await fetch(`${forkline.url}${path}`, {
      method,
      headers: {
        ...(role !== null && { authorization: `Bearer ${keys.get(role)}` }),
        ...(id !== undefined && { 'query-id': id }),
        'content-type': 'text/plain',
      },
      ...(body !== undefined && { body }),
    });
    return { status: response.status, text: await response.text() };
  };
  const processes = async () =>
    (
      JSON.parse((await ask('operator', 'GET', '/v1/processes')).text) as {
        processes: { role: string; pid: number }[];
      }
    ).processes;
  const records = (): AuditRecord[] =>
    readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as AuditRecord);
  const of = (queryId: string) => records().filter((record) => record.queryId === queryId);
  const ended = (queryId: string) =>
    until(() => of(queryId).find(({ event }) => event === 'query-end'), 5000);

  it('has the beginning and the end of each query, whoever asked and however', async () => {
    await ask('analyst', 'POST', '/v1/query', "select 'Ann' as name, :n as n", 'no-value');
    await ask('analyst', 'POST', '/v1/query', "select 'Ann' as name | head 1", 'one');
    const [begin] = of('one');
    expect(begin).to.include({
      ...{ event: 'query-begin', act: 'run', principal: 'key:analyst', method: 'key', connection: 'main' },
      ...{ address: '127.0.0.1', shape: 'select ? as name | head ?' },
    });
    expect(begin!.roles).to.deep.equal(['analyst']);
    expect(await ended('one')).to.include({ outcome: 'ok', rows: 1, deniedBy: null });
    await ask('analyst', 'POST', '/v1/explain', 'select 1 as a | head 1', 'two');
    await ask('analyst', 'HEAD', '/v1/query?q=select+1', undefined, 'three');
    expect([of('two')[0]!.act, of('three')[0]!.act]).to.deep.equal(['explain', 'head']);
    expect(await ended('three')).to.include({ outcome: 'ok' });
    expect(readFileSync(file, 'utf8').includes('Ann')).to.equal(false);
  });

  it('has the tables that the SQL of a query names', async () => {
    await ask(
      'analyst',
      'POST',
      '/v1/query',
      'select count(*) as n from pg_class c join pg_catalog.pg_type t on true',
      'tables',
    );
    expect((await ended('tables'))!.tables).to.deep.equal(['main.pg_catalog.pg_type', 'main.pg_class']);
    const text = 'with pg_am as (select 1 as a) select * from pg_am, pg_namespace | head 1';
    await ask('analyst', 'POST', '/v1/query', text, 'stages');
    expect((await ended('stages'))!.tables).to.deep.equal(['main.pg_namespace']);
    await ask('analyst', 'POST', '/v1/query', 'select 1 as a', 'none');
    expect((await ended('none'))!.tables).to.deep.equal([]);
  });

  it('has what was refused, and by which rule', async () => {
    const rules: string[] = [];
    for (const [index, [path, text]] of [
      ['/v1/query', 'select 1 as a | sort a'],
      ['/v1/query', 'select pg_sleep(1) from pg_terminate_backend(1)'],
      ['/v1/query', 'select * from pg_authid'],
      ['/v1/query?connection=hidden', 'select 1'],
    ].entries()) {
      await ask('analyst', 'POST', path!, text, `refused-${index}`);
      rules.push(String((await ended(`refused-${index}`)).deniedBy));
    }
    expect(rules).to.deep.equal(['stages: sort', 'guard', 'the database', 'connections: hidden']);
    await ask('analyst', 'GET', '/v1/logs');
    await ask(null, 'POST', '/v1/query', 'select 1');
    const requests = await until(() => {
      const found = records().filter(
        ({ event, request }) => event === 'request-refused' && request !== 'GET /v1/limits',
      );
      return found.length >= 2 ? found : null;
    }, 5000);
    expect(requests.map(({ principal, request, deniedBy }) => [principal, request, deniedBy])).to.deep.equal([
      ['key:analyst', 'GET /v1/logs', 'right logs'],
      [undefined, 'POST /v1/query', 'authentication'],
    ]);
  });

  it('has acts of administration: of the server, of the monitor, of keys, of operators', async () => {
    const running = ask('analyst', 'POST', '/v1/query', 'select pg_sleep(60)', 'long');
    await until(() => of('long').length > 0, 5000);
    expect((await ask('operator', 'DELETE', '/v1/queries/long')).status).to.equal(202);
    await running;
    await ask('operator', 'GET', '/v1/logs?limit=1');
    await command('scale', 'sql=1');
    process.kill(forkline.pid, 'SIGHUP');
    const events = await until(() => {
      const all = records().map(({ event }) => event);
      return all.includes('reloaded') && all.includes('server-stopped') ? all : null;
    }, 20_000);
    for (const event of ['listening', 'server-started', 'keys-changed', 'log-read', 'scaled', 'reload'])
      expect(events).to.include(event);
    const find = (event: string) => records().find((record) => record.event === event);
    expect(find('query-cancelled')).to.include({
      principal: 'key:operator',
      of: 'key:analyst',
      queryId: 'long',
    });
    expect(JSON.stringify(find('keys-changed'))).to.match(/"added":\["[0-9a-f]{12} analyst"/);
    expect(find('server-started')!.policyHash).to.match(/^[0-9a-f]{64}$/);
  });

  it('refuses queries while it must be written and cannot be, and loses none of them', async function () {
    const logger = (await processes()).find(({ role }) => role === 'logger')!;
    const limitWrites = (bytes: string) =>
      run('prlimit', ['--pid', String(logger.pid), `--fsize=${bytes}:unlimited`]).then(
        () => true,
        () => false,
      );
    // A write beyond the limit fails as one on a full disk does. Without util-linux that cannot be tried here.
    if (!(await limitWrites('1'))) skipBecause(this, 'no `prlimit` of util-linux here');
    try {
      const refused = await ask('analyst', 'POST', '/v1/query', 'select 1', 'unwritten');
      expect([refused.status, (JSON.parse(refused.text) as { code: string }).code]).to.deep.equal([
        503,
        'audit-unavailable',
      ]);
      expect((await ask('analyst', 'POST', '/v1/explain', 'select 1')).status).to.equal(503);
    } finally {
      await limitWrites('unlimited');
    }
    await until(async () => (await ask('analyst', 'POST', '/v1/query', 'select 1')).status === 200, 20_000);
    expect(await ended('unwritten')).to.include({ outcome: 'audit-unavailable', deniedBy: 'audit.required' });
  });

  it('is whole while server and logger are killed again and again, with each answered query in it', async () => {
    const answered: string[] = [];
    let asking = true;
    const clients = [0, 1, 2].map(async (client) => {
      for (let index = 0; asking; index++) {
        const id = `kill-${client}-${index}`;
        const status = await ask('analyst', 'POST', '/v1/query', 'select 1', id).then(
          (answer) => answer.status,
          () => 0,
        );
        if (status === 200) answered.push(id);
      }
    });
    try {
      for (const role of ['logger', 'server', 'logger', 'server']) {
        const victim = await until(
          async () => (await processes().catch(() => [])).find((each) => each.role === role),
          20_000,
        );
        const before = answered.length;
        process.kill(victim.pid, 'SIGKILL');
        await until(() => answered.length > before + 20, 30_000);
      }
    } finally {
      asking = false;
      await Promise.all(clients);
    }
    const begun = await until(() => {
      const ids = new Set(
        records()
          .filter(({ event }) => event === 'query-begin')
          .map(({ queryId }) => queryId),
      );
      return answered.every((id) => ids.has(id)) ? ids : null;
    }, 10_000);
    expect(begun.size).to.be.above(80);
    const verified = await command('audit', 'verify');
    expect(verified.code, verified.stdout + verified.stderr).to.equal(0);
    expect(verified.stdout).to.contain('the audit is whole');
  });

  it('has its head sent elsewhere, by which a cut end and a rewrite show', async () => {
    const last = records().at(-1)!.n;
    const head = await until(() => heads.find(({ n }) => n >= last), 10_000);
    const kept = `${head.n}:${head.hash}`;
    expect((await command('audit', 'verify', '--head', kept)).code).to.equal(0);
    const copy = join(dir, 'copy.jsonl');
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    const write = (changed: readonly string[]) => writeFileSync(copy, `${changed.join('\n')}\n`);
    write(lines.slice(0, head.n - 1));
    const cut = await command('audit', 'verify', copy, '--head', kept);
    expect([cut.code, cut.stdout.includes('the end was cut off')]).to.deep.equal([1, true]);
    expect((await command('audit', 'verify', copy)).code, 'alone it does not show').to.equal(0);
    write(lines.map((line, index) => (index === 3 ? line.replace('"level"', '"Level"') : line)));
    const changed = await command('audit', 'verify', copy);
    expect([changed.code, changed.stdout]).to.satisfy(
      ([code, text]: [number, string]) => code === 1 && text.includes('copy.jsonl:4: line 4 was changed'),
    );
    expect((await command('audit', 'head', copy)).stdout).to.match(/^\d+:[0-9a-f]{64}\n$/);
    expect((await command('audit', 'verify', join(dir, 'nowhere'))).stderr).to.contain(
      'cannot be read (ENOENT)',
    );
    expect((await command('audit', 'verify', '--head', 'x')).stderr).to.contain('--head must be NUMBER:HASH');
  });
});
