/** Sessions of the MariaDB connector in the test's own process. */
import { createCallControl } from '../../connectors/kit/call-control.ts';
import type { Connection, Session } from '../../connectors/kit/connector.ts';
import { MARIADB_CONNECTOR } from '../../connectors/mariadb/connector.ts';
import type { Cancellation } from '../../core/process/cancellation.ts';

const CALL_MS = 60_000;

function mariadbConnection(url: string): Connection {
  return MARIADB_CONNECTOR.connect(
    { kind: 'mariadb', url },
    { name: 'shop', workerId: 'test', connectTimeoutMs: 5000 },
  );
}

export async function openMariadb(url: string): Promise<Session> {
  return (await mariadbConnection(url).open()).session;
}

/** Resolves to the error of a connection that cannot be opened. */
export async function connectProblem(url: string): Promise<string> {
  const connection = mariadbConnection(url);
  const thrown = await connection.open().then(
    async ({ session }) => {
      await session.end();
      return undefined;
    },
    (error: unknown) => error,
  );
  if (thrown === undefined) return 'it opened';
  const { code, message } = connection.failureOf(thrown).error;
  return `${code}: ${message}`;
}

/** Resolves to the answer's text. `onStart` gets the call's cancellation. */
export async function askMariadb(
  session: Session,
  sql: string,
  onStart: (cancellation: Cancellation) => void = () => {},
  maxRowBytes = 64 * 1024 * 1024,
  hasRoom: () => boolean = () => true,
): Promise<string> {
  const control = createCallControl(Date.now() + CALL_MS);
  const pieces: Buffer[] = [];
  const sink = {
    write(bytes: Buffer, onWritten: () => void) {
      pieces.push(Buffer.from(bytes));
      onWritten();
      return hasRoom();
    },
    setOnDrain() {},
  };
  const base = {
    queryId: 'q',
    connection: 'shop',
    functions: [],
    parameters: [],
    deadlineAt: control.deadlineAt,
  };
  const limits = { capRows: null, maxRows: 1e6, maxBytes: 1e9 };
  const answer = { format: 'ndjson', rows: 'arrays', numbers: 'number' } as const;
  try {
    const asked = session.run({ ...base, sql, answer, limits, maxRowBytes }, sink, control);
    onStart(control.cancellation);
    await asked;
    return Buffer.concat(pieces).toString();
  } finally {
    control.dispose();
  }
}
