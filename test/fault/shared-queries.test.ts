/** Queries that many ask at once, through faults: those who follow leave, the first one leaves, its worker is killed; and a purge beside a refresh. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type EntryDescription, footerOf, readDescription } from '../../server/results/entry.ts';
import { testDatabase } from '../support/database.ts';
import { type Answer, type Forkline, startForkline } from '../support/forkline.ts';
import { until } from '../support/until.ts';

interface Shown {
  readonly queryId: string;
  readonly state: string;
  readonly phase: string;
  readonly workerPids: readonly number[];
}

describe('queries that are shared, through faults', function () {
  this.timeout(120_000);
  let dataDir: string;
  let forkline: Forkline;
  let admin: Awaited<ReturnType<typeof testDatabase>>['admin'];

  const config = () => ({ dataDir, cache: { mode: 'on', minMs: 0, staleWhileRevalidateMs: 3_600_000 } });
  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'forkline-shared-'));
    const database = await testDatabase();
    admin = database.admin;
    await admin(`drop table if exists shared_gate;
      create table shared_gate (n int); insert into shared_gate values (1); grant select on shared_gate to public`);
    forkline = await startForkline(config());
  });
  after(async () => {
    await forkline?.stop();
    await admin('drop table shared_gate');
    await rm(dataDir, { recursive: true, force: true });
  });

  const status = ({ headers }: Answer): string => headers.get('cache-status') ?? '';
  const running = async (): Promise<Shown[]> => {
    const { queries } = (await forkline.get('/v1/queries')).json as unknown as { queries: Shown[] };
    return queries.filter(({ state }) => state === 'running');
  };
  const waiting = async (): Promise<number> =>
    (await running()).filter(({ phase }) => phase === 'shared').length;
  const ask = (query: string, queryId: string) => {
    const controller = new AbortController();
    const answer = forkline
      .query(query, { signal: controller.signal, headers: { 'query-id': queryId } })
      .catch(() => null);
    return { answer, leave: () => controller.abort() };
  };
  const runs = (queryId: string): Promise<Shown> =>
    until(
      async () => (await running()).find((each) => each.queryId === queryId && each.phase === 'sql') ?? null,
      20_000,
    );
  it('go on when one that follows leaves, and end in the database when the last of all has left', async () => {
    const query =
      'set cache = 1h; select count(*) as leaving_1, random() as r from generate_series(1, 4000000)';
    const leader = ask(query, 'stays-first');
    await runs('stays-first');
    const leaves = ask(query, 'leaves');
    const stays = ask(query, 'stays');
    await until(async () => (await waiting()) === 2, 20_000);
    leaves.leave();
    await until(async () => (await waiting()) === 1, 20_000);
    const [first, second] = [await leader.answer, await stays.answer];
    expect(await leaves.answer).to.equal(null);
    expect(second!.json.rows).to.deep.equal(first!.json.rows);
    expect(status(second!)).to.include('collapsed');

    const long = 'set cache = 1h; select count(*) as leaving_2 from generate_series(1, 3000000000)';
    const gone = ask(long, 'gone-1');
    await runs('gone-1');
    const next = ask(long, 'gone-2');
    await until(async () => (await waiting()) === 1, 20_000);
    // The first one leaves and hands over; the next one leaves too, and nobody is left.
    gone.leave();
    await runs('gone-2');
    next.leave();
    await until(async () => (await running()).length === 0, 20_000);
    // The other way round: the one that waits leaves first, and the one that runs is nobody's leader any more.
    const alone = ask(long, 'gone-3');
    await runs('gone-3');
    const last = ask(long, 'gone-4');
    await until(async () => (await waiting()) === 1, 20_000);
    last.leave();
    await until(async () => (await waiting()) === 0, 20_000);
    alone.leave();
    await until(async () => (await running()).length === 0, 20_000);
    // Nothing of it is left behind: the same query runs for whoever asks next.
    const fresh = ask(long, 'gone-5');
    await runs('gone-5');
    fresh.leave();
    await until(async () => (await running()).length === 0, 20_000);
  });

  it('answer all 100 who follow when the worker of the first one is killed', async () => {
    const query = 'set cache = 1h; select random() as r, count(*) as killed from generate_series(1, 6000000)';
    const first = ask(query, 'killed-leader');
    const { workerPids } = await runs('killed-leader');
    const others = Array.from({ length: 100 }, (_, index) => ask(query, `killed-${index}`));
    await until(async () => (await waiting()) === 100, 20_000);
    for (const pid of workerPids) process.kill(pid, 'SIGKILL');
    const lost = await first.answer;
    expect((lost!.json as unknown as { code: string }).code).to.equal('worker-lost');
    const answers = await Promise.all(others.map(({ answer }) => answer));
    expect(answers.map((answer) => answer!.status)).to.deep.equal(answers.map(() => 200));
    expect(new Set(answers.map((answer) => JSON.stringify(answer!.json.rows))).size).to.equal(1);
  });

  it('are not sent as fresh after a purge that came while they were made anew', async () => {
    const slow =
      'set cache = 1h; select max(n) as n, (select count(*) from generate_series(1, 3000000)) as c from shared_gate';
    const value = ({ json }: Answer): number => (json.rows[0] as { n: number }).n;
    const purge = async (): Promise<void> => {
      const answer = await fetch(`${forkline.url}/v1/cache/purge`, {
        ...{ method: 'POST', headers: { 'content-type': 'application/json' } },
        body: JSON.stringify({ tables: ['shared_gate'] }),
      });
      expect(answer.status, await answer.text()).to.equal(200);
    };
    expect(value(await forkline.query(slow))).to.equal(1);
    await until(async () => status(await forkline.query(slow)).includes('; hit'), 20_000);
    await purge();
    // Stale, so that it is made anew in the background; that run has read the table when the table changes.
    expect(status(await forkline.query(slow))).to.match(/revalidating/);
    await until(async () => (await running()).some(({ phase }) => phase === 'sql'), 20_000);
    await admin('insert into shared_gate values (2)');
    await purge();
    await until(async () => (await running()).length === 0, 20_000);
    const after = await forkline.query(slow);
    if (value(after) !== 2) expect(status(after)).to.match(/revalidating/);
    const fresh = await until(async () => {
      const answer = await forkline.query(slow);
      return /; hit; ttl=\d/.test(status(answer)) ? answer : null;
    }, 20_000);
    expect(value(fresh)).to.equal(2);
  });

  it('are made anew when the clock has jumped: kept in the future, or long ago', async () => {
    const query = 'set cache = 1h; select random() as clocked';
    const HOUR_MS = 3_600_000;
    for (const jump of [2 * HOUR_MS, -2 * HOUR_MS]) {
      const first = await until(async () => {
        const answer = await forkline.query(query);
        return /; hit; ttl=\d/.test(status(answer)) ? answer : null;
      }, 20_000);
      await forkline.stop();
      await moveEntries(join(dataDir, 'results'), 'clocked', jump);
      forkline = await startForkline(config());
      const answer = await forkline.query(query, { headers: { 'cache-control': 'max-age=3600' } });
      expect(answer.status).to.equal(200);
      expect(status(answer), String(jump)).to.match(/fwd=(stale|miss)/);
      expect(answer.json.rows).not.to.deep.equal(first.json.rows);
    }
  });
});

/** Makes kept answers look as if they had been made so much later: the clock that they were made by was another one. */
async function moveEntries(dir: string, mark: string, byMs: number): Promise<void> {
  for (const name of (await readdir(dir)).filter((each) => /^[0-9a-f]{48}$/.test(each))) {
    const file = await readFile(join(dir, name));
    const description = await readDescription(readable(file), file.length);
    if (!description.query.includes(mark)) continue;
    const moved: EntryDescription = {
      ...description,
      startedAt: description.startedAt + byMs,
      asOf: description.asOf + byMs,
    };
    await writeFile(
      join(dir, name),
      Buffer.concat([file.subarray(0, description.storedBytes), footerOf(moved)]),
    );
  }
}

function readable(file: Buffer) {
  return {
    read: async (buffer: Buffer, offset: number, length: number, position: number) => ({
      bytesRead: file.copy(buffer, offset, position, position + length),
    }),
  };
}
