import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { systemClock } from '../../../../core/process/clock.ts';
import {
  type ChildEnd,
  type ChildOptions,
  describeEnd,
  ManagedChild,
} from '../../../../monitor/children/managed-child.ts';

interface Observed {
  readonly child: ManagedChild;
  readonly ends: ChildEnd[];
  readonly readies: number[];
}

const silent = { debug() {}, info() {}, warn() {}, error() {} };

function observe(
  spawnChild: () => ChildProcess,
  bootTimeoutMs = 5000,
  more: Partial<ChildOptions> = {},
): Observed {
  const ends: ChildEnd[] = [];
  const readies: number[] = [];
  const socketPath = '/nowhere';
  const child = new ManagedChild({
    identity: {
      role: 'sql',
      workerId: 'sql-1',
      slot: 0,
      buildId: 'b',
      runDir: '/nowhere',
      logSocket: socketPath,
    },
    child: () => ({
      role: 'sql',
      config: {
        ...{ socketPath, stateDir: '/nowhere', connectionsPerProcess: 1, acquireTimeoutMs: 1, roleIdleMs: 1 },
        connections: {},
      },
    }),
    logLevel: 'info',
    redactLiterals: false,
    timeouts: { bootTimeoutMs, killAfterMs: 200 },
    clock: systemClock,
    log: silent,
    events: {
      onReady: ({ pid }) => readies.push(pid ?? 0),
      onMessage: () => {},
      onGone: (_, end) => ends.push(end),
    },
    ...more,
    spawn: async (adopt) => {
      await Promise.resolve(); // the real one prepares files first
      adopt(spawnChild());
    },
  });
  return { child, ends, readies };
}

const because = (reason: string) => ({ cause: 'stop' as const, reason });

function node(...args: string[]): ChildProcess {
  return spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'ignore', 'ipc'], detached: true });
}

function fake(name: string): () => ChildProcess {
  return () => node(fileURLToPath(new URL(`../../../fixtures/monitor/${name}.mjs`, import.meta.url)));
}

const SAYS_READY =
  "process.on('message', (message) => process.send({ type: 'ready', buildId: message.identity.buildId }));";

describe('managed child', () => {
  it('ends once, early and undecided, when it cannot be spawned', async () => {
    const { child, ends } = observe(() => {
      throw new Error('spawn EAGAIN');
    });
    await child.gone;
    expect(ends).to.deep.equal([
      {
        code: null,
        signal: null,
        decided: null,
        failure: 'spawn EAGAIN',
        cause: 'failed-start',
        early: true,
      },
    ]);
    child.kill(because('too late'));
    expect(ends).to.have.length(1);
  });

  it('ends once when the program is not there', async () => {
    const { child, ends } = observe(() => spawn('/no/such/program', { stdio: 'ignore' }));
    await child.gone;
    expect(ends).to.have.length(1);
    expect(ends[0]?.failure).to.include('ENOENT');
  });

  it('becomes ready, and stops when told', async () => {
    const observed = observe(fake('worker'));
    await ready(observed);
    observed.child.stop(5000, because('enough'));
    await observed.child.gone;
    expect(observed.ends).to.deep.equal([
      { code: 0, signal: null, decided: 'enough', failure: null, cause: 'stop', early: true },
    ]);
    expect(observed.child.forced).to.equal(false);
  });

  it('is killed when it is not ready in time, which is its failure', async () => {
    const { child, ends, readies } = observe(() => node('-e', 'setInterval(() => {}, 1000)'), 300);
    await child.gone;
    expect(ends[0]).to.deep.include({ signal: 'SIGKILL', decided: null, early: true });
    expect(ends[0]?.failure).to.include('not ready within 300 ms');
    expect(readies).to.deep.equal([]);
  });

  it('is killed as soon as it exists when that was decided before', async () => {
    const { child, ends } = observe(fake('worker'));
    child.kill(because('changed my mind'));
    await child.gone;
    expect(ends[0]).to.deep.include({ signal: 'SIGKILL', decided: 'changed my mind' });
  });

  it('gets KILL when TERM does not help', async () => {
    const observed = observe(fake('stubborn'));
    await ready(observed);
    observed.child.kill(because('go'));
    await observed.child.gone;
    expect(observed.ends[0]).to.deep.include({ signal: 'SIGKILL', decided: 'go' });
    expect(observed.child.forced).to.equal(true);
  });

  for (const [how, dies, end] of [
    [
      'by a signal',
      "process.kill(process.pid, 'SIGSEGV')",
      { code: null, signal: 'SIGSEGV', cause: 'signal' },
    ],
    ['by an error in its code', 'process.exit(1)', { code: 1, signal: null, cause: 'error-exit' }],
  ] as const)
    it(`has died by itself when it dies ${how} while it is being ended`, async () => {
      const observed = observe(() => node('-e', `${SAYS_READY} process.on('SIGTERM', () => ${dies})`));
      await ready(observed);
      observed.child.kill(because('a query lost it'));
      await observed.child.gone;
      expect(observed.ends[0]).to.deep.include({ ...end, decided: null, failure: null });
    });

  it('is given up when KILL does not end it, so that another can take its place, and heard no more', async () => {
    const spawned: ChildProcess[] = [];
    const { child, ends } = observe(
      () => {
        spawned.push(fake('worker')());
        return spawned[0]!;
      },
      5000,
      { sendSignal: () => {}, unkillableAfterMs: 50 },
    );
    child.kill({ cause: 'uninterruptible', reason: 'held' }, true);
    await child.gone;
    expect(ends).to.deep.equal([
      {
        ...{ code: null, signal: null, decided: 'held', failure: null, cause: 'unkillable', early: true },
      },
    ]);
    expect(describeEnd(ends[0]!)).to.equal('outlived KILL (held)');
    expect(child.abandoned).to.equal(true);
    const [process] = spawned;
    const exited = once(process!, 'exit');
    process!.kill('SIGKILL'); // the kernel lets it go after all
    await exited;
    expect(ends).to.have.length(1);
  });

  it('keeps what a child says about why it cannot start', async () => {
    const { child, ends } = observe(fake('init-failed'));
    await child.gone;
    expect(ends[0]).to.deep.include({ code: 70, decided: null, failure: 'no such thing as a beginning' });
  });

  it('kills a child that closes its channel and stays', async () => {
    const { child, ends } = observe(() =>
      node('-e', 'process.once("message", () => { process.disconnect(); setInterval(() => {}, 1000); })'),
    );
    await child.gone;
    expect(ends[0]).to.deep.include({ signal: 'SIGKILL', failure: 'closed its channel and did not exit' });
  });
});

/** Waits for the event loop to bring its `ready`; mocha's own timeout is the deadline. */
async function ready({ child, readies }: Observed): Promise<void> {
  while (readies.length === 0 && child.phase !== 'gone')
    await new Promise((resolve) => setImmediate(resolve));
  expect(child.phase).to.equal('ready');
}
