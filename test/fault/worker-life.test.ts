/**
 * Faults 4 to 9 and 14 of docs/reliability.md: what a worker process can do to itself. The workers are the real ones of a
 * faulty build (test/support/faulty-build.ts), told to misbehave in the middle of a query.
 */
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { readRssBytes, readSample } from '../../core/process/proc.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { type FaultName, type FaultyBuild, faultyBuild } from '../support/faulty-build.ts';
import { type Forkline, startForkline } from '../support/forkline.ts';
import { KeptForkline } from '../support/kept-forkline.ts';
import { activeBackends, answersAgain, codeOf, rowOf, startLongQuery } from '../support/long-query.ts';
import { pidsRunning } from '../support/processes.ts';
import { skipBecause } from '../support/skip.ts';
import { filesOfGoneWorkers, settled } from '../support/soak.ts';
import { until } from '../support/until.ts';

const DEADLINE_MS = 15_000;
/** To fill a heap takes a second, and half a minute where everything else on the machine goes first. */
const FAULT_TAKES_MS = 100_000;
const SLOTS = 4;
const STAGES = 'set pushdown = off; select 1 as a | where a = 1';
/** The process's memory, not the engine's, which has a limit of its own. */
const DATA_LIMIT_BYTES = 800 * 1024 * 1024;

function hasDataLimit(pid: number): boolean {
  const limits = readFileSync(`/proc/${pid}/limits`, 'utf8');
  return !/^Max data size\s+unlimited/m.test(limits);
}

/** The id of the DSL worker that starts next. */
async function nextWorker(forkline: Forkline): Promise<string> {
  const ids = (await forkline.processes())
    .filter(({ role }) => role === 'dsl')
    .map(({ workerId }) => workerId);
  return `dsl-${1 + Math.max(...ids.map((id) => Number(id.slice('dsl-'.length))))}`;
}

