/** A small WebHDFS of our own: NameNode and DataNode on two ports, with the files of a directory below `/lake`. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { startFakeServer } from './fake-servers.ts';

export interface TestWebhdfs {
  /** `127.0.0.1:port` of the NameNode. */
  readonly host: string;
  /** Users that have asked. */
  readonly users: Set<string>;
  /** The address that reads are redirected to instead of the DataNode's; null: there is none. */
  redirect: string | null;
  stop(): Promise<void>;
}

const API = '/webhdfs/v1/lake';

export async function startWebhdfs(root: string): Promise<TestWebhdfs> {
  const users = new Set<string>();
  const dataNode = await startFakeServer((_request, response, { pathname, searchParams }) => {
    const content = readFileSync(join(root, decodeURIComponent(pathname).slice(API.length)));
    const offset = Number(searchParams.get('offset'));
    response.writeHead(200).end(content.subarray(offset, offset + Number(searchParams.get('length'))));
  });
  const nameNode = await startFakeServer((request, response, { pathname, searchParams }) => {
    users.add(searchParams.get('user.name') ?? '');
    const path = join(root, decodeURIComponent(pathname).slice(API.length));
    const status = statusOf(path, '');
    const say = (code: number, body: object): void => {
      response.writeHead(code, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
    };
    if (status === null) {
      say(404, { RemoteException: { exception: 'FileNotFoundException', message: 'no' } });
      return;
    }
    switch (searchParams.get('op')) {
      case 'GETFILESTATUS':
        say(200, { FileStatus: status });
        return;
      case 'LISTSTATUS': {
        const names = status.type === 'FILE' ? [] : readdirSync(path);
        say(200, { FileStatuses: { FileStatus: names.map((name) => statusOf(join(path, name), name)) } });
        return;
      }
      default: {
        const location = nameNodeRedirect() ?? `http://${dataNode.host}${request.url}`;
        response.writeHead(307, { Location: location }).end();
      }
    }
  });
  const nameNodeRedirect = (): string | null => hdfs.redirect;
  const hdfs: TestWebhdfs = {
    host: nameNode.host,
    users,
    redirect: null,
    async stop() {
      await nameNode.stop();
      await dataNode.stop();
    },
  };
  return hdfs;
}

function statusOf(path: string, pathSuffix: string): { readonly type: string } | null {
  try {
    const stat = statSync(path);
    const type = stat.isDirectory() ? 'DIRECTORY' : 'FILE';
    return {
      ...{ type, pathSuffix, length: type === 'FILE' ? stat.size : 0 },
      ...{ modificationTime: Math.trunc(stat.mtimeMs), fileId: stat.ino },
    } as { readonly type: string };
  } catch {
    return null;
  }
}
