/** The lists of PostgreSQL's functions in the guard are what the catalogue of the embedded PostgreSQL gives. */
import { expect } from 'chai';
import pg from 'pg';
import { ALLOWED_FUNCTIONS } from '../../language/dialects/postgres/guard/allowed-functions.ts';
import { REFUSED_ATTRIBUTES } from '../../language/dialects/postgres/guard/refused-attributes.ts';
import { readOwnFunctions, sortFunctions } from '../support/own-functions.ts';
import { openScratchCluster } from '../support/scratch-cluster.ts';

describe("the guard's lists of functions", function () {
  this.timeout(120_000);

  it('are those of the catalogue: else run `npm run guard:functions`', async () => {
    await using cluster = await openScratchCluster();
    const client = new pg.Client({ connectionString: cluster.adminUrl });
    await client.connect();
    const { allowed, refusedAttributes } = sortFunctions(await readOwnFunctions(client));
    await client.end();
    expect([...ALLOWED_FUNCTIONS]).to.deep.equal(allowed);
    expect([...REFUSED_ATTRIBUTES]).to.deep.equal(refusedAttributes);
    expect(allowed.length).to.be.above(1000);
  });
});
