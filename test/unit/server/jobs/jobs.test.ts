import { mkdtemp, readdir, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { QueryError } from '../../../../core/protocol/errors.ts';
import { anonymousAt } from '../../../../core/protocol/principal.ts';
import type { JobsConfig } from '../../../../core/protocol/results-config.ts';
import { QueryRegistry } from '../../../../server/history/registry.ts';
import type { QueryRequest } from '../../../../server/http/request/query-request.ts';
import { Conversions } from '../../../../server/jobs/conversions.ts';
import type { Job } from '../../../../server/jobs/job.ts';
import { JobFiles } from '../../../../server/jobs/job-files.ts';
import { newJob } from '../../../../server/jobs/job-record.ts';
import { Jobs, type JobsDeps } from '../../../../server/jobs/jobs.ts';
import { Spool } from '../../../../server/results/spool.ts';
import type { ResultStore } from '../../../../server/results/store.ts';
import { keepingLog } from '../../../support/keeping-log.ts';
import { until } from '../../../support/until.ts';

const PRINCIPAL = anonymousAt('127.0.0.1');
const ASKED: QueryRequest = {
  text: 'select 1',
  ...{ connection: 'main', parameters: {}, capRows: null, timeoutMs: null, pushdown: 'auto' },
  ...{ language: null, model: null, wasEncrypted: false },
  answer: { format: 'json', rows: 'objects', numbers: 'number', end: 'line' },
};

describe('jobs', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'forkline-jobs-'));
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  /** A store that has nothing, and notes the spools that it gave. */
  const storeOf = () => {
    const spools: Spool[] = [];
    const store = {
      create(id: string) {
        spools.push(new Spool({ part: join(dir, `${id}.part`), final: join(dir, id) }, () => {}));
        return spools.at(-1)!;
      },
      ...{ read: () => Promise.resolve(null), remove: () => Promise.resolve(), hasRoomFor: () => true },
    };
    return { spools, store: store as unknown as ResultStore };
  };

  /** Returns everything that a query needs until it is run, which `begin` refuses. */
  const handlerOf = (begin: () => Promise<void>, isDraining = () => false): JobsDeps['handler'] => {
    const nothing = (): void => {};
    return {
      run: { connections: { defaultOf: () => 'main', roleOf: () => null } },
      registry: new QueryRegistry(),
      limits: { perClient: 10, maxTimeoutMs: 60_000, timeoutMs: 60_000, bufferBytes: 1000 },
      rates: { take: nothing },
      metrics: { refused: nothing, queryEnded: nothing },
      poison: { hasSuspects: false },
      slowLog: { watch: () => nothing },
      tracing: { begin: () => ({ traceId: 't' }), end: nothing },
      log: keepingLog().log,
      audit: { begin, end: nothing },
      isDraining,
    } as unknown as JobsDeps['handler'];
  };
  const config = { maxTimeoutMs: 60_000, keepMs: 60_000, perPrincipal: 5, bytesPerPrincipal: 1e6 };

  it('are removed when they are ended in the moment in which their end is written', async () => {
    const writes: (() => void)[] = [];
    const files = new JobFiles(dir);
    await files.readAll();
    const held = {
      write: (job: Job) =>
        new Promise<void>((resolve) => {
          writes.push(() => resolve(files.write(job)));
        }),
      remove: (id: string) => files.remove(id),
      read: (id: string) => files.read(id),
    };
    const refused = (): Promise<void> => Promise.reject(new QueryError('forbidden', 'not now'));
    const jobs = new Jobs({
      ...{ config: config as unknown as JobsConfig, maxEntryBytes: 1e6, files: held as unknown as JobFiles },
      ...{ store: storeOf().store, handler: handlerOf(refused), log: keepingLog().log },
    });
    const submitted = jobs.submit(PRINCIPAL, ASKED, null);
    await until(() => writes.length === 2, 5000); // the beginning, and the end
    writes[0]!();
    const job = await submitted;
    expect(job.state).to.equal('failed');
    const ends = [jobs.end(job), jobs.end(job)];
    writes[1]!();
    expect(await Promise.all(ends)).to.deep.equal(['removed', 'removed']);
    expect(await readdir(join(dir, 'jobs'))).to.deep.equal([]);
    expect(await jobs.list(PRINCIPAL)).to.deep.equal([]);
  });

  it('leave no spool of a conversion that may not begin', async () => {
    const { spools, store } = storeOf();
    const handler = handlerOf(
      () => Promise.resolve(),
      () => true,
    );
    const conversions = new Conversions({
      ...{ store, handler, maxEntryBytes: 1e6, config: config as unknown as JobsConfig },
    });
    const job = jobOf();
    job.columns = [];
    const send = () =>
      conversions
        .sendWhole(job, ASKED.answer, PRINCIPAL, {} as IncomingMessage, {} as ServerResponse)
        .then(String, (error: QueryError) => error.code);
    expect(await send()).to.equal('draining');
    expect(await send()).to.equal('draining');
    expect(spools.map(({ isAbandoned }) => isAbandoned)).to.deep.equal([true, true]);
    expect(handler.registry.runningCount).to.equal(0);
  });

  it('are written one after the other, so that the latest state is there, or nothing after a removal', async () => {
    const files = new JobFiles(dir);
    await files.readAll();
    const job = jobOf();
    const writes = Array.from({ length: 20 }, (_, rows) => {
      job.rows = rows;
      return files.write(job);
    });
    expect(await Promise.allSettled(writes).then((all) => all.map(({ status }) => status))).to.deep.equal(
      Array(20).fill('fulfilled'),
    );
    expect((await files.read(job.id))?.rows).to.equal(19);
    const last = [files.write(job), files.remove(job.id)];
    await Promise.all(last);
    expect(await readdir(join(dir, 'jobs'))).to.deep.equal([]);
  });
});

function jobOf(): Job {
  const record = { queryId: 'q', startedAt: 0, deadlineAt: 0, connection: 'main' };
  const owner = { pid: 1, startTicks: 1 };
  return newJob(PRINCIPAL, ASKED, record as Parameters<typeof newJob>[2], owner, {
    ...{ idempotency: null, session: null },
  });
}
