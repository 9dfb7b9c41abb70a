/** Mixed load while processes are killed, stopped and replaced: afterwards nothing is lost, leaked or wrong. */
import { expect } from 'chai';
import { testDatabase } from '../support/database.ts';
import { startForkline } from '../support/forkline.ts';
import { filesOfGoneWorkers, settled, soak } from '../support/soak.ts';

const SLOTS = 4;

describe('a soak with random faults', function () {
  this.timeout(180_000);

  it('ends with every query answered or refused by a typed error, and everything back', async () => {
    const database = await testDatabase();
    await using forkline = await startForkline({ monitor: { heartbeatTimeoutMs: 1500 } });
    const { unexpected, seen, faults } = await soak(forkline, database, { queries: 300, seed: 7 });
    expect(unexpected, `after ${faults}`).to.deep.equal([]);
    expect(seen.ok, JSON.stringify(seen)).to.be.above(30);
    await settled(forkline, database, SLOTS);
    expect(await filesOfGoneWorkers(forkline)).to.deep.equal([]);
    const lines = (await forkline.logLines()).map((line) => JSON.parse(line) as { event: string });
    expect(lines.filter(({ event }) => event === 'internal-error')).to.deep.equal([]);
    expect(lines.filter(({ event }) => event === 'uncaught-exception')).to.deep.equal([]);
  });
});
