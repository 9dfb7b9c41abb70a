import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type FakeSparkOptions, fakeSpark } from '../../../support/fake-spark.ts';
import { openSpark, sparkProblem } from '../../../support/spark-session.ts';
import { CERTIFICATE, PRIVATE_KEY } from '../../../support/test-certificate.ts';
import { until } from '../../../support/until.ts';

const TLS: FakeSparkOptions = { tls: { key: PRIVATE_KEY, cert: CERTIFICATE } };

describe('A connection to Spark', function () {
  this.timeout(60_000);
  let dir: string;
  let caFile: string;

  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'forkline-spark-tls-'));
    caFile = join(dir, 'ca.pem');
    writeFileSync(caFile, CERTIFICATE);
  });
  after(() => rmSync(dir, { recursive: true }));

  it('sends its token with each call, and asks for it where it is wrong', async () => {
    await using spark = await fakeSpark({ token: 'right', ...TLS });
    const url = `sc://localhost:${spark.port}/;use_ssl=true`;
    await (await openSpark(url, { token: 'right', caFile })).end();
    expect(spark.calls.map(({ authorization }) => authorization)).to.satisfy((all: string[]) =>
      all.every((one) => one === 'Bearer right'),
    );
    const refused =
      'the Spark of connection "lake" is not available: Spark refuses the token of the connection';
    expect(await sparkProblem(url, { token: 'wrong one', caFile })).to.equal(
      `database-unavailable: ${refused}`,
    );
    expect(await sparkProblem(url, { caFile })).to.include('refuses the token');
  });

  it('takes the authorities of its own file only', async () => {
    await using spark = await fakeSpark(TLS);
    const url = `sc://localhost:${spark.port}/;use_ssl=true`;
    expect(await sparkProblem(url)).to.include('Spark cannot be reached: TLS failed');
    expect(await sparkProblem(url, { caFile })).to.equal('it opened');
    expect(await sparkProblem(url, { caFile: join(dir, 'none.pem') })).to.match(
      /database-unavailable: .*the file of authorities cannot be read: ENOENT/,
    );
  });

  it('tells when only one side speaks TLS', async () => {
    await using plain = await fakeSpark();
    expect(await sparkProblem(`sc://localhost:${plain.port}/;use_ssl=true`, { caFile })).to.include(
      'Spark cannot be reached: TLS failed',
    );
    await using secret = await fakeSpark(TLS);
    expect(await sparkProblem(`sc://localhost:${secret.port}`)).to.match(
      /the connection to Spark was lost before it answered .*use_ssl=true|TLS failed/,
    );
  });

  it('tells why nobody is reached, without a token', async () => {
    const closed = await closedPort();
    expect(await sparkProblem(`sc://127.0.0.1:${closed}/;token=hush`)).to.equal(
      'database-unavailable: the Spark of connection "lake" is not available: Spark cannot be reached: it refuses connections',
    );
    expect(await sparkProblem('sc://no-such-host.invalid:15002')).to.include('its host name is unknown');
    expect(await sparkProblem('sc://x/;colour=red')).to.include(
      'its URL has an option colour; there are use_ssl, token, user_id',
    );
    expect(await sparkProblem('sc://spark.invalid', { token: 'hush' })).to.equal(
      'database-unavailable: the Spark of connection "lake" is not available: a token is sent over TLS only, unless to this machine: add /;use_ssl=true to the URL',
    );
    expect(await sparkProblem('http://x')).to.include('is not of the form sc://host:port');
  });

  it('tells of a server that is older, or none of Spark Connect', async () => {
    await using spark = await fakeSpark({ lacks: ['Config'] });
    expect(await sparkProblem(spark.url)).to.equal(
      'database-unavailable: the Spark of connection "lake" is not available: the server does not know a call of Spark Connect: it is none, or older than Spark 3.4',
    );
  });

  it("tells Spark's own error", async () => {
    await using spark = await fakeSpark({ analyzeError: () => '[INTERNAL_ERROR] out of order' });
    expect(await sparkProblem(spark.url)).to.include('out of order');
    await until(() => spark.sessions.size === 0, 10_000);
  });
});

function closedPort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
