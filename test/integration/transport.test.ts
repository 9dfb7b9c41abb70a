/** The ways by which connections reach a whole Forkline: TLS with reload, certificates of clients, the unix sockets, and proxies that say who asks. */
import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { loadConfig } from '../../core/config/config.ts';
import { FEW_PROCESSES, type Forkline, startForkline } from '../support/forkline.ts';
import { until } from '../support/until.ts';

const COMMAND = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const run = promisify(execFile);
const pem = (name: string) => readFileSync(fixture(name));
const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/tls/${name}`, import.meta.url));

const POLICY = {
  roles: { analyst: { connections: '*' }, operator: { connections: '*', queries: 'all', processes: true } },
  certificates: { 'URI:spiffe://example.test/alice': ['analyst'] },
  socketRoles: ['operator'],
};

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly code: string | undefined;
}

interface Asking {
  readonly client?: string;
  readonly socketPath?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly path?: string;
  readonly agent?: https.Agent;
}

describe('transport', function () {
  this.timeout(120_000);
  let dir: string;
  let socket: string;
  let forkline: Forkline;
  let env: Record<string, string>;

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'forkline-tls-'));
    socket = join(dir, 'proxy.sock');
    copyFileSync(fixture('server.crt'), join(dir, 'server.crt'));
    copyFileSync(fixture('server.key'), join(dir, 'server.key'));
    writeFileSync(join(dir, 'policy.json'), JSON.stringify(POLICY));
    forkline = await startForkline({
      ...FEW_PROCESSES,
      listen: { socket },
      tls: {
        certFile: join(dir, 'server.crt'),
        keyFile: join(dir, 'server.key'),
        clientCaFile: fixture('ca.crt'),
      },
      access: {
        keysFile: join(dir, 'keys.json'),
        policyFile: join(dir, 'policy.json'),
        proxy: {
          userHeader: 'X-Forwarded-User',
          rolesHeader: 'X-Forwarded-Roles',
          certificates: ['DNS:proxy.example.test'],
        },
      },
    });
    env = {
      PATH: process.env.PATH ?? '',
      HOME: process.env.HOME ?? '/',
      FORKLINE_CONFIG: forkline.configFile,
    };
  });
  after(async () => {
    await forkline?.stop();
    rmSync(dir, { recursive: true });
  });

  /** Asks for the running queries, with a new connection unless there is an agent. */
  async function ask({
    client,
    socketPath,
    headers = {},
    path = '/v1/queries',
    agent,
  }: Asking): Promise<Answer> {
    const identity = client === undefined ? {} : { cert: pem(`${client}.crt`), key: pem(`${client}.key`) };
    const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
      const request =
        socketPath === undefined
          ? https.request({
              ...{ host: '127.0.0.1', port: forkline.port, servername: 'localhost', ca: pem('ca.crt') },
              ...{ path, headers, agent: agent ?? false, ...identity },
            })
          : http.request({ socketPath, path, headers, agent: false });
      request.on('response', resolve).on('error', reject).end();
    });
    const body = await text(response);
    const { code } = JSON.parse(body) as { code?: string };
    return { status: response.statusCode!, text: body, code };
  }
  /** Returns who asked, by the record of a query. */
  async function principalOf(asking: Asking): Promise<string> {
    const id = `who-${Math.random()}`.replace('0.', '');
    const headers = { ...asking.headers, 'query-id': id };
    const { status, text: told } = await ask({ ...asking, headers, path: '/v1/query?q=select+1' });
    if (status !== 200) return `${status} ${told}`;
    const { text: queries } = await ask({ socketPath: socketOfCommands() });
    const found = (
      JSON.parse(queries) as { queries: { queryId: string; principal: string; client: string }[] }
    ).queries.find(({ queryId }) => queryId === id);
    return `${found!.principal} at ${found!.client}`;
  }
  const socketOfCommands = () => join(forkline.runDir, 'sockets', 'http.sock');

  it('speaks TLS only, 1.2 or newer, and wants to know who asks', async () => {
    expect(forkline.output()).to.contain('forkline is listening on https://127.0.0.1:');
    expect((await ask({})).code).to.equal('unauthenticated');
    const old = connectTls({
      host: '127.0.0.1',
      port: forkline.port,
      maxVersion: 'TLSv1.1',
      minVersion: 'TLSv1.1',
      ciphers: 'ALL:@SECLEVEL=0',
      rejectUnauthorized: false,
    });
    const failure = await new Promise<string>((resolve) => {
      old.on('error', ({ message }) => resolve(message)).on('secureConnect', () => resolve('it was let in'));
    });
    expect(failure).not.to.equal('it was let in');
    const plain = await fetch(`http://127.0.0.1:${forkline.port}/livez`).then(
      () => 'it was answered',
      () => 'refused',
    );
    expect(plain).to.equal('refused');
  });

  it('takes the name in a certificate of its CA for who asks, and of nobody else', async () => {
    expect(await principalOf({ client: 'alice' })).to.equal(
      'cert:URI:spiffe://example.test/alice at 127.0.0.1',
    );
    expect((await ask({ client: 'alice', path: '/v1/processes' })).status, 'its roles count').to.equal(403);
    expect((await ask({ client: 'stranger' })).code).to.equal('unauthenticated');
    expect((await ask({ client: 'alice', headers: { authorization: 'Bearer nothing' } })).code).to.equal(
      'unauthenticated',
    );
  });

  it('believes headers of a proxy by its certificate or over the socket, and from nowhere else', async () => {
    const headers = { 'x-forwarded-user': 'bob@example.test', 'x-forwarded-roles': 'analyst, nobody' };
    expect((await ask({ headers })).code).to.equal('unauthenticated');
    expect(await principalOf({ client: 'alice', headers })).to.match(/^cert:/);
    expect((await ask({ client: 'stranger', headers })).code).to.equal('unauthenticated');
    expect(await principalOf({ client: 'proxy', headers })).to.match(/^proxy:bob@example\.test /);
    expect(
      await principalOf({
        socketPath: socket,
        headers: { ...headers, 'x-forwarded-for': '9.9.9.9, 198.51.100.7' },
      }),
    ).to.equal('proxy:bob@example.test at 198.51.100.7');
    expect((await ask({ client: 'proxy' })).code, 'it says nobody').to.equal('unauthenticated');
    for (const user of ['a,b', 'a b', 'x'.repeat(300)]) {
      const told = await ask({ client: 'proxy', headers: { ...headers, 'x-forwarded-user': user } });
      expect(told.code, user).to.equal('unauthenticated');
    }
    expect((await ask({ client: 'proxy', headers, path: '/v1/processes' })).status, 'its roles').to.equal(
      403,
    );
  });

  it('has a socket for commands of the same user, who need no key', async () => {
    expect(statSync(socketOfCommands()).mode & 0o777).to.equal(0o600);
    expect(statSync(socket).mode & 0o777).to.equal(0o600);
    expect(await principalOf({ socketPath: socketOfCommands() })).to.equal('socket at local');
    const { stdout } = await run(process.execPath, [COMMAND, 'query', '--format', 'csv', 'select 1 as one'], {
      env,
    });
    expect(stdout).to.equal('one\r\n1\r\n');
    const status = await run(process.execPath, [COMMAND, 'status', '--json', '--url', `unix:${socket}`], {
      env,
    });
    expect(status.stdout).to.contain('"role": "server"');
    const nobody = await run(
      process.execPath,
      [COMMAND, 'query', '--url', `unix:${dir}/none.sock`, 'select 1'],
      { env },
    ).then(
      () => 'answered',
      ({ stderr }: { stderr: string }) => stderr,
    );
    expect(nobody).to.contain('no Forkline answers at').and.contain('none.sock');
  });

  it('takes a new certificate by a reload, and no request fails meanwhile', async () => {
    const serial = () =>
      new Promise<string>((resolve, reject) => {
        const client = connectTls(
          { host: '127.0.0.1', port: forkline.port, servername: 'localhost', ca: pem('ca.crt') },
          () => {
            resolve(client.getPeerCertificate().fingerprint256);
            client.destroy();
          },
        ).on('error', reject);
      });
    const before = await serial();
    copyFileSync(fixture('renewed.key'), join(dir, 'server.key'));
    process.kill(forkline.pid, 'SIGHUP');
    await until(
      () => forkline.output().includes('tls.keyFile: it is the key of another certificate'),
      10_000,
    );
    expect(await serial(), 'a wrong one changes nothing').to.equal(before);
    copyFileSync(fixture('renewed.crt'), join(dir, 'server.crt'));
    const failures: unknown[] = [];
    let asking = true;
    let answered = 0;
    const agent = new https.Agent({
      keepAlive: true,
      ca: pem('ca.crt'),
      cert: pem('alice.crt'),
      key: pem('alice.key'),
    });
    const clients = [agent, undefined, undefined].map(async (kept) => {
      while (asking)
        await ask({ client: 'alice', ...(kept && { agent: kept }) }).then(
          ({ status }) => (status === 200 ? answered++ : failures.push(status)),
          (error) => failures.push(error),
        );
    });
    process.kill(forkline.pid, 'SIGHUP');
    await until(async () => (await serial()) !== before, 20_000);
    const renewed = answered;
    await until(() => answered > renewed + 20, 20_000);
    asking = false;
    await Promise.all(clients);
    agent.destroy();
    expect(failures).to.deep.equal([]);
  });

  it('says what is wrong with its files, and of proxies that nobody could believe', async () => {
    const wrong = async (config: object) => {
      const file = join(dir, 'wrong.json');
      writeFileSync(file, JSON.stringify(config));
      const loaded = await loadConfig({ cwd: dir, env: {}, file });
      return 'errors' in loaded ? loaded.errors.join('\n') : '';
    };
    const files = { certFile: fixture('server.crt'), keyFile: fixture('server.key') };
    for (const [config, told] of [
      [{ tls: { certFile: files.certFile } }, 'tls.keyFile: the certificate needs its key'],
      [
        { tls: { ...files, keyFile: fixture('alice.key') } },
        'tls.keyFile: it is the key of another certificate',
      ],
      [{ tls: { ...files, certFile: join(dir, 'none') } }, 'cannot be read (ENOENT)'],
      [{ tls: { ...files, certFile: files.keyFile } }, 'tls.certFile: it is no certificate in PEM form'],
      [
        { tls: { ...files, clientCaFile: join(dir, 'policy.json') } },
        'tls.clientCaFile: it is no certificate in PEM form',
      ],
      [{ tls: { ...files, clientCertificates: 'required' } }, 'name in tls.clientCaFile who signs them'],
      [{ tls: { clientCaFile: fixture('ca.crt') } }, 'says nothing without tls.certFile and tls.keyFile'],
      [{ access: { proxy: { userHeader: 'X-User' } } }, 'access.proxy.userHeader: nobody could be believed'],
      [
        { access: { proxy: { rolesHeader: 'X-Roles' } } },
        'access.proxy.userHeader: a proxy that is believed must say who asks',
      ],
      [{ access: { proxy: { userHeader: 'X User' } } }, 'access.proxy.userHeader'],
    ] as const)
      expect(await wrong(config), JSON.stringify(config)).to.contain(told);
  });
});
