/** Requests to stores and their answers: signatures as Amazon publishes them, listings, errors, ranges. */
import { expect } from 'chai';
import { checkRange, identityFrom } from '../../../../connectors/files/stores/ranges.ts';
import { parseError, parseListing } from '../../../../connectors/files/stores/s3-listing.ts';
import { encodedPath, queryText, signed } from '../../../../connectors/files/stores/s3-signature.ts';
import { StoreHttp } from '../../../../connectors/files/stores/store-http.ts';
import { QueryError } from '../../../../core/protocol/errors.ts';

describe('signatures of requests to S3', () => {
  // The examples of "Signature Calculations for the Authorization Header" in Amazon's reference.
  const key = { id: 'AKIAIOSFODNN7EXAMPLE', secret: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' };
  const now = new Date('2013-05-24T00:00:00Z');
  const host = 'examplebucket.s3.amazonaws.com';
  const signatureOf = (
    path: string,
    query: Record<string, string>,
    headers: Record<string, string>,
  ): string => {
    const { Authorization } = signed({ method: 'GET', host, path, query, headers }, 'us-east-1', key, now);
    return /Signature=(\w+)$/.exec(Authorization!)![1]!;
  };

  it('are those that are published', () => {
    expect(signatureOf('/test.txt', {}, { Range: 'bytes=0-9' })).to.equal(
      'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    );
    expect(signatureOf('/', { 'max-keys': '2', prefix: 'J' }, {})).to.equal(
      '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
    );
    expect(signatureOf('/', { lifecycle: '' }, {})).to.equal(
      'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
    );
  });

  it('encode all but the few characters that stay', () => {
    expect(encodedPath("가/a b+%*'()!~._-")).to.equal('%EA%B0%80/a%20b%2B%25%2A%27%28%29%21~._-');
    expect(queryText({ prefix: 'a/b', 'list-type': '2' })).to.equal('list-type=2&prefix=a%2Fb');
  });

  it('carry the token of a session', () => {
    const headers = signed(
      { method: 'GET', host, path: '/', query: {}, headers: {} },
      'us-east-1',
      { ...key, sessionToken: 'the token' },
      now,
    );
    expect(headers['x-amz-security-token']).to.equal('the token');
    expect(headers.Authorization).to.contain('x-amz-date;x-amz-security-token,');
  });
});

describe('answers of S3', () => {
  it('are listings with keys that are encoded or not', () => {
    const page = (encoding: string, key: string) =>
      parseListing(
        `<?xml version="1.0"?><ListBucketResult xmlns="x"><IsTruncated>true</IsTruncated><NextContinuationToken>a&amp;b</NextContinuationToken>${encoding}<Contents><Key>${key}</Key><Size>12</Size><ETag>&quot;x&quot;</ETag><LastModified>2026-01-02T03:04:05.678Z</LastModified></Contents><CommonPrefixes><Prefix>d/</Prefix></CommonPrefixes></ListBucketResult>`,
      );
    const expected = { bytes: 12, etag: '"x"', modified: 'Fri, 02 Jan 2026 03:04:05 GMT' };
    for (const found of [
      page('<EncodingType>url</EncodingType>', '%EA%B0%80+%3C%25'),
      page('', '가 &lt;%'),
      page('', '&#xAC00;&#32;&lt;%'),
    ])
      expect(found).to.deep.equal({
        objects: [{ key: '가 <%', ...expected }],
        prefixes: ['d/'],
        next: 'a&b',
      });
  });

  it('are no listing when they are something else', () => {
    expect(parseListing('<html><body>welcome</body></html>')).to.equal(null);
  });

  it('are errors with a code', () => {
    expect(parseError('<Error><Code>NoSuchBucket</Code></Error>')).to.deep.equal({
      code: 'NoSuchBucket',
      region: null,
    });
    expect(parseError('')).to.deep.equal({ code: '', region: null });
  });
});

describe('answers with a range of a file', () => {
  const file = identityFrom('p', 100, { etag: '"a"', modified: 'Fri, 02 Jan 2026 03:04:05 GMT' });
  const check = (
    statusCode: number,
    headers: Record<string, string>,
    range = { from: 10, to: 19 },
  ): string => {
    try {
      checkRange('f.csv', file, range, { statusCode, headers } as never);
      return 'fine';
    } catch (thrown) {
      return (thrown as { code: string }).code;
    }
  };

  for (const [what, status, headers, expected] of [
    ['as asked', 206, { 'content-range': 'bytes 10-19/100' }, 'fine'],
    ['as asked, with the same tag', 206, { 'content-range': 'bytes 10-19/100', etag: '"a"' }, 'fine'],
    ['another tag', 206, { 'content-range': 'bytes 10-19/100', etag: '"b"' }, 'file-changed'],
    ['another time', 206, { 'content-range': 'bytes 10-19/100', 'last-modified': 'x' }, 'file-changed'],
    ['another size', 206, { 'content-range': 'bytes 10-19/101' }, 'file-changed'],
    ['another range', 206, { 'content-range': 'bytes 0-9/100' }, 'unsupported'],
    ['no range', 206, {}, 'unsupported'],
    ['the whole file', 200, { 'content-length': '100' }, 'unsupported'],
    ['refused by its condition', 412, {}, 'file-changed'],
    ['beyond its end', 416, {}, 'file-changed'],
    ['gone', 404, {}, 'file-changed'],
  ] as const)
    it(what, () => {
      expect(check(status, headers)).to.equal(expected);
    });

  it('the whole file where it was asked for', () => {
    expect(check(200, { 'content-length': '100' }, { from: 0, to: 99 })).to.equal('fine');
    expect(check(200, { 'content-length': '99' }, { from: 0, to: 99 })).to.equal('file-changed');
  });
});

describe('requests to stores of the catalogue', () => {
  for (const host of [
    '169.254.169.254',
    '[::ffff:169.254.169.254]',
    '[fe80::1]',
    '2852039166',
    '100.100.100.200',
  ])
    it(`never reach ${host}`, async () => {
      const origin = `http://${host}`;
      const http = new StoreHttp({ kind: 'web', origin, prefix: '', guardsAddress: true });
      const request = { method: 'GET' as const, origin, target: '/', headers: {} };
      const thrown = await http.send({ ...request, signal: AbortSignal.timeout(5000) }).then(
        () => null,
        (error: unknown) => error,
      );
      http.close();
      expect(thrown).to.be.instanceOf(QueryError).and.have.property('message').that.includes('link-local');
    });
});
