/** Web servers of our own, on the loopback address, that say what a test has them say. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface FakeServer {
  /** `127.0.0.1:port` */
  readonly host: string;
  /** Requests so far, as `GET /path?query`. */
  readonly requests: string[];
  /** The headers of the last request. */
  readonly lastHeaders: () => IncomingMessage['headers'];
  answer: (request: IncomingMessage, response: ServerResponse, url: URL) => void;
  stop(): Promise<void>;
}

export async function startFakeServer(answer: FakeServer['answer']): Promise<FakeServer> {
  let last: IncomingMessage['headers'] = {};
  const server: Server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://fake');
    fake.requests.push(`${request.method} ${request.url}`);
    last = request.headers;
    fake.answer(request, response, url);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const fake: FakeServer = {
    host: `127.0.0.1:${port}`,
    requests: [],
    lastHeaders: () => last,
    answer,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return fake;
}

/** A file as a server has it. */
export interface ServedFile {
  readonly content: Buffer;
  readonly etag: string;
}

/** Answers GET and HEAD of a file, with ranges and conditions. */
export function serveFile(
  request: IncomingMessage,
  response: ServerResponse,
  file: ServedFile | undefined,
): void {
  if (file === undefined) {
    response.writeHead(404).end();
    return;
  }
  const { content, etag } = file;
  const wanted = request.headers['if-match'];
  if (wanted !== undefined && wanted !== etag) {
    response.writeHead(412).end();
    return;
  }
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
  const [from, to] = range === null ? [0, content.length - 1] : [Number(range[1]), Number(range[2])];
  const part = content.subarray(from, to + 1);
  response.writeHead(range === null ? 200 : 206, {
    ...{ 'Content-Length': part.length, 'Accept-Ranges': 'bytes', ETag: etag },
    ...(range === null ? {} : { 'Content-Range': `bytes ${from}-${to}/${content.length}` }),
  });
  response.end(request.method === 'HEAD' ? undefined : part);
}

/** Answers ListObjectsV2 over these keys, as S3 does. */
export function serveListing(
  response: ServerResponse,
  { searchParams }: URL,
  files: ReadonlyMap<string, ServedFile>,
): void {
  const prefix = searchParams.get('prefix') ?? '';
  const atMost = Number(searchParams.get('max-keys') ?? 1000);
  const after = searchParams.get('continuation-token') ?? '';
  const items = new Map<string, string>();
  for (const [key, { content, etag }] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (!key.startsWith(prefix)) continue;
    const slash = key.indexOf('/', prefix.length);
    if (slash === -1)
      items.set(
        key,
        `<Contents><Key>${encodeURIComponent(key)}</Key><Size>${content.length}</Size><ETag>${etag.replaceAll('"', '&quot;')}</ETag></Contents>`,
      );
    else {
      const common = key.slice(0, slash + 1);
      items.set(common, `<CommonPrefixes><Prefix>${encodeURIComponent(common)}</Prefix></CommonPrefixes>`);
    }
  }
  const rest = [...items].filter(([key]) => key > after);
  const page = rest.slice(0, atMost);
  const isCut = rest.length > page.length;
  const next = isCut ? `<NextContinuationToken>${page.at(-1)![0]}</NextContinuationToken>` : '';
  response.writeHead(200, { 'Content-Type': 'application/xml' });
  response.end(
    `<?xml version="1.0"?><ListBucketResult><EncodingType>url</EncodingType><IsTruncated>${isCut}</IsTruncated>${next}${page.map(([, xml]) => xml).join('')}</ListBucketResult>`,
  );
}

/** Answers with an error of S3. */
export function s3Error(response: ServerResponse, status: number, code: string, more = ''): void {
  response.writeHead(status, { 'Content-Type': 'application/xml' });
  response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>no words</Message>${more}</Error>`);
}
