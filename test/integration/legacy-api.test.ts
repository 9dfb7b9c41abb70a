/** The API of the older engine, over jobs: login, start, parts until the end, download, close, and errors in its form. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import type { z } from 'zod';
import { apiSchemas } from '../../server/http/api-schemas.ts';
import { type Forkline, startForkline } from '../support/forkline.ts';
import { until } from '../support/until.ts';

const run = promisify(execFile);
const COMMAND = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const POLICY = { roles: { reader: { connections: '*' } } };
const ROWS = 'model name = flights | fields origin, delay, date | sort origin, date, delay | head 1100';

interface PartJson {
  readonly status: { readonly current: number; readonly total: number };
  readonly isEnd: boolean;
  readonly fields: readonly { readonly name: string; readonly type: string }[];
  readonly results: readonly (readonly unknown[])[];
}

describe("the older engine's API", function () {
  this.timeout(60_000);
  let forkline: Forkline;
  let dir: string;
  const keys: string[] = [];
  const config = () => ({
    dataDir: join(dir, 'data'),
    jobs: { mode: 'on', legacyApi: 'on' },
    access: { keysFile: join(dir, 'keys.json'), policyFile: join(dir, 'policy.json') },
  });

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'forkline-legacy-api-'));
    await writeFile(join(dir, 'policy.json'), JSON.stringify(POLICY));
    forkline = await startForkline(config());
    const env = { PATH: process.env.PATH ?? '', HOME: '/', FORKLINE_CONFIG: forkline.configFile };
    for (const name of ['one', 'two'])
      keys.push(
        (
          await run(process.execPath, [COMMAND, 'keys', 'create', name, '--roles', 'reader'], { env })
        ).stdout.trim(),
      );
    await until(
      async () => (await send('POST', '/angora/auth', { id: 'x', password: keys[1] }, null)).status === 200,
      10_000,
    );
  });
  after(async () => {
    await forkline?.stop();
    await rm(dir, { recursive: true, force: true });
  });

  const send = (method: string, path: string, body?: object, token: string | null = keys[0]!) =>
    fetch(`${forkline.url}${path}`, {
      method,
      headers: {
        ...(token !== null && { authorization: `Angora ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  const start = async (q: string, more: object = {}): Promise<string> => {
    const answer = await send('POST', '/angora/query/jobs', { q, ...more });
    const text = await answer.text();
    expect(answer.status, text).to.equal(200);
    return /^\{"sid":(\d+\.\d{5})\}\n$/.exec(text)![1]!;
  };
  const next = async (sid: string): Promise<PartJson> => {
    const answer = await send('GET', `/angora/query/jobs/${sid}`);
    const part = (await answer.json()) as PartJson;
    expect(answer.status, JSON.stringify(part)).to.equal(200);
    fits('LegacyPart', part);
    return part;
  };
  /** Polls as clients of the older engine do, until the part that says that it is the last. */
  const all = async (sid: string, parts: PartJson[] = []): Promise<PartJson[]> => {
    await until(async () => {
      const part = await next(sid);
      if (part.fields.length > 0) parts.push(part);
      return part.isEnd;
    }, 20_000);
    return parts;
  };
  const error = async (answer: Response): Promise<{ type: string; message: string; status: number }> => {
    const told = (await answer.json()) as { type: string; message: string };
    fits('LegacyError', told);
    return { ...told, status: answer.status };
  };
  function fits(name: 'LegacyPart' | 'LegacyError', value: unknown): void {
    const parsed = (apiSchemas[name] as z.ZodType).safeParse(value);
    expect(parsed.success ? [] : parsed.error.issues, JSON.stringify(value).slice(0, 300)).to.deep.equal([]);
  }
  const direct = async (rows: 'arrays' | 'objects'): Promise<unknown[]> => {
    const answer = await fetch(`${forkline.url}/v1/query`, {
      method: 'POST',
      headers: { authorization: `Bearer ${keys[0]}`, 'content-type': 'application/json' },
      body: JSON.stringify({ query: ROWS, dialect: 'legacy', rows }),
    });
    return ((await answer.json()) as { rows: unknown[] }).rows;
  };

  it('gives a token for a key, which all other requests carry', async () => {
    const login = await send(
      'POST',
      '/angora/auth',
      { id: 'kim', password: keys[0], group_id: 'g', encrypted: false },
      null,
    );
    expect(await login.json()).to.deep.equal({ status: 'OK', token: keys[0] });
    for (const [body, status, type] of [
      [{ id: 'kim', password: 'guess' }, 401, 'UnauthenticatedException'],
      [{ id: 'kim', password: `${keys[0]!.slice(0, -1)}x` }, 401, 'UnauthenticatedException'],
      [{ id: 'kim', password: keys[0], encrypted: true }, 400, 'BadRequestException'],
      [{ id: 'kim' }, 400, 'BadRequestException'],
    ] as const)
      expect(await error(await send('POST', '/angora/auth', body, null))).to.include({ status, type });
    expect(await error(await send('POST', '/angora/query/jobs', { q: ROWS }, null))).to.include({
      status: 401,
      type: 'UnauthenticatedException',
    });
    // The scheme is that of these addresses only.
    const elsewhere = await fetch(`${forkline.url}/v1/jobs`, {
      headers: { authorization: `Angora ${keys[0]}` },
    });
    expect(elsewhere.status).to.equal(401);
  });

  it('hands out the rows part by part until the end, each once, over a restart too', async () => {
    const sid = await start(ROWS);
    const parts: PartJson[] = [];
    await until(async () => {
      const part = await next(sid);
      if (part.fields.length === 0) return false;
      parts.push(part);
      return true;
    }, 20_000);
    expect(parts[0]!.isEnd).to.equal(false);
    await forkline.stop();
    forkline = await startForkline(config());
    await all(sid, parts);
    expect(parts.map(({ results }) => results.length)).to.deep.equal([500, 500, 100]);
    expect(parts.map(({ status }) => status)).to.deep.equal(
      [1, 2, 3].map((current) => ({ current, total: 3 })),
    );
    expect(parts[0]!.fields).to.deep.equal([
      { name: 'origin', type: 'string' },
      { name: 'delay', type: 'number' },
      { name: 'date', type: 'string' },
    ]);
    expect(parts.flatMap(({ results }) => results)).to.deep.equal(await direct('arrays'));
    // After the end there are no more rows.
    expect(await next(sid))
      .to.include({ isEnd: true })
      .and.property('results')
      .deep.equal([]);
    const large = await all(await start(ROWS, { size: 300, fetch_size: 3 }));
    expect(large.map(({ results }) => results.length)).to.deep.equal([900, 200]);
    const [whole] = await all(await start(ROWS, { size: null }));
    expect(whole!.results.length).to.equal(1100);
    expect((await all(await start("model name = flights | where origin = 'nowhere'")))[0]).to.include({
      isEnd: true,
    });
  });

  it('sends all rows as a file', async () => {
    const sid = await start(
      "model name = flights | head 3 | case when delay > -1000 then 'a;b' otherwise 'c' as t | fields t, origin",
    );
    await all(sid);
    const file = async (search: string) => {
      const answer = await send('GET', `/angora/query/jobs/${sid}/download${search}`);
      return { text: await answer.text(), headers: answer.headers, status: answer.status };
    };
    const csv = await file('');
    expect(csv.text.split('\r\n').slice(0, 2)).to.deep.equal(['t,origin', csv.text.split('\r\n')[1]]);
    expect(csv.headers.get('content-type')).to.match(/^text\/csv/);
    expect(csv.headers.get('content-disposition')).to.equal('attachment; filename="result.csv"');
    expect((await file('?type=csv&sep=%3B&file_name=my+rows.csv')).text).to.match(
      /^t;origin\r\n"a;b";\w+\r\n/,
    );
    expect((await file('?type=tsv')).text).to.match(/^t\torigin\r\na;b\t\w+\r\n/);
    const json = JSON.parse((await file('?type=json')).text) as {
      fields: object[];
      results: { t: string }[];
    };
    expect(json.results.length).to.equal(3);
    expect(json.results[0]!.t).to.equal('a;b');
    for (const search of ['?type=xls', '?sep=%22', '?file_name=..%2Fx', '?sepp=,'])
      expect((await file(search)).status, search).to.equal(400);
    expect(await error(await send('GET', `/angora/query/jobs/${sid}/export`))).to.include({
      type: 'UnsupportedException',
    });
  });

  it('tells errors by type and message, and shows a session to nobody else', async () => {
    const failed = await start('model name = flights | fields nope');
    await until(async () => (await send('GET', `/angora/query/jobs/${failed}`)).status === 400, 20_000);
    const told = await error(await send('GET', `/angora/query/jobs/${failed}`));
    expect(told).to.include({ type: 'UnknownColumnException' });
    expect(told.message).to.include('nope');
    const sid = await start(ROWS);
    for (const [method, path] of [
      ['GET', ''],
      ['GET', '/download'],
      ['DELETE', '/close'],
    ] as const)
      expect(
        await error(await send(method, `/angora/query/jobs/${sid}${path}`, undefined, keys[1]!)),
      ).to.include({
        status: 404,
        type: 'NotFoundException',
      });
    expect(
      (await send('POST', '/angora/query/jobs', { q: ROWS, dataset: { format: 'csv' } })).status,
    ).to.equal(400);
    expect((await send('POST', '/angora/query/jobs', { q: ROWS, size: 0 })).status).to.equal(400);
    expect((await send('PUT', '/angora/query/jobs', { q: ROWS })).status).to.equal(405);
  });

  it('ends a session when it is closed, and the query with it', async () => {
    const sid = await start(
      "db connector_name = 'main' sql = 'select count(*) as n from generate_series(1, 3000000000)'",
    );
    expect(await next(sid)).to.deep.equal({
      status: { current: 0, total: 1 },
      isEnd: false,
      fields: [],
      results: [],
    });
    const closed = await send('DELETE', `/angora/query/jobs/${sid}/close`);
    expect(await closed.text()).to.equal(`{"sid":${sid}}\n`);
    const ended = await until(async () => {
      const answer = await send('GET', `/angora/query/jobs/${sid}`);
      return answer.status === 200 ? null : error(answer);
    }, 20_000);
    expect(ended.type).to.equal('CancelledException');
    // The first close that finds the query ended takes the session away.
    await until(async () => {
      await (await send('DELETE', `/angora/query/jobs/${sid}/close`)).text();
      return (await send('GET', `/angora/query/jobs/${sid}`)).status === 404;
    }, 20_000);
  });
});
