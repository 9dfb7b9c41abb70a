/** Faults between the connector and a real MariaDB, by sessions in this process. */
import { expect } from 'chai';
import type { Session } from '../../connectors/kit/connector.ts';
import type { Cancellation } from '../../core/process/cancellation.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import { startMariadb, type TestMariadb } from '../support/mariadb.ts';
import { askMariadb, connectProblem, openMariadb } from '../support/mariadb-session.ts';
import { until } from '../support/until.ts';

const RUNAWAY = 'select count(*) as n from numbers a, numbers b, numbers c where a.n + b.n + c.n = -1';

function cancelled(): QueryError {
  return new QueryError('cancelled', 'the client is gone');
}

describe('MariaDB, faults of a server', function () {
  this.timeout(180_000);
  let mariadb: TestMariadb;
  const open: Session[] = [];

  before(async function () {
    mariadb = await startMariadb(this, ['--max-allowed-packet=64M']);
    await mariadb.admin(
      'use test; create table numbers (n int primary key); insert into numbers select seq from seq_1_to_3000',
    );
  });
  afterEach(async () => {
    for (const session of open.splice(0)) await session.end();
  });
  after(() => mariadb?.stop());

  async function session(): Promise<Session> {
    const opened = await openMariadb(mariadb.url);
    open.push(opened);
    return opened;
  }

  async function problemOf(asked: Promise<unknown>): Promise<QueryError> {
    const thrown = await asked.then(
      () => null,
      (error: unknown) => error,
    );
    expect(thrown).to.be.instanceOf(QueryError);
    return thrown as QueryError;
  }

  const running = (): Promise<readonly (readonly unknown[])[]> =>
    mariadb.admin(
      "select id from information_schema.processlist where user = 'reader' and info like '%a.n + b.n%'",
    );

  /** Asks what runs long, and resolves once it runs in the server. */
  async function asked(on: Session): Promise<{ readonly outcome: Promise<QueryError>; cancel(): void }> {
    let cancellation: Cancellation | undefined;
    const outcome = problemOf(
      askMariadb(on, RUNAWAY, (given) => {
        cancellation = given;
      }),
    );
    await until(async () => (await running()).length > 0, 10_000, 'the statement runs');
    return { outcome, cancel: () => cancellation!.cancel(cancelled()) };
  }

  it('says that a host is unknown, without its name', async () => {
    const said = await connectProblem('mariadb://me:secret@no-such-host.invalid/x');
    expect(said).to.match(/its host name (is unknown|could not be looked up)$/);
    expect(said).not.to.contain('no-such-host');
  });

  it('gives rows that are longer than a packet, and joins them', async () => {
    const on = await session();
    for (const length of [16_777_200, 16_777_215, 16_777_216, 40_000_000]) {
      const text = await askMariadb(on, `select repeat('x', ${length}) as t, 7 as n`);
      expect(text.length).to.equal(length + '["",7]\n'.length);
      expect(text.endsWith('x",7]\n')).to.equal(true);
    }
    expect(
      (await problemOf(askMariadb(on, `select repeat('x', 40000000) as t`, undefined, 1000))).code,
    ).to.equal('result-too-large');
  });

  it('refuses SQL and parameters beyond max_allowed_packet, and goes on', async () => {
    const on = await session();
    const long = await problemOf(askMariadb(on, `select '${'x'.repeat(64 * 1024 * 1024)}' as t`));
    expect(long.code).to.equal('query-too-large');
    expect(long.details.limit?.name).to.equal('max_allowed_packet');
    expect(await askMariadb(on, 'select 1 as n')).to.equal('[1]\n');
  });

  it('says that there are too many connections', async () => {
    await mariadb.admin('set global max_connections = 10');
    const held: Session[] = [];
    try {
      let said = '';
      for (let count = 0; count < 12 && said === ''; count++)
        await openMariadb(mariadb.url).then(
          (one) => held.push(one),
          async () => {
            said = await connectProblem(mariadb.url);
          },
        );
      expect(said).to.match(/^database-overloaded: .*takes no more connections$/);
    } finally {
      for (const one of held) await one.end();
      await mariadb.admin('set global max_connections = 151');
    }
  });

  it('closes the connection of a query whose KILL cannot be delivered', async () => {
    const on = await session();
    const query = await asked(on);
    await mariadb.admin('alter user reader account lock');
    try {
      query.cancel();
      expect((await query.outcome).code).to.equal('cancelled');
      expect(on.usable).to.equal(false);
    } finally {
      await mariadb.admin('alter user reader account unlock');
      for (const [id] of await running()) await mariadb.admin(`kill ${String(id)}`);
    }
  });

  it('ends a cancelled statement in the server', async () => {
    const on = await session();
    const query = await asked(on);
    query.cancel();
    expect((await query.outcome).code).to.equal('cancelled');
    await until(async () => (await running()).length === 0, 10_000, 'the statement ended');
    expect(on.usable).to.equal(false);
  });

  it('never kills the query of another session', async () => {
    const victim = await session();
    let cancels = 0;
    let isOver = false;
    const storm = (async () => {
      for (let round = 0; round < 40; round++) {
        const on = await openMariadb(mariadb.url);
        // The cancellation comes about when the statement ends by itself, a little earlier or later.
        const outcome = askMariadb(
          on,
          `select count(*) as n from numbers a where a.n < ${round * 70}`,
          (cancellation) => {
            setTimeout(() => {
              cancels++;
              cancellation.cancel(cancelled());
            }, round % 5);
          },
        ).then(
          () => 'answered',
          (thrown: QueryError) => thrown.code,
        );
        expect(await outcome).to.be.oneOf(['answered', 'cancelled']);
        if (on.usable) expect(await askMariadb(on, 'select 1 as n')).to.equal('[1]\n');
        await on.end();
      }
      isOver = true;
    })();
    let answers = 0;
    while (!isOver) {
      expect(
        await askMariadb(victim, 'select count(*) as n from numbers a, numbers b where a.n = b.n'),
      ).to.equal('[3000]\n');
      answers++;
    }
    await storm;
    expect(answers).to.be.above(0);
    expect(cancels).to.be.above(0);
  });

  it('tells a server that went away before, in and after a query', async () => {
    const [idle, busy] = [await session(), await session()];
    const dead = new Promise<void>((resolve) => idle.onDead(resolve));
    expect(await askMariadb(idle, 'select 1 as n')).to.equal('[1]\n');
    const query = await asked(busy);
    await mariadb.kill();
    expect((await query.outcome).code).to.equal('database-unavailable');
    await dead;
    expect(idle.usable).to.equal(false);
    expect(await connectProblem(mariadb.url)).to.contain('it refuses connections');
    await mariadb.restart();
    expect(await askMariadb(await session(), 'select 1 as n')).to.equal('[1]\n');
  });
});
