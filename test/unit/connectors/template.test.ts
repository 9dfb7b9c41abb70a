/** The template of a connector (docs/connectors.md), held to what every connector has to do. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { createCallControl } from '../../../connectors/kit/call-control.ts';
import type { Session } from '../../../connectors/kit/connector.ts';
import type { Row } from '../../../connectors/kit/row-writer.ts';
import { QueryError } from '../../../core/protocol/errors.ts';
import type { Column } from '../../../core/protocol/types.ts';
import { connectTemplate, type TemplateTable } from '../../fixtures/connectors/template.ts';
import { takeInput } from '../../support/input-taker.ts';

const COLUMNS: readonly Column[] = [
  { name: 'n', type: { kind: 'int64' } },
  { name: 't', type: { kind: 'string' } },
];
const OPTIONS = { name: 'mine', workerId: 'test', connectTimeoutMs: 1000 };
const CALL = { queryId: 'q', connection: 'mine', functions: [], parameters: [], maxRowBytes: 1000 };
const LIMITS = { capRows: null, maxRows: 1000, maxBytes: 1e6 };

async function* few(): AsyncGenerator<readonly Row[]> {
  yield [
    [1, 'one'],
    [2, null],
  ];
  yield [[3, 'th"ree']];
}

/** Rows without an end; counts those that begin and those that were ended. */
function endless() {
  const seen = { begun: 0, ended: 0 };
  async function* rows(): AsyncGenerator<readonly Row[]> {
    seen.begun++;
    try {
      for (let n = 0; ; n++) {
        await new Promise((resolve) => setImmediate(resolve));
        yield [[n, 'more']];
      }
    } finally {
      seen.ended++;
    }
  }
  return { seen, table: { columns: COLUMNS, rows } };
}

async function openWith(table: TemplateTable): Promise<Session> {
  const { session } = await connectTemplate({ tables: new Map([['things', table]]) }, OPTIONS).open();
  return session;
}

function callOf(sql: string) {
  const control = createCallControl(Date.now() + 60_000);
  return { call: { ...CALL, sql, deadlineAt: control.deadlineAt }, control };
}

async function answer(session: Session, format: 'json' | 'ndjson' | 'csv', capRows: number | null = null) {
  const { call, control } = callOf('things');
  let text = '';
  const sink = {
    write(bytes: Buffer, onWritten: () => void) {
      text += bytes.toString();
      onWritten();
      return true;
    },
    setOnDrain() {},
  };
  const options = { format, rows: 'objects', numbers: 'number' } as const;
  try {
    const summary = await session.run(
      { ...call, answer: options, limits: { ...LIMITS, capRows } },
      sink,
      control,
    );
    return { text, ...summary };
  } finally {
    control.dispose();
  }
}

async function problemOf(asked: Promise<unknown>): Promise<QueryError> {
  const thrown = await asked.then(
    () => null,
    (error: unknown) => error,
  );
  expect(thrown).to.be.instanceOf(QueryError);
  return thrown as QueryError;
}

describe('a connector made from the template', () => {
  it('describes without running, and says where a mistake is', async () => {
    const { seen, table } = endless();
    const session = await openWith(table);
    const { call, control } = callOf('things');
    const { columns } = await session.describe(call, control);
    expect(columns.map(({ name }) => name)).to.deep.equal(['n', 't']);
    expect(seen.begun).to.equal(0);
    const wrong = await problemOf(session.describe({ ...call, sql: 'nothing' }, control));
    expect(wrong.details.sqlPosition).to.equal(1);
    control.dispose();
  });

  it('answers in every text format, and stops at what the client wants', async () => {
    const session = await openWith({ columns: COLUMNS, rows: few });
    expect((await answer(session, 'ndjson')).text).to.equal(
      '{"n":1,"t":"one"}\n{"n":2,"t":null}\n{"n":3,"t":"th\\"ree"}\n',
    );
    expect((await answer(session, 'csv')).text).to.equal('n,t\r\n1,one\r\n2,\r\n3,"th""ree"\r\n');
    const { seen, table } = endless();
    const capped = await answer(await openWith(table), 'json', 5);
    expect(capped).to.include({ rows: 5, complete: false });
    expect(seen).to.deep.equal({ begun: 1, ended: 1 });
  });

  it('ends with the reason of a cancellation, and is usable again', async () => {
    const { seen, table } = endless();
    const session = await openWith(table);
    const { call, control } = callOf('things');
    const sink = { write: () => true, setOnDrain() {} };
    const options = { format: 'ndjson', rows: 'objects', numbers: 'number' } as const;
    const limits = { ...LIMITS, maxRows: 1e9, maxBytes: 1e12 };
    const asked = problemOf(session.run({ ...call, answer: options, limits }, sink, control));
    expect(session.usable).to.equal(false);
    control.cancellation.cancel(new QueryError('cancelled', 'the client is gone'));
    expect((await asked).code).to.equal('cancelled');
    expect(seen).to.deep.equal({ begun: 1, ended: 1 });
    expect(session.usable).to.equal(true);
    control.dispose();
  });

  it('copies the columns that are expected for stages, and notices that they changed', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'forkline-template-'));
    const fifo = join(dir, 'input');
    const session = await openWith({ columns: COLUMNS, rows: few });
    const { call, control } = callOf('things');
    const { columns } = await session.describe(call, control);
    const taken = takeInput(fifo);
    const copied = await session.copyTo(
      { ...call, parameterTypes: [], expect: columns.slice(1), fifo },
      control,
    );
    expect(copied).to.include({ rows: 3, readerClosed: false });
    const bytes = await taken.bytes;
    expect(bytes.subarray(-2)).to.deep.equal(Buffer.from([0xff, 0xff]));
    expect(bytes.includes('th"ree')).to.equal(true);
    const other = [{ name: 't', type: columns[0]!.type }];
    const stale = await problemOf(
      session.copyTo({ ...call, parameterTypes: [], expect: other, fifo }, control),
    );
    expect(stale.code).to.equal('stale-plan');
    control.dispose();
    rmSync(dir, { recursive: true });
  });

  it('lists its tables, and says that it cannot be reached', async () => {
    const session = await openWith({ columns: COLUMNS, rows: few });
    const { call, control } = callOf('');
    const { tables } = await session.introspect({ ...call, maxColumns: 10 }, control);
    expect(tables.map(({ name }) => name)).to.deep.equal(['things']);
    control.dispose();
    const away = connectTemplate({ tables: null }, OPTIONS);
    const thrown = await away.open().catch((error: unknown) => error);
    expect(away.failureOf(thrown).error.message).to.contain('"mine" is not available');
    const dead = new Promise<void>((resolve) => session.onDead(resolve));
    await session.end();
    await dead;
    expect(session.usable).to.equal(false);
  });
});
