import { expect } from 'chai';
import { readUrl, UrlError } from '../../../../connectors/mariadb/url.ts';

describe('the URL of a MariaDB database', () => {
  it('is read with what is escaped in it', () => {
    expect(readUrl('mysql://me:a%40b@db.example/shop')).to.deep.equal({
      ...{
        host: 'db.example',
        port: 3306,
        socketPath: null,
        user: 'me',
        password: 'a@b',
        database: 'shop',
        tls: null,
      },
    });
    expect(readUrl('mariadb://me@[::1]:3307')).to.include({
      host: '::1',
      port: 3307,
      database: null,
      password: '',
    });
    expect(readUrl('mariadb://me@x/y?sslmode=verify-full').tls).to.deep.equal({
      ...{ ca: null, rejectUnauthorized: true, verifyIdentity: true },
    });
    expect(readUrl('mariadb://me@x/y?sslmode=require').tls).to.include({ rejectUnauthorized: false });
    expect(readUrl('mariadb://me@localhost/y?socket=/run/s').socketPath).to.equal('/run/s');
  });

  for (const [url, says] of [
    ['mariadb://me:secret@x/y?ssl=true', 'the option ssl;'],
    ['mariadb://me:secret@x/y?sslmode=yes', 'sslmode is none of'],
    ['mariadb://me:secret@x/y?sslrootcert=/nowhere/ca.pem', 'cannot be read (ENOENT)'],
    ['mariadb://me:secret@x/y?sslmode=disable&sslrootcert=a', 'sslrootcert, and sslmode=disable'],
    ['mariadb:///y', 'names no host'],
  ] as const)
    it(`says what is wrong with ${url}, without its password`, () => {
      expect(() => readUrl(url))
        .to.throw(UrlError)
        .and.satisfy(({ message }: Error) => message.includes(says) && !message.includes('secret'));
    });
});
