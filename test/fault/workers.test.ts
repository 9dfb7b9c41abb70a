/** One bad query, one bad process: only the queries inside it fail, each with a typed error. */
import { expect } from 'chai';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { recordFigure } from '../support/figures.ts';
import { type Answer, type Forkline, SEVERAL_PROCESSES, startForkline } from '../support/forkline.ts';
import { KeptForkline } from '../support/kept-forkline.ts';
import { activeBackends, codeOf, rowOf, answersAgain as untilItAnswers } from '../support/long-query.ts';
import { settled } from '../support/soak.ts';
import { until } from '../support/until.ts';

const RECOVERY_MS = 2000;
const DEADLINE_MS = 10_000;
const SLOTS = 4;

describe('faults of processes', function () {
  this.timeout(60_000);
  let database: TestDatabase;
  let forkline: Forkline;
  before(async () => {
    database = await testDatabase();
  });
  const kept = new KeptForkline(() => startForkline(SEVERAL_PROCESSES));
  beforeEach(async () => {
    forkline = await kept.running();
  });
  afterEach(() => kept.expectAsBefore(() => settled(forkline, database, SLOTS)));
  after(() => kept.stop());

  let started = 0;
  /** A query that runs long in the given way, and the pids of its workers. */
  async function start(
    text: string,
    name: string,
    workers: number,
  ): Promise<{ answer: Promise<Answer>; pids: number[] }> {
    const queryId = `${name}-${++started}`;
    const answer = forkline.query(text, { headers: { 'Query-Id': queryId } });
    const pids = await until(async () => {
      const { status, json } = await forkline.get(`/v1/queries/${queryId}`);
      const found = json.workerPids as number[];
      return status === 200 && found.length === workers ? found : null;
    }, DEADLINE_MS);
    return { answer, pids };
  }

  const answersAgain = (text: string, figure: string): Promise<void> =>
    untilItAnswers(forkline, text, RECOVERY_MS, figure);

  async function atFullStrength(role: string, count: number): Promise<void> {
    await until(
      async () =>
        (await forkline.processes()).filter((row) => row.role === role && row.state !== 'starting').length >=
        count,
      DEADLINE_MS,
      `${count} ${role} processes`,
    );
  }

  it('fault 1, KILL of a SQL worker in mid-query: its query gets worker-lost, the other worker answers, the database is left alone', async () => {
    const { answer, pids } = await start('select pg_sleep(30)::text as marker_sql_kill', 'victim', 1);
    process.kill(pids[0]!, 'SIGKILL');
    const failed = await answer;
    expect([failed.status, codeOf(failed)]).to.deep.equal([503, 'worker-lost']);
    await answersAgain('select 1 as a', 'answers again after KILL of a SQL worker');
    await atFullStrength('sql', 2);
    expect(await rowOf(forkline, pids[0]!), 'the pid is gone').to.equal(undefined);
    await until(
      async () => (await activeBackends(database, 'marker_sql_kill')) === 0,
      DEADLINE_MS,
      'the backend has ended',
    );
  });

  it('KILL of a DSL worker in mid-query: worker-lost, and a fresh one serves the next', async () => {
    const { answer, pids } = await start(
      'set pushdown = off; select pg_sleep(30)::text as marker_dsl_kill | where true',
      'victim',
      2,
    );
    const roles = await Promise.all(pids.map((pid) => rowOf(forkline, pid)));
    process.kill(roles.find((row) => row?.role === 'dsl')!.pid, 'SIGKILL');
    const failed = await answer;
    expect([failed.status, codeOf(failed)]).to.deep.equal([503, 'worker-lost']);
    await answersAgain(
      'set pushdown = off; select 1 as a | where a = 1',
      'answers again after KILL of a DSL worker',
    );
    await until(
      async () => (await activeBackends(database, 'marker_dsl_kill')) === 0,
      DEADLINE_MS,
      'the backend has ended',
    );
  });

  it('KILL of a SQL worker that feeds stages: never half an answer', async () => {
    const { answer, pids } = await start(
      'set pushdown = off; select i from generate_series(1, 2000000000) as i | stats count() as n',
      'victim',
      2,
    );
    const roles = await Promise.all(pids.map((pid) => rowOf(forkline, pid)));
    process.kill(roles.find((row) => row?.role === 'sql')!.pid, 'SIGKILL');
    const failed = await answer;
    expect([failed.status, codeOf(failed)]).to.deep.equal([503, 'worker-lost']);
    await answersAgain(
      'set pushdown = off; select 1 as a | where a = 1',
      'answers again after KILL of a SQL worker that feeds stages',
    );
  });

  /** Runs with a deadline, and expects it to hold, and others to be served meanwhile. */
  async function expectDeadline(text: string): Promise<void> {
    const answer = forkline.query(text, {
      headers: { 'Query-Id': 'stuck' },
      body: { limits: { timeoutMs: 2000 } },
    });
    const view = await until(
      async () => {
        const { status, json } = await forkline.get('/v1/queries/stuck');
        return status === 200 && (json.workerPids as number[]).length > 0 && json.phase === 'stages'
          ? json
          : null;
      },
      DEADLINE_MS,
      'the stages run',
    );
    const rows = await Promise.all((view.workerPids as number[]).map((pid) => rowOf(forkline, pid)));
    const dslPid = rows.find((row) => row?.role === 'dsl')!.pid;
    expect(
      (await forkline.query('set pushdown = off; select 2 as a | where a = 2')).status,
      'others meanwhile',
    ).to.equal(200);
    const failed = await answer;
    expect([failed.status, codeOf(failed)]).to.deep.equal([504, 'deadline-exceeded']);
    await until(async () => (await rowOf(forkline, dslPid)) === undefined, DEADLINE_MS, 'its worker is gone');
    await answersAgain(
      'set pushdown = off; select 1 as a | where a = 1',
      'answers again after a DSL worker was killed at its deadline',
    );
  }

  it('fault 3, a stage that computes for minutes ends at its deadline; others are served meanwhile', () =>
    expectDeadline(
      "set pushdown = off; select i from generate_series(1, 1000000) as i | eval h = md5(rpad('x', 200000, 'y') || cast(i as string)) | stats dc(h)",
    ));

  it('fault 2, a DSL worker that is stopped (T) in mid-query is killed at once, long before the deadline', async () => {
    const { answer, pids } = await start(
      'set pushdown = off; select pg_sleep(20)::text as a | where true',
      'victim',
      2,
    );
    const roles = await Promise.all(pids.map((pid) => rowOf(forkline, pid)));
    const dslPid = roles.find((row) => row?.role === 'dsl')!.pid;
    process.kill(dslPid, 'SIGSTOP');
    const failed = await answer;
    expect([failed.status, codeOf(failed)]).to.deep.equal([503, 'worker-lost']);
    await until(async () => (await rowOf(forkline, dslPid)) === undefined, RECOVERY_MS, 'the pid is gone');
    await answersAgain(
      'set pushdown = off; select 1 as a | where a = 1',
      'answers again after STOP of a DSL worker',
    );
  });

  it('fault 2, a SQL worker that is stopped (T) in mid-query: found, killed, replaced; the other answers', async () => {
    const { answer, pids } = await start('select pg_sleep(30)::text as marker_sql_stop', 'stopped', 1);
    process.kill(pids[0]!, 'SIGSTOP');
    const failed = await answer;
    expect([failed.status, codeOf(failed)]).to.deep.equal([503, 'worker-lost']);
    await answersAgain('select 1 as a', 'answers again after STOP of a SQL worker');
    await atFullStrength('sql', 2);
    expect(await rowOf(forkline, pids[0]!), 'the pid is gone').to.equal(undefined);
    await until(
      async () => (await activeBackends(database, 'marker_sql_stop')) === 0,
      DEADLINE_MS,
      'the backend has ended',
    );
  });

  it('fault 19, KILL of the logger: no query fails, and every line is in the file in the end', async () => {
    const logger = (await forkline.processes()).find(({ role }) => role === 'logger')!;
    const answers: Promise<Answer>[] = [];
    for (let i = 0; i < 30; i++) {
      answers.push(forkline.query('select 1 as a', { headers: { 'Query-Id': `logged-${i}` } }));
      if (i === 10) process.kill(logger.pid, 'SIGKILL');
    }
    for (const answer of await Promise.all(answers)) expect(answer.status).to.equal(200);
    await until(
      async () => {
        const text = (await forkline.logLines()).join('\n');
        return Array.from({ length: 30 }, (_, i) => `"logged-${i}"`).every((id) => text.includes(id));
      },
      DEADLINE_MS,
      'every query is in the log',
    );
  });

  it('fault 19, STOP of the logger under load: no query waits for it, and every line is in the file in the end', async () => {
    const logger = (await forkline.processes()).find(({ role }) => role === 'logger')!;
    process.kill(logger.pid, 'SIGSTOP');
    const ids = Array.from({ length: 40 }, (_, i) => `unheard-${i}`);
    for (const id of ids) {
      const answer = await forkline.query('set pushdown = off; select 1 as a | where a = 1', {
        headers: { 'Query-Id': id },
      });
      expect(answer.status).to.equal(200);
    }
    await until(
      async () => (await rowOf(forkline, logger.pid)) === undefined,
      20_000,
      'it is found and killed',
    );
    await until(
      async () => {
        const text = (await forkline.logLines()).join('\n');
        return ids.every((id) => text.includes(`"${id}"`));
      },
      DEADLINE_MS,
      'every query is in the log',
    );
  });

  it('fault 10, KILL of the server under load: no connection is refused, workers stay, it answers again', async () => {
    const server = (await forkline.processes()).find(({ role }) => role === 'server')!;
    let stop = false;
    const refused: unknown[] = [];
    let lost = 0;
    const clients = Array.from({ length: 4 }, async () => {
      while (!stop) {
        try {
          const response = await fetch(`${forkline.url}/v1/query`, {
            method: 'POST',
            body: 'select 1 as a',
            headers: { connection: 'close' },
          });
          await response.text();
        } catch (error) {
          const code = ((error as Error).cause as { code?: string } | undefined)?.code;
          // In flight inside the killed process: lost. Refused would mean that nobody held the socket.
          if (code === 'ECONNREFUSED') refused.push(error);
          else lost++;
        }
      }
    });
    process.kill(server.pid, 'SIGKILL');
    await answersAgain('select 1 as a', 'answers again after KILL of the server');
    stop = true;
    await Promise.all(clients);
    expect(refused).to.deep.equal([]);
    recordFigure('lost with the killed server, of 4 clients at once', lost, 'requests');
    expect(lost, 'only what was inside the killed process').to.be.at.most(8);
    expect((await forkline.query('set pushdown = off; select 1 as a | where a = 1')).status).to.equal(200);
  });

  it('fault 18, HUP under load: no request fails', async () => {
    let stop = false;
    const failures: string[] = [];
    let served = 0;
    const clients = Array.from({ length: 4 }, async (_, i) => {
      while (!stop) {
        const text = i % 2 === 0 ? 'select 1 as a' : 'set pushdown = off; select 1 as a | where a = 1';
        const answer = await forkline.query(text).catch((error: Error) => error);
        if (answer instanceof Error) failures.push(String(answer.cause ?? answer));
        else if (answer.status !== 200) failures.push(answer.text);
        else served++;
      }
    });
    const before = (await forkline.processes())
      .filter(({ role }) => role !== 'monitor' && role !== 'logger')
      .map(({ pid }) => pid);
    process.kill(forkline.monitorPid, 'SIGHUP');
    await until(
      async () => {
        const now = new Set((await forkline.processes()).map(({ pid }) => pid));
        return before.every((pid) => !now.has(pid));
      },
      20_000,
      'every worker and the server are new',
    );
    stop = true;
    await Promise.all(clients);
    expect(failures).to.deep.equal([]);
    expect(served).to.be.above(0);
  });

  it('fault 18, TERM under load: what was accepted is answered, then everything is gone', async () => {
    const running = forkline.query('set pushdown = off; select pg_sleep(1)::text as a | where true', {
      headers: { 'Query-Id': 'last' },
    });
    await until(async () => (await forkline.get('/v1/queries/last')).status === 200, DEADLINE_MS);
    process.kill(forkline.monitorPid, 'SIGTERM');
    expect((await running).status).to.equal(200);
    expect(await forkline.exited).to.equal(0);
    await kept.stop();
  });
});
