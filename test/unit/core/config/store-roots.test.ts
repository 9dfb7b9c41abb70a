/** Roots of connections to files that are URLs. */
import { expect } from 'chai';
import { isStoreRoot, readStore } from '../../../../core/config/store-roots.ts';

const SECRETS: Readonly<Record<string, string>> = { 'env:ID': 'the id', 'env:SECRET': 'the secret' };
const PLACE = {
  where: 'connections.lake',
  fileDir: '/etc/forkline',
  dereference: (text: string) => {
    if (!text.startsWith('env:')) return text;
    return SECRETS[text] ?? { error: `the environment variable ${text.slice(4)} is not set` };
  },
};
const read = (value: object): unknown => readStore(value as Readonly<Record<string, unknown>>, PLACE);
const mistake = (value: object): string => {
  const { where, mistake: text } = read(value) as { where: string; mistake: string };
  return `${where}: ${text}`;
};

describe('roots that are URLs', () => {
  it('are of S3, with a key that is a reference', () => {
    const s3 = {
      endpoint: 'https://minio.example:9000/',
      keyId: 'env:ID',
      secret: 'env:SECRET',
      caFile: 'ca.pem',
    };
    expect(read({ root: 's3://bucket/a//b/', s3 })).to.deep.equal({
      ...{ kind: 's3', bucket: 'bucket', prefix: 'a/b', region: 'us-east-1', pathStyle: true },
      ...{ origin: 'https://minio.example:9000', caFile: '/etc/forkline/ca.pem' },
      key: { id: 'the id', secret: 'the secret' },
    });
    expect(read({ root: 's3://bucket', s3: { region: 'eu-west-1' } })).to.deep.equal({
      ...{ kind: 's3', bucket: 'bucket', prefix: '', region: 'eu-west-1', pathStyle: false, key: null },
      origin: 'https://s3.eu-west-1.amazonaws.com',
    });
  });

  it('are of the web and of HDFS', () => {
    expect(read({ root: 'https://h.example/a%20b', http: { token: 'x' } })).to.deep.equal({
      ...{ kind: 'web', origin: 'https://h.example', prefix: 'a b', authorization: 'Bearer x' },
    });
    expect(
      read({ root: 'swebhdfs://nn:9871/lake', webhdfs: { user: 'u', dataNodes: ['*.H'] } }),
    ).to.deep.equal({
      ...{ kind: 'webhdfs', origin: 'https://nn:9871', prefix: 'lake', user: 'u', dataNodes: ['*.h'] },
    });
  });

  for (const [value, expected] of [
    [{ root: 'ftp://h/x' }, /^connections\.lake\.root: must be a directory, or begin with s3:\/\//],
    [{ root: 's3://' }, /\.root: names no host or bucket/],
    [{ root: 's3://b/../x' }, /\.root: holds \. or \.\. as a directory/],
    [{ root: 'https://u:p@h/x' }, /\.root: holds a name or a password/],
    [{ root: 'https://h/x?y' }, /\.root: holds \?, # or/],
    [{ root: 'https://h/%2e%2e/x' }, /\.root: holds a % that encodes no character of a path/],
    [{ root: 's3://bucket', http: {} }, /\.http: goes with another root than s3:\/\//],
    [{ root: 's3://bucket', s3: { keyId: 'x' } }, /\.s3\.secret: is missing/],
    [{ root: 's3://bucket', s3: { sessionToken: 'x' } }, /\.s3\.keyId: is missing/],
    [
      { root: 's3://bucket', s3: { keyId: 'env:NONE', secret: 'x' } },
      /\.s3\.keyId: the environment variable NONE is not set/,
    ],
    [{ root: 's3://bucket', s3: { endpoint: 'minio:9000' } }, /\.s3\.endpoint: must be a URL/],
    [{ root: 'http://h', http: { user: 'x' } }, /\.http\.user: and http\.password go together/],
  ] as const)
    it(`are refused: ${JSON.stringify(value)}`, () => {
      expect(mistake(value)).to.match(expected);
    });

  it('are told from directories', () => {
    for (const root of ['data', '/data', './s3', 'C:\\data']) expect(isStoreRoot(root)).to.equal(false);
    for (const root of ['s3://b', 'HTTPS://h', 'file:///etc']) expect(isStoreRoot(root)).to.equal(true);
  });
});
