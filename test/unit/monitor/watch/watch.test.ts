/** The look around: a monitor that stood still blames nobody for its own silence, at whatever moment it did. */
import { expect } from 'chai';
import type { Config } from '../../../../core/config/config.ts';
import type { Ending } from '../../../../core/protocol/endings.ts';
import type { InspectedProcess } from '../../../../monitor/children/inspected-process.ts';
import type { LaunchContext } from '../../../../monitor/children/launch.ts';
import type { ManagedChild } from '../../../../monitor/children/managed-child.ts';
import { afterListening } from '../../../../monitor/children/patient-timer.ts';
import { StatsBook } from '../../../../monitor/children/stats.ts';
import { Watch } from '../../../../monitor/watch/watch.ts';

const SLEPT_MS = 6000;
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const policy = {
  heartbeatTimeoutMs: 5000,
  uninterruptibleMs: 10_000,
  killRssBytes: 2 ** 40,
  killPssBytes: 2 ** 40,
  openFilesWarnPercent: 100,
  openFilesKillPercent: 100,
} as Config['monitor'];

interface Story {
  readonly lastBeatMs: number;
  /** On a clock that was at 0 when the watch began. */
  readonly firstLookMs: number;
  /** In the middle of the first look. */
  readonly sleeps: boolean;
}

/** Returns what two looks at one child do to it. */
async function killsOfTwoLooks({ lastBeatMs, firstLookMs, sleeps }: Story): Promise<Ending[]> {
  const kills: Ending[] = [];
  const clock = { ms: 0, asleep: false };
  const child = { identity: { role: 'server' }, workerId: 'server-1', pid: null, startTicks: null };
  const beating = { ...child, phase: 'ready', lastHeartbeatAtMs: lastBeatMs } as unknown as ManagedChild;
  const inspected: InspectedProcess = {
    child: beating,
    mustBeat: true,
    kill: (e) => kills.push(e),
    endQuery() {},
  };
  let looks = 0;
  await new Promise<void>((resolve) => {
    const monotonicMs = (): number => {
      if (!clock.asleep) return clock.ms;
      // The first reading of a look is its beginning; at the second this process has slept.
      clock.asleep = false;
      const begun = clock.ms;
      clock.ms += SLEPT_MS;
      return begun;
    };
    const watch = new Watch({
      context: {
        ...{ clock: { monotonicMs, unixMs: Date.now }, log: silent, stats: new StatsBook() },
        runDir: { path: '/nowhere' },
      } as unknown as LaunchContext,
      database: null,
      watchee: {
        isDraining: () => false,
        generations: () => [],
        singleProcesses: () => [inspected],
        policy() {
          return policy;
        },
      },
      readMemory() {
        if (++looks === 2) {
          watch.stop();
          resolve();
        }
        clock.ms += 1000;
        return null;
      },
    });
    clock.ms = firstLookMs;
    clock.asleep = sleeps;
    watch.start();
  });
  return kills;
}

describe('the look around', function () {
  this.timeout(10_000);

  it('kills a child that was silent while it watched', async () => {
    const [kill] = await killsOfTwoLooks({ lastBeatMs: -6000, firstLookMs: 1000, sleeps: false });
    expect(kill).to.deep.equal({ cause: 'heartbeat', reason: 'no heartbeat for 7000 ms' });
  });

  it('forgives a sleep between two looks', async () => {
    const firstLookMs = 1000 + SLEPT_MS;
    expect(await killsOfTwoLooks({ lastBeatMs: 0, firstLookMs, sleeps: false })).to.deep.equal([]);
  });

  it('forgives a sleep in the middle of a look', async () => {
    expect(await killsOfTwoLooks({ lastBeatMs: 0, firstLookMs: 1000, sleeps: true })).to.deep.equal([]);
  });

  it('hears what was said while it slept before it acts', async () => {
    const order: string[] = [];
    const cancelled = afterListening(1, () => order.push('cancelled'));
    await new Promise<void>((resolve) => {
      afterListening(1, () => {
        order.push('acts');
        resolve();
      });
      const { port1, port2 } = new MessageChannel();
      port1.on('message', () => {
        order.push('heard');
        cancelled();
        port1.close();
      });
      port2.postMessage('beat');
      const awakeAt = performance.now() + 20;
      while (performance.now() < awakeAt); // asleep: the timer is due before the message can be heard
    });
    expect(order).to.deep.equal(['heard', 'acts']);
  });
});
