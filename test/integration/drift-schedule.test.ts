/** Contracts that are checked on schedule: what breaks, and what holds again, is told without anybody asking. */
import { expect } from 'chai';
import { testDatabase } from '../support/database.ts';
import { startForkline } from '../support/forkline.ts';
import { storeDatabase } from '../support/store-database.ts';
import { until } from '../support/until.ts';

const DEADLINE_MS = 20_000;

interface Listed {
  readonly models: readonly { readonly name: string; readonly brokenSince: string | null }[];
}

describe('contracts of models', function () {
  this.timeout(90_000);

  it('are checked on schedule, and told in the log and in lists when they break and when they hold again', async () => {
    const { admin } = await testDatabase();
    await admin('create table public.watched (a int); grant select on public.watched to reader');
    await using store = await storeDatabase();
    await using forkline = await startForkline({ store: { url: store.url, driftCheckSeconds: 1 } });
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
});
