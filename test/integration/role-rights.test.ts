/** Roles and what they may do: `forkline grants` and `forkline doctor` against a database of their own, and a server on it. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import pg from 'pg';
import { judgeOf } from '../../language/dialects/registry.ts';
import { FEW_PROCESSES, startForkline } from '../support/forkline.ts';
import { openScratchCluster, type ScratchCluster } from '../support/scratch-cluster.ts';

const COMMAND = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const run = promisify(execFile);

interface Finding {
  readonly connection: string;
  readonly level: string;
  readonly text: string;
}

describe('roles', function () {
  this.timeout(120_000);
  let cluster: ScratchCluster;
  let dir: string;
  let configFile: string;

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'forkline-roles-'));
    configFile = join(dir, 'forkline.config.json');
    cluster = await openScratchCluster();
    await admin(`create table things (id int, name text); insert into things values (1, 'a');
      create role plain login password 'x'; create role files login password 'x'; create role maker login createrole password 'x';
      create role heir login noinherit password 'x';
      grant select on things to plain, files, maker, heir; grant pg_read_server_files to files; grant postgres to heir`);
  });

  after(async () => {
    await cluster[Symbol.asyncDispose]();
    await rm(dir, { recursive: true, force: true });
  });

  async function admin(sql: string): Promise<void> {
    const client = new pg.Client({ connectionString: cluster.adminUrl });
    await client.connect();
    await client.query(sql).finally(() => client.end());
  }

  /** The first one, where there is any. */
  const defaultOf = (connections: object): object => {
    const [first] = Object.keys(connections);
    return first === undefined ? {} : { defaultConnection: first };
  };

  const urlOf = (role: string): string => cluster.adminUrl.replace(/\/\/[^@]*@/, `//${role}:x@`);

  async function doctor(connections: object): Promise<{ code: number; findings: readonly Finding[] }> {
    await writeFile(configFile, JSON.stringify({ connections, dataDir: dir, ...defaultOf(connections) }));
    const { stdout, code } = await run(
      process.execPath,
      [COMMAND, 'doctor', '--json', '--config', configFile],
      {
        env: { PATH: process.env.PATH },
      },
    ).then(
      ({ stdout }) => ({ stdout, code: 0 }),
      (failed: { stdout: string; code: number }) => failed,
    );
    const all = JSON.parse(stdout) as readonly (Finding & { readonly layer?: string })[];
    return { code, findings: all.filter(({ layer }) => layer === undefined) };
  }

  it('that can leave the database are a problem to the doctor, unless that is meant', async () => {
    const { code, findings } = await doctor({
      strong: { url: cluster.adminUrl },
      files: { url: urlOf('files') },
      maker: { url: urlOf('maker') },
      heir: { url: urlOf('heir') },
      meant: { url: cluster.adminUrl, allowPowerfulRole: true },
      plain: { url: urlOf('plain') },
      away: { url: 'postgresql://x:secret@127.0.0.1:1/x' },
    });
    expect(code).to.equal(1);
    expect(JSON.stringify(findings)).to.not.include('secret');
    const problems = findings.filter(({ level }) => level === 'problem');
    expect(problems.map(({ connection }) => connection)).to.have.members([
      'strong',
      'files',
      'maker',
      'heir',
      'away',
    ]);
    const said = (name: string) => problems.find(({ connection }) => connection === name)!.text;
    expect(said('strong')).to.include('SUPERUSER');
    expect(said('files')).to.include('a member of pg_read_server_files');
    expect(said('maker')).to.include('CREATEROLE');
    expect(said('heir')).to.include('a member of postgres');
    const plain = findings.filter(({ connection }) => connection === 'plain');
    expect(plain.map(({ level }) => level)).to.deep.equal(['ok', 'ok', 'note', 'note', 'ok']);
    expect(plain[4]!.text).to.equal(`statements only read: ${judgeOf('postgres').guard}`);
    expect(plain[3]!.text).to.include('pg_terminate_backend').and.to.not.include('set_config');
  });

  it('refuse queries of their connection alone', async () => {
    const connections = { main: { url: urlOf('plain') }, files: { url: urlOf('files') } };
    await using forkline = await startForkline({ ...FEW_PROCESSES, connections });
    expect((await forkline.query('select name from things')).json.rows).to.deep.equal([{ name: 'a' }]);
    const refused = JSON.parse((await forkline.query('@files select name from things')).text);
    expect(refused).to.include({ status: 503, code: 'database-unavailable' });
    expect(refused.detail).to.include('pg_read_server_files');
    expect(refused.hint).to.include('"files": { "allowPowerfulRole": true }');
    expect((await forkline.logLines()).some((line) => line.includes('database-role-refused'))).to.equal(true);
  });

  it('lose what `forkline grants` takes away, and queries with parameters and stages go on', async () => {
    const { stdout: sql } = await run(process.execPath, [COMMAND, 'grants'], {
      env: { PATH: process.env.PATH },
    });
    await admin(sql);
    const { code, findings } = await doctor({ main: { url: urlOf('plain') } });
    expect(code).to.equal(0);
    expect(findings.map(({ level }) => level)).to.deep.equal(['ok', 'ok', 'ok']);
    await using forkline = await startForkline({
      ...FEW_PROCESSES,
      connections: { main: { url: urlOf('plain') } },
    });
    const body = { params: { n: 1, name: 'a' } };
    const query = 'set pushdown = off; select id, name from things where id = :n | where name = :name';
    expect((await forkline.query(query, { body })).json.rows).to.deep.equal([{ id: 1, name: 'a' }]);
    expect(
      (await forkline.query('select id from things where id = :n and name = :name', { body })).status,
    ).to.equal(200);
    expect((await forkline.logLines()).some((line) => line.includes('database-role-may-still'))).to.equal(
      false,
    );
    await admin(sql); // a second time is no harm
  });

  it('are not examined where no database is configured', async () => {
    const { code, findings } = await doctor({});
    expect([code, findings.map(({ level }) => level)]).to.deep.equal([0, ['ok']]);
  });
});
