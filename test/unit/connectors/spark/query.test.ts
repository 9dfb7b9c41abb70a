import { tableFromArrays } from 'apache-arrow';
import { expect } from 'chai';
import type { Session } from '../../../../connectors/kit/connector.ts';
import type { Cancellation } from '../../../../core/process/cancellation.ts';
import { QueryError } from '../../../../core/protocol/errors.ts';
import { FAKE_STATUS, type FakeSpark, type FakeStream, fakeSpark } from '../../../support/fake-spark.ts';
import { askSpark, openSpark, type SparkQuestion } from '../../../support/spark-session.ts';
import { until } from '../../../support/until.ts';

const FIELDS = [{ name: 'n', type: { double: {} } }];
const rows = (...values: readonly number[]) => tableFromArrays({ n: Float64Array.from(values) });

describe('A query on Spark', function () {
  this.timeout(60_000);
  let spark: FakeSpark;
  let session: Session;
  let execute: (stream: FakeStream) => void;
  let analyzeError: string | null;
  let silent: string | null = null;

  before(async () => {
    spark = await fakeSpark({
      fields: FIELDS,
      execute: (stream) => execute(stream),
      analyzeError: () => analyzeError,
      isSilent: (method) => method === silent,
    });
    analyzeError = null;
    session = await openSpark(spark.url);
  });
  beforeEach(() => {
    analyzeError = null;
    silent = null;
    execute = (stream) => {
      stream.batch(rows(1, 2));
      stream.batch(rows(3));
      stream.complete();
      stream.end();
    };
  });
  afterEach(() => until(() => spark.sessions.size === 0, 10_000, 'all sessions are released'));
  after(async () => {
    await session.end();
    await spark[Symbol.asyncDispose]();
  });

  const ask = (question: SparkQuestion = {}) => askSpark(session, 'select n from t', question);
  const numbers = async (question: SparkQuestion = {}) =>
    [...(await ask(question)).matchAll(/^\[([\d.]+)\]$/gm)].map(([, text]) => Number(text));
  const problem = async (question: SparkQuestion = {}) => {
    const thrown = await ask(question).then(
      (answer) => answer,
      (error: unknown) => error,
    );
    if (thrown instanceof QueryError) return `${thrown.code}: ${thrown.message}`;
    return `answered ${String(thrown)}`;
  };

  it('has its rows, in a session of its own with its id as tag', async () => {
    expect(await numbers()).to.deep.equal([1, 2, 3]);
    const [{ request } = { request: null }] = spark.named('ExecutePlan').slice(-1);
    expect(request!.tags).to.deep.equal(['forkline-q-1']);
    expect(request!.plan!.root.sql!.query).to.equal('SELECT * FROM (\nselect n from t\n)');
    const before = spark.named('ExecutePlan').length;
    await Promise.all([numbers()]);
    const [one, other] = spark.named('ExecutePlan').slice(before - 1);
    expect(one!.request.session_id).not.to.equal(other!.request.session_id);
  });

  it('has settings of its own in its session, which must stay the same one', async () => {
    await numbers();
    const [config] = spark.named('Config').slice(-1);
    const [execute] = spark.named('ExecutePlan').slice(-1);
    const pairs = config!.request.operation!.set.pairs.map(({ key, value }) => `${key}=${value}`);
    expect(pairs).to.include.members([
      'spark.sql.ansi.enabled=true',
      'spark.sql.session.timeZone=UTC',
      'spark.sql.ansi.doubleQuotedIdentifiers=false',
      'spark.sql.variable.substitute=false',
      'spark.sql.execution.arrow.useLargeVarTypes=false',
      'spark.sql.execution.arrow.compression.codec=none',
    ]);
    expect(config!.request.session_id).to.equal(execute!.request.session_id);
    expect(execute!.request.client_observed_server_side_session_id).to.equal(
      `server-${config!.request.session_id}`,
    );
  });

  it('ends as soon as it is cancelled, also while Spark describes it', async () => {
    silent = 'AnalyzePlan';
    const before = spark.named('AnalyzePlan').length;
    const onStart = async (cancellation: Cancellation): Promise<void> => {
      await until(() => spark.named('AnalyzePlan').length > before, 10_000, 'Spark is asked');
      cancellation.cancel(new QueryError('cancelled', 'enough'));
    };
    let ended: string | null = null;
    void problem({ onStart, deadlineMs: 3_600_000 }).then((told) => {
      ended = told;
    });
    // Without the cancel it ends with the call's own deadline, an hour later.
    await until(() => ended !== null, 30_000, 'the query ends');
    expect(ended).to.equal('cancelled: enough');
    expect(session.usable).to.equal(true);
  });

  for (const method of ['AnalyzePlan', 'Config'])
    it(`that got no answer to ${method} in its time is the last one of its connection`, async () => {
      const own = await openSpark(spark.url);
      silent = method;
      const asked = askSpark(own, 'select n from t', { deadlineMs: 300 });
      const thrown = await asked.then(
        () => null,
        (error: unknown) => error,
      );
      expect((thrown as QueryError).code).to.equal('deadline-exceeded');
      expect(own.usable).to.equal(false);
      silent = null;
      await own.end();
    });

  it('that ran out of time while its rows came leaves a connection for others', async () => {
    execute = (stream) => {
      stream.batch(rows(1));
      void stream.interrupted.then(() => stream.fail(FAKE_STATUS.INTERNAL, '[OPERATION_CANCELED] enough'));
    };
    expect(await problem({ deadlineMs: 300 })).to.match(/^deadline-exceeded: /);
    expect(session.usable).to.equal(true);
  });

  it('is no answer when its rows end without the mark that they are complete', async () => {
    execute = (stream) => {
      if (stream.after === null) stream.batch(rows(1, 2));
      stream.end();
    };
    expect(await problem()).to.equal('database-unavailable: Spark ended the rows before they were complete');
    execute = (stream) => stream.end();
    expect(await problem()).to.equal('database-unavailable: Spark ended the rows before they were complete');
  });

  it('goes on behind the last response when the stream breaks, or ends early', async () => {
    const taken: (string | null)[] = [];
    execute = (stream) => {
      taken.push(stream.after);
      if (stream.after === null) {
        stream.batch(rows(1), 'first');
        stream.end();
      } else if (stream.after === 'first') {
        stream.batch(rows(2), 'second');
        stream.drop();
      } else {
        stream.batch(rows(3), 'third');
        stream.complete();
        stream.end();
      }
    };
    expect(await numbers()).to.deep.equal([1, 2, 3]);
    expect(taken).to.deep.equal([null, 'first', 'second']);
  });

  it('fails when the stream breaks before it began', async () => {
    execute = (stream) => stream.drop();
    expect(await problem()).to.equal('database-unavailable: the connection to Spark was lost');
  });

  it('fails when Spark has forgotten it', async () => {
    execute = (stream) => {
      if (stream.after !== null)
        return stream.fail(
          FAKE_STATUS.INTERNAL,
          '[INVALID_HANDLE.SESSION_CLOSED] The handle is invalid. Session was closed. SQLSTATE: HY000',
        );
      stream.batch(rows(1));
      stream.end();
    };
    expect(await problem()).to.match(/^database-unavailable: The handle.*Session was closed/);
  });

  it('fails when a batch is missing between others', async () => {
    execute = (stream) => {
      stream.batch(rows(1), 'a', 0);
      stream.batch(rows(3), 'b', 2);
      stream.complete();
      stream.end();
    };
    expect(await problem()).to.equal('database-unavailable: rows are missing between those that Spark sent');
  });

  it('is interrupted in Spark by its id, when it is cancelled and at its deadline', async () => {
    let operationId = '';
    execute = (stream) => {
      operationId = stream.operationId;
      stream.batch(rows(1));
      void stream.interrupted.then(() => stream.end());
    };
    const before = spark.named('Interrupt').length;
    const cancelled = new QueryError('cancelled', 'the client went away');
    const asked = problem({
      onStart: (cancellation) =>
        void until(() => operationId !== '', 10_000).then(() => cancellation.cancel(cancelled)),
    });
    expect(await asked).to.equal('cancelled: the client went away');
    await until(() => spark.named('Interrupt').length === before + 1, 10_000);
    expect(spark.named('Interrupt').at(-1)!.request).to.include({
      operation_id: operationId,
      interrupt_type: 'INTERRUPT_TYPE_OPERATION_ID',
    });
    expect(await problem({ deadlineMs: 300 })).to.equal(
      'deadline-exceeded: the query did not end in the time it had',
    );
    await until(() => spark.named('Interrupt').length === before + 2, 10_000);
  });

  it('is interrupted when the client has enough rows', async () => {
    const before = spark.named('Interrupt').length;
    execute = (stream) => {
      stream.batch(rows(1, 2, 3));
      void stream.interrupted.then(() => stream.end());
    };
    expect(await problem({ maxRows: 2 })).to.equal('result-too-large: the result has more than 2 rows');
    await until(() => spark.named('Interrupt').length === before + 1, 10_000);
  });

  it('tells what Spark says, at its place in the text', async () => {
    analyzeError =
      '[UNRESOLVED_COLUMN.WITH_SUGGESTION] A column `n` cannot be resolved. SQLSTATE: 42703; line 2, pos 7;\n' +
      "'Project ['n]\n+- OneRowRelation";
    const thrown = await ask().catch((error: unknown) => error);
    expect(thrown).to.be.instanceOf(QueryError);
    const { code, message, details } = thrown as QueryError;
    expect([code, message, details.sqlPosition, details.sqlstate]).to.deep.equal([
      'unknown-column',
      'A column `n` cannot be resolved.',
      8,
      '42703',
    ]);
  });

  it('knows the class of an error that begins with a new line, as those of its parser do', async () => {
    analyzeError = "\n[PARSE_SYNTAX_ERROR] Syntax error at or near 'frm'. SQLSTATE: 42601 (line 2, pos 9)";
    expect(await problem()).to.equal("sql-syntax: Syntax error at or near 'frm'.");
  });

  it('tells of a batch that is too large for a message', async () => {
    execute = (stream) =>
      stream.fail(FAKE_STATUS.RESOURCE_EXHAUSTED, 'Received message larger than max (9 vs 8)');
    expect(await problem()).to.match(/^result-too-large: /);
  });

  it('is over in Spark before its session is released, when it was interrupted', async () => {
    let end = (): void => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    await using spark = await fakeSpark({
      fields: FIELDS,
      execute(stream) {
        if (stream.after === null) stream.progress(1, 4);
        else void ended.then(() => stream.fail(FAKE_STATUS.INTERNAL, '[OPERATION_CANCELED] as it was asked'));
      },
    });
    const session = await openSpark(spark.url);
    await until(() => spark.sessions.size === 0, 10_000, 'the session of the connection is released');
    const asked = askSpark(session, 'select 1', {
      onStart: (cancellation) =>
        void until(() => spark.named('ExecutePlan').length > 0, 10_000, 'it runs').then(() =>
          cancellation.cancel(new QueryError('cancelled', 'enough')),
        ),
    });
    expect(await asked.catch((error: unknown) => error)).to.include({ code: 'cancelled' });
    await until(() => spark.named('ReattachExecute').length > 0, 10_000, 'its end is waited for');
    expect(spark.sessions.size, 'sessions while it ends').to.equal(1);
    end();
    await until(() => spark.sessions.size === 0, 10_000, 'it is released');
    await session.end();
  });

  it('asks again for the end of its session where Spark was too busy', async () => {
    await using spark = await fakeSpark({ releasesLost: 2 });
    const session = await openSpark(spark.url);
    await until(() => spark.sessions.size === 0, 10_000, 'the session of the connection is released');
    expect(spark.named('ReleaseSession')).to.have.length(3);
    await session.end();
  });

  it('leaves no session behind after 500 queries that end in every way', async () => {
    let query = 0;
    execute = (stream) => {
      const way = query % 5;
      if (way === 1) return stream.fail(FAKE_STATUS.INTERNAL, '[DIVIDE_BY_ZERO] Division by zero.');
      stream.batch(rows(1));
      if (way === 2 && stream.after === null) return stream.drop();
      if (way === 3) return void stream.interrupted.then(() => stream.end());
      stream.complete();
      stream.end();
    };
    const gone = new QueryError('cancelled', 'gone');
    for (; query < 500; query++)
      await problem({
        onStart: (cancellation) => void (query % 5 === 3 && setImmediate(() => cancellation.cancel(gone))),
      });
    await until(() => spark.sessions.size === 0, 20_000, 'all sessions are released');
    expect(spark.named('ExecutePlan').length).to.be.greaterThan(400);
  });
});
