/** The `run-sql` call: a statement's rows encoded as they arrive; the database is paused while the server's socket is full. */
import { type AnswerSummary, refuseNames } from '../../core/protocol/answer.ts';
import type { RunSqlCall } from '../../core/protocol/sql-worker.ts';
import { columnOf } from '../../language/dialects/mariadb/types.ts';
import { Answer, refuseSameNames, textAnswerOf } from '../kit/answer.ts';
import type { CallControl } from '../kit/call-control.ts';
import type { ByteSink } from '../kit/connector.ts';
import { WriterStock } from '../kit/encode/byte-writer.ts';
import { rowLayout } from '../kit/encode/row-encoder.ts';
import { noRows } from './describe.ts';
import { exchange } from './exchange.ts';
import { allAsExpected } from './expected.ts';
import { judgeSql } from './guard/judge.ts';
import { boundStatement } from './parameters.ts';
import { answerEncoder } from './rows/row-encoders.ts';
import type { RowTaker, WireSession } from './wire-session.ts';

/** All answers of this process take their buffers from it. */
const BUFFERS = new WriterStock();

export async function runStatement(
  session: WireSession,
  call: RunSqlCall,
  allowed: readonly string[],
  sink: ByteSink,
  control: CallControl,
): Promise<AnswerSummary> {
  judgeSql(call.sql, allowed);
  const { text, values } = boundStatement(call);
  const { capRows, maxRows } = call.limits;
  const answer = new Answer(
    call,
    (bytes) => {
      if (!sink.write(bytes, () => BUFFERS.give(bytes))) session.pause();
    },
    BUFFERS,
  );
  const taker = new AnswerRows(session, call, answer);
  sink.setOnDrain(() => session.resume());
  try {
    const atMost = Math.min(capRows ?? maxRows, maxRows) + 1;
    await exchange(
      session,
      { sql: text, described: call.described ?? [], atMost, run: () => ({ values, taker }) },
      control,
    );
    if (!taker.hasBegun) throw noRows();
    return answer.finish();
  } finally {
    sink.setOnDrain(null);
  }
}

class AnswerRows implements RowTaker {
  readonly maxRowBytes: number;
  readonly #session: WireSession;
  readonly #call: RunSqlCall;
  readonly #answer: Answer;
  #hasBegun = false;

  constructor(session: WireSession, call: RunSqlCall, answer: Answer) {
    this.#session = session;
    this.#call = call;
    this.#answer = answer;
    this.maxRowBytes = call.maxRowBytes;
  }

  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  onColumns(found: Parameters<RowTaker['onColumns']>[0]): void {
    const options = textAnswerOf(this.#call);
    const { expect } = this.#call;
    const described = expect === undefined ? found : allAsExpected(found, expect);
    refuseSameNames(described);
    const columns = described.map(columnOf);
    refuseNames(columns, options);
    this.#hasBegun = true;
    this.#answer.begin(answerEncoder(described, rowLayout(columns, options), options));
  }

  onRow(bytes: Buffer, start: number, end: number): void {
    if (!this.#answer.add(bytes, start, end)) this.#session.discard(null);
  }

  onChunkEnd(): void {}

  tooLarge(bytes: number): ReturnType<Answer['longRow']> {
    return this.#answer.longRow(bytes);
  }
}
