/**
 * No secret reaches the log: a whole run at level debug, with known secrets in every place that takes one, ends in a
 * search of all that was written for each of them.
 */
import { existsSync, readFileSync } from 'node:fs';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import { testDatabase } from '../support/database.ts';
import { type Forkline, startForkline } from '../support/forkline.ts';
import { treeOf } from '../support/processes.ts';
import { skipBecause } from '../support/skip.ts';
import { until } from '../support/until.ts';

const HEADER = 'hunter2-in-a-header';
const PARAMETER = 'hunter2-in-a-parameter';
const SHORT_PARAMETER = 'zq7';
const WRONG_PASSWORD = 'hunter2/in@a:url';
const NEW_PASSWORD = 'hunter2-of-a-reload';
const LITERAL = 'hunter2-in-a-literal';

/** With a parameter where it does harm: in the database, in a stage, in the query string, in /v1/explain. */
async function askWithSecrets(forkline: Forkline): Promise<number[]> {
  const headers = { authorization: `Bearer ${HEADER}`, cookie: `session=${HEADER}` };
  const ask = async (query: string, value: string | number) =>
    (await forkline.query(query, { params: { p: value }, headers })).status;
  const encoded = encodeURIComponent('select cast(:p as integer) as n');
  return [
    await ask('select cast(cast(:p as text) as integer) as n', PARAMETER),
    await ask('select cast(cast(:p as text) as integer) as n', SHORT_PARAMETER),
    await ask('select cast(cast(:p as text) as smallint) as n', 987_654_321),
    await ask("select 'a' as x | eval n = cast(x || :p as int64)", PARAMETER),
    (await forkline.get(`/v1/query?q=${encoded}&param.p=${PARAMETER}`)).status,
    (await forkline.query(`select cast('${LITERAL}' as integer) as n`, { headers })).status,
    (await forkline.query('select 1 as one', { body: { connection: 'away' }, headers })).status,
    (await fetch(`${forkline.url}/v1/nowhere?password=${PARAMETER}`, { headers })).status,
  ];
}

async function logOf(forkline: Forkline, lines: number): Promise<string> {
  const ended = /"event":"query-(?:ended|failed)".*"query":/g;
  return await until(async () => {
    const text = await readFile(forkline.logFile, 'utf8');
    return (text.match(ended) ?? []).length >= lines ? text : null;
  }, 10_000);
}

/** The environment of a process as the kernel shows it; empty for one that has just ended. */
function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8');
  } catch {
    return '';
  }
}

describe('the log of a run with secrets', function () {
  this.timeout(60_000);

  async function start(log: object): Promise<Forkline> {
    const { url } = await testDatabase();
    const away = `postgresql://ann:${encodeURIComponent(WRONG_PASSWORD)}@127.0.0.1:1/x?sslpassword=${HEADER}`;
    const env = { AWAY_URL: away };
    return await startForkline(
      { connections: { main: { url }, away: { url: 'env:AWAY_URL' } }, defaultConnection: 'main', log },
      { env },
    );
  }

  it('has none of them, but the literals', async () => {
    const password = new URL((await testDatabase()).url).password;
    await using forkline = await start({ level: 'debug' });
    expect((await askWithSecrets(forkline)).filter((status) => status < 300)).to.deep.equal([]);
    const log = await logOf(forkline, 7);
    for (const secret of [
      HEADER,
      PARAMETER,
      SHORT_PARAMETER,
      '987654321',
      WRONG_PASSWORD,
      encodeURIComponent(WRONG_PASSWORD),
    ])
      expect(log.includes(secret), secret).to.equal(false);
    if (password !== '') expect(log.includes(password), 'the database password').to.equal(false);
    expect(log).to.include('"event":"database-unreachable"').and.to.include(LITERAL).and.to.include('***');
  });

  it('stands beside processes whose environment has none of them either, also after a reload that reads it again', async function () {
    if (!existsSync('/proc/self/environ')) skipBecause(this, 'no /proc here');
    await using forkline = await start({ level: 'info' });
    const found = () =>
      treeOf(forkline.pid).filter(({ pid }) => {
        const text = environmentOf(pid);
        return text.includes('hunter2') || text.includes('AWAY_URL');
      });
    expect(found()).to.deep.equal([]);
    const seen = treeOf(forkline.pid).map(({ pid }) => environmentOf(pid));
    expect(
      seen.filter((text) => text.includes('FORKLINE_WORKER_ID=')),
      'workers were looked at',
    ).to.not.be.empty;
    const config = JSON.parse(await readFile(forkline.configFile, 'utf8')) as { connections: object };
    const again = { ...config, connections: { ...config.connections, again: { url: 'env:AWAY_URL' } } };
    await writeFile(forkline.configFile, JSON.stringify(again));
    process.kill(forkline.monitorPid, 'SIGHUP');
    await until(
      () => forkline.output().includes('forkline: reloaded'),
      20_000,
      'the variable is still known',
    );
    expect(found()).to.deep.equal([]);
  });

  it('keeps a password out that came with a reload, also of what a process prints, also after the logger died', async () => {
    await using forkline = await start({ level: 'info' });
    const config = JSON.parse(await readFile(forkline.configFile, 'utf8')) as { connections: object };
    const later = { url: `postgresql://ann:${NEW_PASSWORD}@127.0.0.1:1/x` };
    const connections = { ...config.connections, later };
    await writeFile(forkline.configFile, JSON.stringify({ ...config, connections }));
    process.kill(forkline.monitorPid, 'SIGHUP');
    await until(
      async () => (await readFile(forkline.logFile, 'utf8')).includes('"event":"reloaded"'),
      20_000,
    );
    const pidOf = async (role: string) =>
      (await forkline.processes()).find((row) => row.role === role && row.state === 'ready')?.pid;
    // The process's stderr is a file that the logger follows.
    const print = async (mark: string) =>
      appendFile(`/proc/${await pidOf('sql')}/fd/2`, `${mark}: password is ${NEW_PASSWORD}?\n`);
    await print('first');
    const told = async (mark: string) =>
      (await readFile(forkline.logFile, 'utf8')).includes(`${mark}: password`);
    await until(() => told('first'), 10_000);
    const logger = await pidOf('logger');
    process.kill(logger!, 'SIGKILL');
    await until(async () => ![undefined, logger].includes(await pidOf('logger')), 10_000);
    await print('second');
    await until(() => told('second'), 10_000);
    expect(await readFile(forkline.logFile, 'utf8')).not.to.include(NEW_PASSWORD);
  });

  it('has the literals neither, with log.redactLiterals', async () => {
    await using forkline = await start({ level: 'debug', redactLiterals: 'on' });
    await askWithSecrets(forkline);
    const log = await logOf(forkline, 7);
    expect(log).to.include('select cast(? as integer) as n');
    for (const secret of [LITERAL, PARAMETER, HEADER]) expect(log.includes(secret), secret).to.equal(false);
  });
});
