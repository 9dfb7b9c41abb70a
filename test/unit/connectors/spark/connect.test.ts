import dns from 'node:dns';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { REFUSED_ADDRESS_TEXT } from '../../../../connectors/kit/address-guard.ts';
import type { QueryError } from '../../../../core/protocol/errors.ts';
import { type FakeSparkOptions, fakeSpark } from '../../../support/fake-spark.ts';
import { askSpark, openSpark, sparkConnection, sparkProblem } from '../../../support/spark-session.ts';
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

  it('of the catalogue reaches no link-local address, as number or by a name, and all others', async () => {
    await using spark = await fakeSpark(TLS);
    const guarded = { guardsAddress: true };
    for (const host of ['169.254.169.254', '[::ffff:169.254.169.254]', '2852039166', '0xa9fea9fe'])
      expect(await sparkProblem(`sc://${host}:${spark.port}`, guarded), host).to.equal(
        `database-unavailable: the Spark of connection "lake" is not available: ${REFUSED_ADDRESS_TEXT}`,
      );
    // The certificate is for the name, whatever address it leads to.
    const url = `sc://localhost:${spark.port}/;use_ssl=true`;
    expect(await sparkProblem(url, { ...guarded, caFile })).to.equal('it opened');
    expect(await sparkProblem(url, guarded)).to.include('TLS failed');
    expect(await sparkProblem('sc://no-such-host.invalid', guarded)).to.include('its host name is unknown');
    // Names were looked up again and again here, without a pause in which anything else could happen.
    for (const host of ['127.0.0.1', 'localhost'])
      expect(await sparkProblem(`sc://${host}:${await closedPort()}`, guarded)).to.include(
        'it refuses connections',
      );
  });

  it('of the catalogue goes through no proxy of the environment, which would look the name up itself', async () => {
    await using spark = await fakeSpark();
    const before = process.env.grpc_proxy;
    process.env.grpc_proxy = `http://127.0.0.1:${await closedPort()}`;
    try {
      const url = `sc://localhost:${spark.port}`;
      expect(await sparkProblem(url)).to.not.equal('it opened');
      expect(await sparkProblem(url, { guardsAddress: true })).to.equal('it opened');
    } finally {
      if (before === undefined) delete process.env.grpc_proxy;
      else process.env.grpc_proxy = before;
    }
  });

  it('of the catalogue looks a name up again when it was lost, and does not go to an address that is refused by then', async () => {
    const spark = await fakeSpark();
    const { port } = spark;
    const usual = dns.lookup;
    let address = '127.0.0.1';
    let lookups = 0;
    stubLookup((host, options, callback) => {
      if (host !== 'spark.test') return void usual(host, options as never, callback as never);
      lookups++;
      callback(null, [{ address, family: 4 }]);
    });
    try {
      const session = await openSpark(`sc://spark.test:${port}`, { guardsAddress: true });
      expect(lookups).to.equal(1);
      address = '169.254.169.254';
      await spark[Symbol.asyncDispose]();
      const problem = await until(async () => {
        const told = await askSpark(session, 'select 1').then(String, (error: Error) => error.message);
        return told === REFUSED_ADDRESS_TEXT ? told : undefined;
      }, 30_000);
      expect(problem).to.equal(REFUSED_ADDRESS_TEXT);
      address = '127.0.0.1';
      await using again = await fakeSpark({ port });
      await until(async () => {
        await askSpark(session, 'select 1').catch(() => {});
        return again.calls.length > 0;
      }, 30_000);
      await session.end();
    } finally {
      stubLookup(usual as unknown as Lookup);
    }
  });

  it('tells of a server that is older, or none of Spark Connect', async () => {
    await using spark = await fakeSpark({ lacks: ['Config'] });
    expect(await sparkProblem(spark.url)).to.equal(
      'database-unavailable: the Spark of connection "lake" is not available: the server does not know a call of Spark Connect: it is none, or older than Spark 3.4',
    );
  });

  it('is refused by a Spark that is too old, which is told with its version', async () => {
    await using spark = await fakeSpark({ version: '3.5.9' });
    expect(await sparkProblem(spark.url)).to.equal(
      'database-unavailable: the Spark of connection "lake" is not available: its version is 3.5.9, and Forkline needs Spark 4 or newer (4.2 was tried)',
    );
    await until(() => spark.sessions.size === 0, 10_000);
  });

  it('tells of a Spark that was not tried: in the log, to doctor, and where an error may come of that', async () => {
    for (const [told, isTried] of [
      ['4.2.0', true],
      ['4.2.1-SNAPSHOT', true],
      ['4.0.1', false],
      ['5.0.0', false],
      [null, false],
    ] as const) {
      let failure: string | null = null;
      await using spark = await fakeSpark({ version: told, analyzeError: () => failure });
      const connection = sparkConnection(spark.url);
      const version = told ?? 'of an unknown version';
      const { session, notices } = await connection.open();
      const log = { event: 'database-version-untried', fields: { version, tried: '4.2' } };
      expect(notices).to.deep.equal(isTried ? [] : [{ level: 'warn', ...log }]);
      const [finding] = await connection.examine!();
      expect(finding!.text).to.include(`Spark ${version} answers`);
      expect(finding!.level).to.equal(isTried ? 'ok' : 'note');
      const hintOf = async (text: string): Promise<string | undefined> => {
        failure = text;
        const thrown = await askSpark(session, 'select 2').catch((error: unknown) => error);
        return (thrown as QueryError).details.hint;
      };
      for (const lacking of [
        '[UNRESOLVED_ROUTINE] Cannot resolve routine `listagg`. SQLSTATE: 42883',
        '[PARSE_SYNTAX_ERROR] Syntax error at or near end of input. SQLSTATE: 42601',
        '[UNSUPPORTED_FEATURE.X] not there. SQLSTATE: 0A000',
      ])
        expect(await hintOf(lacking), lacking).to.equal(
          isTried
            ? undefined
            : `The server is Spark ${version}, which may lack what 4.2 has; Forkline writes its SQL for that.`,
        );
      expect(await hintOf('[DIVIDE_BY_ZERO] Division by zero. SQLSTATE: 22012')).to.equal(undefined);
      await session.end();
    }
  });

  it("tells Spark's own error", async () => {
    await using spark = await fakeSpark({ analyzeError: () => '[INTERNAL_ERROR] out of order' });
    expect(await sparkProblem(spark.url)).to.include('out of order');
    await until(() => spark.sessions.size === 0, 10_000);
  });
});

type Lookup = (
  host: string,
  options: object,
  callback: (error: null, found: readonly dns.LookupAddress[]) => void,
) => void;

/** Every module of this process looks names up by this function. */
function stubLookup(lookup: Lookup): void {
  (dns as { lookup: unknown }).lookup = lookup;
  syncBuiltinESMExports();
}

function closedPort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
