/** Certificates for tests of TLS, made anew by `openssl`: an authority, and a server's certificate that it signed. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Certificates {
  /** Paths of PEM files. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  remove(): void;
}

/** `names`: what the certificate is for, as `DNS:localhost`. Skips the test where there is no `openssl`. */
export function makeCertificates(test: { skip(): never }, names: readonly string[]): Certificates {
  const dir = mkdtempSync(join(tmpdir(), 'forkline-tls-'));
  chmodSync(dir, 0o755); // the database is another user
  const openssl = (...args: readonly string[]): void => {
    execFileSync('openssl', args, { cwd: dir, stdio: 'ignore' });
  };
  try {
    openssl(
      ...'req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=forkline-test-ca'.split(
        ' ',
      ),
    );
  } catch (thrown) {
    rmSync(dir, { recursive: true });
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown;
    console.log('      skipped: there is no openssl here');
    return test.skip();
  }
  writeFileSync(join(dir, 'names'), `subjectAltName=${names.join(',')}`);
  openssl(
    ...'req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj /CN=forkline-test'.split(' '),
  );
  openssl(
    ...'x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out server.pem -days 2 -extfile names'.split(
      ' ',
    ),
  );
  chmodSync(join(dir, 'server.key'), 0o644);
  return {
    ca: join(dir, 'ca.pem'),
    cert: join(dir, 'server.pem'),
    key: join(dir, 'server.key'),
    remove: () => rmSync(dir, { recursive: true }),
  };
}
