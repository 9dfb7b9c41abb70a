/**
 * The oracle of kinds for a short time, with the same seed each time; for longer: `npm run test:oracle:kinds -- --runs 5000`.
 */
import { expect } from 'chai';
import { runKinds } from '../oracle/kinds.ts';
import { type KindsServers, openKinds, USUAL_KINDS } from '../oracle/kinds-servers.ts';

const RUNS = 40;
const SEED = 20_261_130;

for (const [title, kinds, placedIn] of [
  ['kinds of database and the stage engine', USUAL_KINDS, 'mariadb'],
  ['Spark and the stage engine', ['spark'], 'spark'],
] as const)
  describe(title, function () {
    this.timeout(300_000);
    let servers: KindsServers;

    before(async function () {
      servers = await openKinds(this, kinds);
    });
    after(() => servers?.close());

    it(`agree on ${RUNS} pipelines by chance`, async () => {
      const found: string[] = [];
      const tally = await runKinds(servers.postgres, servers.kinds, {
        ...{ runs: RUNS, seed: SEED, maxDifferences: 1 },
        onDifference: ({ kind, query, what, table }) => found.push([kind, what, query, ...table].join('\n')),
      });
      const command = `npm run test:oracle:kinds -- --runs ${RUNS} --seed ${SEED} --kinds ${kinds.join(',')}`;
      expect(found, command).to.deep.equal([]);
      expect(tally.placed.get(placedIn), `pipelines with a stage in ${placedIn}`).to.be.above(RUNS / 10);
    });
  });
