import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { loadConfig } from '../../../../core/config/config.ts';
import { readStored } from '../../../../core/config/stored-connections.ts';

const URL_OF_CRM = 'postgresql://reader@db.example.com:5432/crm';

describe('a connection of the catalogue', () => {
  let dir: string;
  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'forkline-stored-'));
    mkdirSync(join(dir, 'data'));
    mkdirSync(join(dir, 'data-of-others'));
    writeFileSync(join(dir, 'data', 'notes.db'), '');
    symlinkSync('/etc', join(dir, 'data', 'way-out'));
  });
  after(() => rmSync(dir, { recursive: true }));

  const secrets = new Map([
    [
      'reader',
      {
        value: 'p@ss/w:rd%',
        connections: ['crm', 'shop'],
        hosts: ['db.example.com:5432', 'SHOP.example.com'],
      },
    ],
    ['token', { value: 'hush', connections: ['lake'], hosts: ['spark.example.com:15002', '127.0.0.1'] }],
    [
      'lake-key',
      {
        value: 'key/of+the lake',
        connections: ['lake'],
        hosts: ['minio.example:9000', 's3.eu-west-1.amazonaws.com:443', 'data.example'],
      },
    ],
    ['odd', { value: 'file:/etc/passwd', connections: ['lake'], hosts: ['data.example'] }],
  ]);
  const read = (name: string, definition: object) =>
    readStored(name, definition as Record<string, unknown>, { secrets, directories: [join(dir, 'data')] });
  const mistakes = (name: string, definition: object): string => {
    const found = read(name, definition);
    return 'mistakes' in found ? found.mistakes.join('; ') : '';
  };

  it('gets its secret, and is kept from link-local addresses', () => {
    expect(read('crm', { url: URL_OF_CRM, secret: 'reader' })).to.deep.equal({
      connection: {
        kind: 'postgres',
        url: 'postgresql://reader:p%40ss%2Fw%3Ard%25@db.example.com:5432/crm',
        guardsAddress: true,
      },
    });
    // A host without a port is bound for every port; upper and lower case mean the same.
    const shop = {
      url: 'mariadb://me@shop.example.com:3310/d?sslmode=require',
      secret: 'reader',
      allowFunctions: ['a.b'],
    };
    expect(read('shop', shop)).to.deep.equal({
      connection: {
        kind: 'mariadb',
        url: 'mariadb://me:p%40ss%2Fw%3Ard%25@shop.example.com:3310/d?sslmode=require',
        allowFunctions: ['a.b'],
        guardsAddress: true,
      },
    });
  });

  it('to Spark gets its secret as the token, over TLS or to this machine, and is kept from link-local addresses', () => {
    const lake = { kind: 'spark', secret: 'token' };
    expect(read('lake', { ...lake, url: 'sc://spark.example.com/;use_ssl=true' })).to.deep.equal({
      connection: {
        ...{ kind: 'spark', url: 'sc://spark.example.com/;use_ssl=true' },
        ...{ token: 'hush', guardsAddress: true },
      },
    });
    expect(read('lake', { ...lake, url: 'sc://127.0.0.1:15002' })).to.have.property('connection');
    expect(read('lake', { kind: 'spark', url: 'sc://spark.example.com' })).to.deep.equal({
      connection: { kind: 'spark', url: 'sc://spark.example.com', guardsAddress: true },
    });
    const caFile = join(dir, 'data', 'ca.pem');
    writeFileSync(caFile, '');
    const url = 'sc://spark.example.com:443/;use_ssl=true;user_id=reports';
    expect(read('lake', { kind: 'spark', url, caFile })).to.deep.equal({
      connection: { kind: 'spark', url, caFile, guardsAddress: true },
    });
    expect(mistakes('lake', { kind: 'spark', url, caFile: '/etc/ssl/cert.pem' })).to.match(
      /^caFile: (must be below|there is nothing)/,
    );
  });

  it('without a secret sends nothing of this process in its place', () => {
    const found = read('crm', { url: URL_OF_CRM });
    expect(JSON.stringify(found)).to.match(/reader:forkline-has-no-secret-for-this-connection@/);
  });

  it('may have a login for each role, each with its secret', () => {
    const roles = { analyst: { url: URL_OF_CRM, secret: 'reader' }, guest: { url: URL_OF_CRM } };
    const found = read('crm', { roles });
    expect(JSON.stringify(found)).to.include('"analyst":{"kind":"postgres","url":"postgresql://reader:p%40');
    expect(JSON.stringify(found).match(/"guardsAddress":true/g)).to.have.length(2);
    expect(mistakes('other', { roles })).to.include('roles.analyst.secret: the secret reader is not for');
    expect(mistakes('crm', { roles: { a: { url: 'env:X' } } })).to.match(/roles\.a\.url: references/);
  });

  const REFUSED: readonly (readonly [string, object, RegExp])[] = [
    [
      'other',
      { url: URL_OF_CRM, secret: 'reader' },
      /^secret: the secret reader is not for the connection other/,
    ],
    [
      'crm',
      { url: 'postgresql://reader@evil.example.com/crm', secret: 'reader' },
      /^secret: .* not for the host evil/,
    ],
    [
      'crm',
      { url: 'postgresql://reader@db.example.com:5433/crm', secret: 'reader' },
      /not for the host db.example.com:5433/,
    ],
    [
      'crm',
      { url: 'postgresql://reader@db.example.com/crm', secret: 'reader' },
      /not for the host db.example.com:/,
    ],
    ['crm', { url: 'postgresql://reader@db.example.com.:5432/crm', secret: 'reader' }, /not for the host/],
    [
      'crm',
      { url: URL_OF_CRM, secret: 'nobody' },
      /declares no secret "nobody". It would be "secrets": \{"nobody"/,
    ],
    ['crm', { url: URL_OF_CRM, secret: '__proto__' }, /declares no secret "__proto__"/],
    ['crm', { url: URL_OF_CRM, secret: 7 }, /^secret: must be the name of a secret/],
    ['crm', { kind: 'sqlite', path: '/x', secret: 'reader' }, /^secret: a secret goes with a url/],
    [
      'crm',
      { url: 'env:PGPASSWORD' },
      /^url: references such as env: and file: stand in the configuration only/,
    ],
    ['crm', { url: 'file:/etc/passwd' }, /^url: references/],
    ['crm', { kind: 'mariadb', url: 'FILE:/etc/passwd' }, /^url: references/],
    ['crm', { url: 'postgresql://reader:open@db.example.com/crm' }, /^url: has a password; take it out/],
    ['crm', { url: `${URL_OF_CRM}?host=evil.example.com`, secret: 'reader' }, /^url: has the option host/],
    [
      'crm',
      { url: `${URL_OF_CRM}?sslmode=require&sslrootcert=/etc/passwd` },
      /^url: has the option sslrootcert/,
    ],
    ['crm', { url: `${URL_OF_CRM}?user=x` }, /^url: has the option user/],
    ['crm', { url: 'mariadb://me@h/d?socket=/run/x' }, /^url: has the option socket/],
    ['crm', { url: 'postgresql://me@%2Fvar%2Frun/d' }, /^url: names no host/],
    ['crm', { url: 'postgresql://me@a,b/d' }, /^url: (names no host|is no URL)/],
    ['crm', { url: 'postgresql://db.example.com/d' }, /^url: names no user/],
    ['crm', { url: 'postgresql://me@/d' }, /^url: (names no|is no URL)/],
    ['crm', { url: `${URL_OF_CRM}#x` }, /^url: has a #/],
    ['crm', { url: 'https://me@db.example.com/d' }, /^url: must be a URL that starts with postgresql/],
    ['crm', { url: 'nothing' }, /^url: is no URL/],
    ['crm', { url: URL_OF_CRM, allowPowerfulRole: true }, /^allowPowerfulRole: only the configuration/],
    ['crm', { url: URL_OF_CRM, urll: 'x' }, /^urll: there is no such option; did you mean url\?/],
    ['crm', { url: URL_OF_CRM, path: '/x' }, /path: is an option of connections of the kind sqlite/],
    ['crm', { kind: 'oracle', url: URL_OF_CRM }, /^kind: must be one of postgres, mariadb, sqlite/],
    ['crm', {}, /^url: must be the URL/],
    [
      'lake',
      { kind: 'spark', url: 'sc://spark.example.com', secret: 'token' },
      /^url: a token is sent over TLS only, unless to this machine/,
    ],
    [
      'lake',
      { kind: 'spark', url: 'sc://spark.example.com:443/;use_ssl=true', secret: 'token' },
      /^secret: the secret token is not for the host spark.example.com:443/,
    ],
    ['lake', { kind: 'spark', url: 'sc://h/;token=hush' }, /^url: has a token; take it out/],
    ['lake', { kind: 'spark', url: 'sc://h/;use_ssl=true', token: 'hush' }, /^token: take it out/],
    ['lake', { kind: 'spark', url: 'sc://h/;use_ssl=%zz' }, /^url: has a % in the option use_ssl/],
    ['lake', { kind: 'spark', url: 'sc://h/;colour=red' }, /^url: has an option colour/],
    ['lake', { kind: 'spark', url: 'https://h' }, /^url: is not of the form sc:/],
    ['lake', { kind: 'spark', url: 'env:LAKE' }, /^url: references/],
    [
      'lake',
      { kind: 'spark', url: 'sc://data.example/;use_ssl=true', secret: 'odd' },
      /^url: has a secret whose value begins with env: or file:/,
    ],
    ['crm', { url: 7 }, /^url: must be the URL/],
  ];
  for (const [name, definition, told] of REFUSED)
    it(`is refused: ${name} ${JSON.stringify(definition)}`, () => {
      expect(mistakes(name, definition)).to.match(told);
    });

  it('reads files only below the directories that the configuration names, wherever links lead', () => {
    const inside = join(dir, 'data');
    expect(read('lake', { kind: 'files', root: inside })).to.have.property('connection');
    expect(read('notes', { kind: 'sqlite', path: join(inside, 'notes.db') })).to.have.property('connection');
    for (const root of [
      '/etc',
      dir,
      join(inside, '..'),
      join(inside, 'way-out'),
      join(dir, 'data-of-others'),
    ])
      expect(mistakes('lake', { kind: 'files', root }), root).to.match(
        /^root: must be below one of store.directories/,
      );
    expect(mistakes('lake', { kind: 'files', root: 'data' })).to.equal('root: must be an absolute path');
    expect(mistakes('lake', { kind: 'files', root: join(inside, 'no') })).to.include(
      'root: there is nothing at',
    );
    expect(mistakes('notes', { kind: 'sqlite', path: '/etc/passwd' })).to.include('path: must be below');
    const nowhere = readStored('lake', { kind: 'files', root: inside }, { secrets, directories: [] });
    expect(JSON.stringify(nowhere)).to.include('would name their directory in store.directories');
  });

  const S3 = { kind: 'files', root: 's3://bucket/in' };
  const MINIO = { endpoint: 'https://minio.example:9000', keyId: 'AKIA', secret: 'lake-key' };

  it('may be to files in a store, with its secrets by their names, kept from link-local addresses', () => {
    const store = (definition: object): unknown => {
      const found = read('lake', { kind: 'files', ...definition });
      return 'connection' in found && found.connection.kind === 'files' && 'store' in found.connection
        ? found.connection.store
        : found;
    };
    const base = { prefix: 'in', guardsAddress: true };
    expect(store({ ...S3, s3: MINIO, tables: { a: { path: 'a.csv' } } })).to.deep.equal({
      ...{ ...base, kind: 's3', bucket: 'bucket', region: 'us-east-1', pathStyle: true },
      ...{ origin: 'https://minio.example:9000', key: { id: 'AKIA', secret: 'key/of+the lake' } },
    });
    const amazon = { region: 'eu-west-1', keyId: 'AKIA', secret: 'lake-key', sessionToken: 'lake-key' };
    expect(store({ ...S3, s3: amazon })).to.deep.include({
      key: { id: 'AKIA', secret: 'key/of+the lake', sessionToken: 'key/of+the lake' },
    });
    expect(store(S3)).to.deep.include({ key: null, guardsAddress: true });
    expect(store({ root: 'https://data.example/in', http: { token: 'lake-key' } })).to.deep.equal({
      ...{ ...base, kind: 'web', origin: 'https://data.example' },
      authorization: 'Bearer key/of+the lake',
    });
    const basic = `Basic ${Buffer.from('me:key/of+the lake').toString('base64')}`;
    expect(
      store({ root: 'http://data.example/in', http: { user: 'me', password: 'lake-key' } }),
    ).to.deep.include({ authorization: basic });
    expect(store({ root: 'webhdfs://data.example:9870/in', webhdfs: { token: 'lake-key' } })).to.deep.include(
      { kind: 'webhdfs', token: 'key/of+the lake', guardsAddress: true },
    );
  });

  const REFUSED_STORES: readonly (readonly [string, object, RegExp])[] = [
    [
      'lake',
      { ...S3, s3: { ...MINIO, secret: 'Xy/very+secret' } },
      /^s3\.secret: must be the name of a secret that/,
    ],
    ['lake', { ...S3, s3: { ...MINIO, secret: 'env:S3_SECRET' } }, /^s3\.secret: references/],
    ['lake', { ...S3, s3: { ...MINIO, keyId: 'file:/etc/passwd' } }, /^s3\.keyId: references/],
    ['other', { ...S3, s3: MINIO }, /^s3\.secret: the secret lake-key is not for the connection other/],
    [
      'lake',
      { ...S3, s3: { ...MINIO, endpoint: 'https://evil.example:9000' } },
      /^s3\.secret: the secret lake-key is not for the host evil\.example:9000/,
    ],
    [
      'lake',
      { ...S3, s3: { ...MINIO, endpoint: 'https://minio.example' } },
      /not for the host minio\.example:443/,
    ],
    [
      'lake',
      { ...S3, s3: { keyId: 'AKIA', secret: 'lake-key', region: 'x@evil.example/' } },
      /^s3\.region: is no name of a region/,
    ],
    [
      'lake',
      { kind: 'files', root: 'https://evil.example/x', http: { token: 'lake-key' } },
      /^http\.token: the secret lake-key is not for the host evil\.example:443/,
    ],
    ['lake', { kind: 'files', root: 'https://me:x@data.example/x' }, /^root: holds a name or a password/],
    [
      'lake',
      { kind: 'files', root: 'ftp://data.example/x' },
      /^root: must be a directory, or begin with s3:/,
    ],
    ['lake', { ...S3, secret: 'lake-key' }, /^secret: .* "s3": \{"keyId": "\.\.\.", "secret": "lake-key"\}/],
    ['lake', { ...S3, http: { token: 'lake-key' } }, /^http: goes with another root|^http: /],
    ['lake', { ...S3, s3: { ...MINIO, keyID: 'x' } }, /keyID: there is no such option/],
    [
      'lake',
      { kind: 'files', root: 'https://data.example/x', http: { token: 'odd' } },
      /^http\.token: the value of the secret odd begins with env: or file:/,
    ],
    ['lake', { ...S3, s3: { ...MINIO, caFile: '/etc/passwd' } }, /^s3\.caFile: must be below one of store/],
    ['lake', { ...S3, s3: { ...MINIO, caFile: 'ca.pem' } }, /^s3\.caFile: must be an absolute path/],
  ];
  for (const [name, definition, told] of REFUSED_STORES)
    it(`is refused: ${name} ${JSON.stringify(definition)}`, () => {
      const found = mistakes(name, definition);
      expect(found).to.match(told);
      // A secret that somebody wrote in the place of its name is not told again.
      expect(found).not.to.include('very+secret');
    });

  it('has a name that nothing can be hidden in', () => {
    for (const name of [
      '__proto__',
      'a b',
      'a/b',
      '../x',
      "x'; drop table x; --",
      '1st',
      'ä',
      '',
      'n'.repeat(64),
      'a\0b',
      'a\n',
    ])
      expect(mistakes(name, { url: URL_OF_CRM }), JSON.stringify(name)).to.include("a connection's name is");
    for (const name of ['constructor', 'toString', 'n'.repeat(63), '_', 'a-1'])
      expect(mistakes(name, { url: URL_OF_CRM }), name).to.equal('');
  });
});

