import { expect } from 'chai';
import type { KernelSample } from '../../../../core/process/proc.ts';
import { ZombieWatch } from '../../../../monitor/watch/zombies.ts';

const zombie = (pid: number, startTicks = 7): KernelSample => ({
  pid,
  ppid: 1,
  state: 'Z',
  startTicks,
  cpuTicks: 0,
});

function watching() {
  const now = { ms: 0, zombies: [] as KernelSample[] };
  const watch = new ZombieWatch(
    () => now.ms,
    (parent) => (parent === 1 ? now.zombies : []),
  );
  return { now, look: (known: number[] = []) => watch.findLasting([1, 2], new Set(known)), watch };
}

describe('zombies', () => {
  it('are those that last, not those that are reaped in a moment', () => {
    const { now, look } = watching();
    now.zombies = [zombie(10)];
    expect(look()).to.deep.equal([]);
    now.ms = 4999;
    expect(look()).to.deep.equal([]);
    now.ms = 5000;
    expect(look().map(({ pid }) => pid)).to.deep.equal([10]);
    now.zombies = [];
    expect(look()).to.deep.equal([]);
  });

  it('are not our own children, which are reaped', () => {
    const { now, look } = watching();
    now.zombies = [zombie(10)];
    look([10]);
    now.ms = 60_000;
    expect(look([10])).to.deep.equal([]);
  });

  it('are another when the pid is used again', () => {
    const { now, look } = watching();
    now.zombies = [zombie(10, 1)];
    look();
    now.ms = 5000;
    now.zombies = [zombie(10, 2)];
    expect(look()).to.deep.equal([]);
  });

  it('are told of once each', () => {
    const { now, look, watch } = watching();
    now.zombies = [zombie(10)];
    look();
    now.ms = 5000;
    const [lasting] = look();
    expect(watch.isNews(lasting!)).to.equal(true);
    expect(watch.isNews(look()[0]!)).to.equal(false);
  });
});
