/**
 * The oracle of kinds for a short time, with the same seed each time; for longer: `npm run test:oracle:kinds -- --runs 5000`.
 */
import { expect } from 'chai';
import { runKinds } from '../oracle/kinds.ts';
import { type KindsServers, openKinds } from '../oracle/kinds-servers.ts';

const RUNS = 40;
const SEED = 20_261_130;

describe('kinds of database and the stage engine', function () {
  this.timeout(300_000);
  let servers: KindsServers;

  before(async function () {
    servers = await openKinds(this);
  });
  after(() => servers?.close());

  it(`agree on ${RUNS} pipelines by chance`, async () => {
    const found: string[] = [];
    const tally = await runKinds(servers.postgres, servers.kinds, {
      ...{ runs: RUNS, seed: SEED, maxDifferences: 1 },
      onDifference: ({ kind, query, what, table }) => found.push([kind, what, query, ...table].join('\n')),
    });
    expect(found, `npm run test:oracle:kinds -- --runs ${RUNS} --seed ${SEED}`).to.deep.equal([]);
    expect(tally.placed.get('mariadb'), 'pipelines with a stage in MariaDB').to.be.above(RUNS / 10);
  });
});
