/** Signs requests to S3 and its like (AWS Signature Version 4, in headers, without a body). */
import { createHash, createHmac } from 'node:crypto';

export interface SigningKey {
  readonly id: string;
  readonly secret: string;
  readonly sessionToken?: string;
}

export interface Signable {
  readonly method: string;
  readonly host: string;
  /** The path, encoded. */
  readonly path: string;
  /** The parameters of the query, not encoded. */
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
}

const EMPTY_BODY = createHash('sha256').update('').digest('hex');
const ALGORITHM = 'AWS4-HMAC-SHA256';

/** Returns the headers of a request with its signature; only the time, the key and what is signed decide about them. */
export function signed(
  { method, host, path, query, headers }: Signable,
  region: string,
  { id, secret, sessionToken }: SigningKey,
  now: Date,
): Readonly<Record<string, string>> {
  const time = now.toISOString().replace(/[-:]|\.\d{3}/g, '');
  const day = time.slice(0, 8);
  const own: Record<string, string> = {
    ...headers,
    'x-amz-content-sha256': EMPTY_BODY,
    'x-amz-date': time,
    ...(sessionToken === undefined ? {} : { 'x-amz-security-token': sessionToken }),
  };
  const lines = Object.entries({ ...own, host })
    .map(([name, value]) => [name.toLowerCase(), value.trim()] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const names = lines.map(([name]) => name).join(';');
  const canonical = [
    method,
    path,
    queryText(query),
    ...lines.map(([name, value]) => `${name}:${value}`),
    '',
    names,
    EMPTY_BODY,
  ].join('\n');
  const scope = `${day}/${region}/s3/aws4_request`;
  const text = [ALGORITHM, time, scope, createHash('sha256').update(canonical).digest('hex')].join('\n');
  const key = [region, 's3', 'aws4_request'].reduce(hmac, hmac(Buffer.from(`AWS4${secret}`), day));
  const signature = hmac(key, text).toString('hex');
  return {
    ...own,
    Authorization: `${ALGORITHM} Credential=${id}/${scope},SignedHeaders=${names},Signature=${signature}`,
  };
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

/** Encodes all but letters, digits and `-._~`, as signatures want it. */
export function encoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Encodes a path, whose slashes stay. */
export function encodedPath(path: string): string {
  return path.split('/').map(encoded).join('/');
}

/** The query of a URL, in the order of the names. */
export function queryText(query: Readonly<Record<string, string>>): string {
  return Object.entries(query)
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .sort()
    .join('&');
}