describe('secrets of the configuration', () => {
  let dir: string;
  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'forkline-secrets-'));
  });
  after(() => rmSync(dir, { recursive: true }));

  const errorsOf = async (secrets: unknown, env: Record<string, string> = {}): Promise<string> => {
    writeFileSync(join(dir, 'forkline.config.json'), JSON.stringify({ secrets }));
    const loaded = await loadConfig({ cwd: dir, env, cores: 2 });
    return 'errors' in loaded ? loaded.errors.join('\n') : JSON.stringify(loaded.config);
  };
  const whole = { value: 'env:CRM_PASSWORD', connections: ['crm'], hosts: ['db.example.com', '[::1]:5432'] };

  it('are checked at the start, and go to no process', async () => {
    const config = await errorsOf({ reader: whole }, { CRM_PASSWORD: 'very-secret' });
    expect(config).to.match(/^\{/).and.not.include('very-secret');
    expect(await errorsOf({ reader: whole })).to.include(
      'secrets.reader.value: the environment variable CRM_PASSWORD is not set',
    );
  });

  it('each mistake is told with its mend', async () => {
    const env = { CRM_PASSWORD: 'x' };
    expect(await errorsOf([], env)).to.include('secrets: must be an object with a secret for each name');
    expect(await errorsOf({ reader: 'env:X' }, env)).to.include(
      'secrets.reader: must be an object with value, connections, hosts',
    );
    expect(await errorsOf({ reader: { ...whole, value: 'very-secret' } }, env))
      .to.include('secrets.reader.value: must be where the secret stands')
      .and.not.include('very-secret');
    expect(await errorsOf({ reader: { ...whole, hosts: [] } }, env)).to.include(
      'secrets.reader.hosts: must be the hosts',
    );
    expect(await errorsOf({ reader: { ...whole, hosts: ['a/b'] } }, env)).to.include(
      'secrets.reader.hosts: must be the hosts',
    );
    expect(await errorsOf({ reader: { ...whole, host: 'x' } }, env)).to.include(
      'secrets.reader.host: there is no such option',
    );
    expect(await errorsOf({ 'a b': whole }, env)).to.include("secrets.a b: a secret's name is");
  });
});