describe('faults inside a DSL worker', function () {
  this.timeout(150_000);
  let database: TestDatabase;
  let build: FaultyBuild;
  let forkline: Forkline;
  before(async () => {
    database = await testDatabase();
    build = await faultyBuild('dsl');
  });
  const kept = new KeptForkline(() =>
    startForkline(
      {
        dsl: { spares: 1, max: 3, dataLimitBytes: DATA_LIMIT_BYTES },
        limits: { timeoutMs: FAULT_TAKES_MS, maxTimeoutMs: FAULT_TAKES_MS },
      },
      { command: build.command },
    ),
  );
  beforeEach(async () => {
    forkline = await kept.running();
  });
  afterEach(() =>
    kept.expectAsBefore(async () => {
      await settled(forkline, database, SLOTS);
      expect(await filesOfGoneWorkers(forkline)).to.deep.equal([]);
    }),
  );
  after(async () => {
    await kept.stop();
    await build[Symbol.asyncDispose]();
  });

  /** Misbehaves in mid-query; its query fails with one of `codes`, others do not, and its pid is gone. */
  async function expectItsQueryOnly(
    fault: FaultName,
    codes: readonly string[],
    { sqlSeconds = 20, onWorker = (_pid: number) => {} } = {},
  ): Promise<void> {
    const marker = `marker_${fault.replaceAll('-', '_')}`;
    const { answer, pidOf } = await startLongQuery(
      forkline,
      `set pushdown = off; select pg_sleep(${sqlSeconds})::text as ${marker} | where true`,
      ['sql', 'dsl'],
    );
    const pid = pidOf('dsl');
    onWorker(pid);
    await build.trigger(fault, pid);
    const neighbour = forkline.query(STAGES);
    const failed = await answer;
    expect(codes, failed.text).to.include(codeOf(failed));
    expect(failed.headers.get('retry-after'), 'it may be sent again').to.match(/^\d+$/);
    expect((await neighbour).status, 'a query beside it').to.equal(200);
    await answersAgain(forkline, STAGES, 2000, `answers again after ${fault}`);
    await until(async () => (await rowOf(forkline, pid)) === undefined, DEADLINE_MS, 'its pid is gone');
    await until(async () => (await activeBackends(database, marker)) === 0, DEADLINE_MS, 'the backend ended');
  }

  it('fault 4, its heap is exhausted: a typed error', () => expectItsQueryOnly('fill-heap', ['worker-lost']));

  it('fault 5, a native-memory bomb: the data limit holds', async function () {
    const worker = (await forkline.processes()).find(({ role }) => role === 'dsl')!;
    if (!hasDataLimit(worker.pid)) skipBecause(this, 'no `prlimit` of util-linux here');
    let highest = 0;
    let watched = 0;
    const watch = setInterval(() => {
      highest = Math.max(highest, readRssBytes(watched) ?? 0);
    }, 5);
    try {
      await expectItsQueryOnly('fill-native-memory', ['worker-lost'], {
        onWorker: (pid) => {
          watched = pid;
        },
      });
    } finally {
      clearInterval(watch);
    }
    expect(highest, 'memory of the process')
      .to.be.above(DATA_LIMIT_BYTES / 4)
      .and.below(DATA_LIMIT_BYTES + 200 * 1024 * 1024);
  });

  // The worker's exit waits for the thread that reads the rows, so the rows must not take long to come.
  it('fault 6, it exits with 0 without a reply: an error, never an empty success', () =>
    expectItsQueryOnly('exit-0', ['worker-lost'], { sqlSeconds: 8 }));

  it('fault 7, one start fails: the next query is fine', async () => {
    await build.trigger('fail-to-start', await nextWorker(forkline));
    const worker = await until(
      async () => (await forkline.processes()).find(({ role, state }) => role === 'dsl' && state === 'ready'),
      DEADLINE_MS,
      'a worker after the one that the test before has ended',
    );
    await build.trigger('fail-to-start', await nextWorker(forkline));
    process.kill(worker.pid, 'SIGKILL');
    await answersAgain(forkline, STAGES, DEADLINE_MS);
    await until(
      async () => (await forkline.logLines()).some((line) => line.includes('told to fail')),
      DEADLINE_MS,
      'the log says why',
    );
  });

  it('fault 8, it dies just after its reply: that answer is whole, and it is not used again', async () => {
    await build.trigger('die-after-reply', await nextWorker(forkline));
    const old = (await forkline.processes()).filter(({ role }) => role === 'dsl').map(({ pid }) => pid);
    for (const pid of old) process.kill(pid, 'SIGKILL');
    await until(
      async () => {
        const rows = (await forkline.processes()).filter(({ role }) => role === 'dsl');
        return rows.length > 0 && rows.every(({ pid, state }) => !old.includes(pid) && state === 'ready');
      },
      DEADLINE_MS,
      'a new worker',
    );
    for (let i = 0; i < 4; i++) {
      const answer = await forkline.query(STAGES);
      expect([answer.status, answer.text.includes('"rowCount":1')], answer.text).to.deep.equal([200, true]);
    }
  });

  it('fault 9, it crashes at every start: a brake instead of a fork storm; SQL is answered meanwhile', async () => {
    // The brake counts the deaths of other tests.
    forkline = await kept.fresh();
    await build.trigger('crash-at-start', 'always');
    try {
      const worker = (await forkline.processes()).find(({ role }) => role === 'dsl')!;
      process.kill(worker.pid, 'SIGKILL');
      const starts = async () =>
        (await forkline.logLines())
          .map((line) => JSON.parse(line) as { event: string; time: string })
          .filter(({ event }) => event === 'dsl-start')
          .map(({ time }) => Date.parse(time));
      const before = (await starts()).length;
      const times = await until(
        async () => ((await starts()).length >= before + 8 ? (await starts()).slice(before) : null),
        DEADLINE_MS,
        'it is tried again and again',
      );
      for (let i = 0; i < 20; i++) expect((await forkline.query('select 1 as a')).status).to.equal(200);
      // Five in a row are taken for bad luck; from then on each waits longer.
      const waits = times.slice(6).map((time, index) => time - times[5 + index]!);
      for (const wait of waits) expect(wait, `ms between starts ${times}`).to.be.at.least(450);
    } finally {
      await build.end('crash-at-start');
    }
    await answersAgain(forkline, STAGES, 30_000);
    await settled(forkline, database, SLOTS);
    await kept.stop();
  });

  it('fault 14, a grandchild in a session of its own goes with its worker', async function () {
    if (process.platform !== 'linux')
      skipBecause(this, 'sessions of processes are looked up in the /proc of Linux');
    const { answer, pidOf } = await startLongQuery(
      forkline,
      'set pushdown = off; select pg_sleep(20)::text as a | where true',
      ['dsl'],
    );
    await build.trigger('double-fork', pidOf('dsl'));
    const ofThatWorker = `sleep 300.${pidOf('dsl')}`;
    const grandchild = await until(() => pidsRunning(ofThatWorker)[0], DEADLINE_MS, 'a grandchild');
    process.kill(pidOf('dsl'), 'SIGKILL');
    expect(codeOf(await answer)).to.equal('worker-lost');
    await until(() => readSample(grandchild) === null, DEADLINE_MS, 'the grandchild is gone');
  });
});
