/** The catalogue on its own: contracts that are checked on schedule, and changes that are left in the audit. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { testDatabase } from '../support/database.ts';
import { FEW_PROCESSES, startForkline } from '../support/forkline.ts';
import { storeDatabase } from '../support/store-database.ts';
import { until } from '../support/until.ts';

const DEADLINE_MS = 20_000;

interface Listed {
  readonly models: readonly { readonly name: string; readonly brokenSince: string | null }[];
}

describe('a catalogue by itself', function () {
  this.timeout(90_000);

  it('checks contracts on schedule, and tells in the log and in lists when they break and when they hold again', async () => {
    const { admin } = await testDatabase();
    await admin('create table public.watched (a int); grant select on public.watched to reader');
    await using store = await storeDatabase();
    await using forkline = await startForkline({
      ...FEW_PROCESSES,
      store: { url: store.url, driftCheckSeconds: 1 },
    });
    try {
      const made = await fetch(`${forkline.url}/v1/models`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ name: 'watched one', query: 'select a from watched' }),
      });
      expect(made.status).to.equal(201);
      const broken = async (): Promise<string | null> => {
        const { json } = await forkline.get('/v1/models');
        return (json as unknown as Listed).models[0]!.brokenSince;
      };
      const told = async (event: string): Promise<string | undefined> =>
        (await forkline.logLines()).find((line) => line.includes(`"${event}"`));
      await admin('alter table public.watched alter column a type text');
      await until(
        async () => (await broken()) !== null && (await told('model-drift')),
        DEADLINE_MS,
        'it breaks',
      );
      const line = JSON.parse((await told('model-drift'))!) as Record<string, unknown>;
      expect(line).to.include({
        level: 'warn',
        model: 'watched one',
        version: 1,
        message: 'the column `a` is string instead of int64',
      });
      await admin('alter table public.watched alter column a type int using a::int');
      await until(
        async () => (await broken()) === null && (await told('model-holds')),
        DEADLINE_MS,
        'it holds again',
      );
    } finally {
      await admin('drop table public.watched');
    }
  });

  it('leaves who changed models and connections in the audit', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'forkline-audit-'));
    const file = join(dir, 'audit.jsonl');
    await using store = await storeDatabase();
    await using forkline = await startForkline({
      ...FEW_PROCESSES,
      store: { url: store.url },
      audit: { file },
    });
    const send = async (method: string, path: string, body?: object): Promise<number> => {
      const headers = { 'content-type': 'application/json', 'if-match': '*' };
      const init = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) };
      return (await fetch(forkline.url + path, init)).status;
    };
    const one = { name: 'one', query: 'select 1 as n' };
    expect(await send('PUT', '/v1/models/one?reason=first', one)).to.equal(201);
    expect(await send('PUT', '/v1/models/one?reason=again', one)).to.equal(200); // nothing changed
    const models = [
      { ...one, description: 'x' },
      { name: 'two', query: 'one | head 1' },
    ];
    expect(await send('POST', '/v1/catalogue/apply?reason=both', { models })).to.equal(200);
    expect(await send('DELETE', '/v1/models/two?reason=gone')).to.equal(204);
    const definition = { kind: 'postgres', url: 'postgresql://reader@127.0.0.1:1/x' };
    expect(await send('PUT', '/v1/connections/crm?reason=c', definition)).to.equal(201);
    expect(await send('POST', '/v1/connections/crm/test')).to.equal(200);
    expect(await send('DELETE', '/v1/connections/crm?reason=d')).to.equal(204);
    const acts = async (): Promise<readonly (readonly unknown[])[]> =>
      (await readFile(file, 'utf8'))
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>)
        .filter(({ event }) => /^(?:model|connection)-/.test(String(event)))
        .map(({ event, model, connection, version, reason }) => [
          event,
          model ?? connection,
          version,
          reason,
        ]);
    await until(async () => (await acts()).length === 7, DEADLINE_MS, 'all are written');
    expect(await acts()).to.deep.equal([
      ['model-saved', 'one', 1, 'first'],
      ['model-saved', 'one', 2, 'both'],
      ['model-saved', 'two', 1, 'both'],
      ['model-removed', 'two', undefined, 'gone'],
      ['connection-saved', 'crm', 1, 'c'],
      ['connection-tested', 'crm', undefined, undefined],
      ['connection-removed', 'crm', undefined, 'd'],
    ]);
    await rm(dir, { recursive: true });
  });
});
