/** Logging in to MariaDB: real users and TLS of a real server, and what only MySQL has against a fake. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { type Certificates, makeCertificates } from '../support/certificates.ts';
import { type FakeOptions, fakeMariadb, SCRAMBLE } from '../support/fake-mariadb.ts';
import { startMariadb, type TestMariadb } from '../support/mariadb.ts';
import { askMariadb, connectProblem, openMariadb } from '../support/mariadb-session.ts';

const PASSWORDS = ['short', 'thirty-two characters, as a seed', 'longer than thirty-two bytes: 비밀번호 😀'];

describe('logging in to MariaDB', function () {
  this.timeout(180_000);
  let mariadb: TestMariadb;
  let certificates: Certificates;

  before(async function () {
    certificates = makeCertificates(this, ['DNS:localhost']);
    const { ca, cert, key } = certificates;
    mariadb = await startMariadb(this, [`--ssl-ca=${ca}`, `--ssl-cert=${cert}`, `--ssl-key=${key}`]);
    await mariadb.admin("install soname 'auth_ed25519'");
    for (const [index, password] of PASSWORDS.entries())
      await mariadb.admin(`create user signed${index} identified via ed25519 using password('${password}');
        grant select on test.* to signed${index}`);
    await mariadb.admin('alter user reader require ssl');
  });
  after(async () => {
    certificates?.remove();
    await mariadb?.stop();
  });

  const urlOf = (user: string, password: string, host: string, search = ''): string => {
    const url = new URL(`mariadb://${host}:${mariadb.port}/test${search}`);
    url.username = user;
    url.password = password;
    return url.href;
  };
  const reader = (host: string, search: string): string => urlOf('reader', 'secret of reader', host, search);

  async function usesTls(url: string): Promise<boolean> {
    const session = await openMariadb(url);
    const text = await askMariadb(session, "show session variables like 'have_ssl'");
    const status = await askMariadb(
      session,
      "select variable_value from information_schema.session_status where variable_name = 'Ssl_cipher'",
    );
    await session.end();
    expect(text).to.contain('YES');
    return status.trim() !== '[""]';
  }

  for (const [index, password] of PASSWORDS.entries())
    it(`is done by ed25519 with a password of ${password.length} characters`, async () => {
      const session = await openMariadb(urlOf(`signed${index}`, password, '127.0.0.1'));
      expect(await askMariadb(session, 'select 1 as n')).to.equal('[1]\n');
      await session.end();
      const wrong = await connectProblem(urlOf(`signed${index}`, `${password}.`, '127.0.0.1'));
      expect(wrong).to.match(/refuses the login$/);
    });

  it('is done over TLS that is verified by an authority of its own', async () => {
    const ca = encodeURIComponent(certificates.ca);
    expect(await usesTls(reader('localhost', `?sslrootcert=${ca}`))).to.equal(true);
    expect(await usesTls(reader('127.0.0.1', `?sslmode=verify-ca&sslrootcert=${ca}`))).to.equal(true);
    expect(await usesTls(reader('127.0.0.1', '?sslmode=require'))).to.equal(true);
  });

  it('fails where the certificate is of nobody known, or for another host, or TLS is missing', async () => {
    const ca = encodeURIComponent(certificates.ca);
    expect(await connectProblem(reader('localhost', '?sslmode=verify-full'))).to.contain(
      'its TLS certificate is not accepted',
    );
    // `mysql2` compares the certificate of an address with the name `localhost`.
    expect(await connectProblem(reader('127.0.0.1', `?sslrootcert=${ca}`))).to.contain('sslmode=verify-ca');
    expect(await connectProblem(reader('127.0.0.1', ''))).to.match(/refuses the login$/);
    await using plain = await fakeMariadb();
    expect(await connectProblem(`mariadb://me:secret@localhost:${plain.port}/x?sslmode=require`)).to.contain(
      'it does not speak TLS',
    );
  });

  /** Lets in whose answer is the token of this password; asks for the password itself when `remembers` is false. */
  function cachedLogin(password: string, remembers: boolean): FakeOptions {
    const sha = (...parts: readonly Buffer[]): Buffer =>
      createHash('sha256').update(Buffer.concat(parts)).digest();
    const once = sha(Buffer.from(password));
    const mask = sha(sha(once), SCRAMBLE);
    const token = once.map((byte, index) => byte ^ mask[index]!);
    return {
      plugin: 'caching_sha2_password',
      login(answer, isTls, round) {
        if (round > 0) return isTls && answer.toString() === `${password}\0` ? 'in' : 'out';
        if (!answer.equals(token)) return 'out';
        return Buffer.from([remembers ? 3 : 4]);
      },
    };
  }

  it('is done by caching_sha2_password where the server remembers the user', async () => {
    const { login, plugin } = cachedLogin('secret', true);
    let letIn = false;
    await using server = await fakeMariadb({
      plugin: plugin!,
      login(answer, isTls, round) {
        const next = login!(answer, isTls, round);
        if (next === 'out' || letIn) return next;
        letIn = true;
        return 'in'; // what follows the short login is an OK
      },
    });
    const session = await openMariadb(`mysql://me:secret@127.0.0.1:${server.port}/x`);
    expect(await askMariadb(session, 'select 1 as n')).to.equal('[1]\n');
    await session.end();
    expect(await connectProblem(`mysql://me:other@127.0.0.1:${server.port}/x`)).to.match(
      /refuses the login$/,
    );
  });

  it('sends the password itself over TLS only', async () => {
    const tls = {
      key: readFileSync(certificates.key, 'utf8'),
      cert: readFileSync(certificates.cert, 'utf8'),
    };
    await using server = await fakeMariadb({ ...cachedLogin('secret', false), tls });
    const at = `mysql://me:secret@localhost:${server.port}/x`;
    const session = await openMariadb(`${at}?sslrootcert=${encodeURIComponent(certificates.ca)}`);
    expect(await askMariadb(session, 'select 1 as n')).to.equal('[1]\n');
    await session.end();
    expect(await connectProblem(at)).to.contain('which is only sent over TLS: say sslmode in its URL');
    await using old = await fakeMariadb({ plugin: 'sha256_password', login: () => 'in' });
    expect(await connectProblem(`mysql://me:secret@127.0.0.1:${old.port}/x`)).to.contain(
      'only sent over TLS',
    );
    await using clear = await fakeMariadb({ plugin: 'mysql_clear_password', login: () => 'in' });
    expect(await connectProblem(`mysql://me:secret@127.0.0.1:${clear.port}/x`)).not.to.equal('it opened');
  });
});
