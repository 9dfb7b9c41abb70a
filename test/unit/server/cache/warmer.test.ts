import { expect } from 'chai';
import type { CacheContext } from '../../../../server/cache/cache-context.ts';
import { Warmer } from '../../../../server/cache/warmer.ts';
import { until } from '../../../support/until.ts';

const MINUTE_MS = 60_000;
/** A Monday. */
const MIDNIGHT = Date.parse('2026-11-30T00:00Z');

describe('what keeps answers warm', () => {
  /** Each look at the times is a minute later. */
  const warm = (models: () => readonly { readonly name: string; readonly refresh: string }[]) => {
    let now = MIDNIGHT - MINUTE_MS;
    const ran: { text: string; at: string }[] = [];
    let stopped = false;
    const clock = {
      now: () => now,
      untilNext() {
        if (!stopped) now += MINUTE_MS;
        return 1;
      },
      spreadMs: 0,
    };
    const connections = {
      ...{ defaultOf: () => 'main', check() {}, versionOf: () => '', dialectOf: () => 'postgres' },
    };
    const catalogue = { refreshed: () => Promise.resolve(models()) };
    const context = { config: { rules: [] }, engines: '', handler: { run: { connections, catalogue } } };
    const refresher = {
      refresh: (_: string, __: object, { text }: { readonly text: string }) =>
        void ran.push({ text, at: new Date(now).toISOString().slice(11, 16) }),
    };
    const warmer = new Warmer(context as unknown as CacheContext, refresher, clock);
    warmer.start();
    return {
      ran,
      stop() {
        stopped = true;
        warmer.stop();
      },
    };
  };

  it('runs a model at its times only, and another one again and again', async function () {
    this.timeout(20_000);
    const { ran, stop } = warm(() => [
      { name: 'hourly', refresh: '30 * * * *' },
      { name: 'never', refresh: '0 0 1 1 *' },
      { name: 'often', refresh: 'every 1s' },
    ]);
    const of = (name: string) => ran.filter(({ text }) => text === `"${name}"`);
    try {
      await until(() => of('hourly').length >= 3 && of('often').length >= 1, 15_000);
    } finally {
      stop();
    }
    // The run comes a moment after its time, in which the clock of the test may go on by some minutes.
    for (const { at } of of('hourly')) expect(Number(at.slice(3))).to.be.within(30, 40);
    expect(of('never')).to.deep.equal([]);
  });
});
