/** From the command to the first query that would be answered, with the database up. */
import { startForkline } from '../contender/start-forkline.ts';
import type { Scenario } from '../scenario.ts';

const LIMIT_SECONDS = 1.5;
const START = 'start to ready';

export const coldStart: Scenario = {
  name: 'cold-start',
  title: 'cold start to ready, database up',
  how: 'the command is started, and /readyz asked until it says yes',
  needs: { contenders: [], ownServers: true },
  async run(bench, record) {
    const { databaseUrl, children, path, signal, rounds } = bench;
    for (let round = 0; round < rounds; round++) {
      signal.throwIfAborted();
      bench.progress(`start ${round + 1} of ${rounds}`);
      const forkline = await startForkline({ databaseUrl, children, path });
      await forkline.stop();
      record.add('Forkline', START, 's', forkline.startMs / 1000);
    }
    const seconds = record.median('Forkline', START);
    record.check({
      what: 'start to ready',
      value: seconds,
      unit: 's',
      bound: 'at-most',
      limit: LIMIT_SECONDS,
      measured: `${seconds.toFixed(2)} s`,
    });
  },
};
