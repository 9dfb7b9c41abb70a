/** Sessions of the Spark connector in the test's own process. */
import { createCallControl } from '../../connectors/kit/call-control.ts';
import type { Connection, Session } from '../../connectors/kit/connector.ts';
import { SPARK_CONNECTOR } from '../../connectors/spark/connector.ts';
import type { Cancellation } from '../../core/process/cancellation.ts';
import type { SparkConnection } from '../../core/protocol/connection.ts';

const CALL_MS = 120_000;
const LIMITS = { capRows: null, maxRows: 1e6, maxBytes: 1e9 };

export function sparkConnection(url: string, more: Partial<SparkConnection> = {}): Connection {
  return SPARK_CONNECTOR.connect(
    { kind: 'spark', url, ...more },
    { name: 'lake', workerId: 'test', connectTimeoutMs: 20_000 },
  );
}

export async function openSpark(url: string, more: Partial<SparkConnection> = {}): Promise<Session> {
  return (await sparkConnection(url, more).open()).session;
}

/** Resolves to the error of a connection that cannot be opened. */
export async function sparkProblem(url: string, more: Partial<SparkConnection> = {}): Promise<string> {
  const connection = sparkConnection(url, more);
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

export interface SparkQuestion {
  readonly parameters?: readonly (string | null)[];
  readonly maxRows?: number;
  readonly deadlineMs?: number;
  /** Gets the call's cancellation. */
  readonly onStart?: (cancellation: Cancellation) => void;
}

/** Resolves to the answer's text, in NDJSON with arrays. */
export async function askSpark(
  session: Session,
  sql: string,
  { parameters = [], maxRows = 1e6, deadlineMs = CALL_MS, onStart = () => {} }: SparkQuestion = {},
): Promise<string> {
  const control = createCallControl(Date.now() + deadlineMs);
  const pieces: Buffer[] = [];
  const sink = {
    write(bytes: Buffer, onWritten: () => void) {
      pieces.push(Buffer.from(bytes));
      onWritten();
      return true;
    },
    setOnDrain() {},
  };
  const answer = { format: 'ndjson', rows: 'arrays', numbers: 'string' } as const;
  try {
    const asked = session.run(
      {
        ...{ queryId: 'q-1', connection: 'lake', functions: [], sql, parameters, answer },
        ...{ deadlineAt: control.deadlineAt, limits: { ...LIMITS, maxRows }, maxRowBytes: 64 * 1024 * 1024 },
      },
      sink,
      control,
    );
    onStart(control.cancellation);
    await asked;
    return Buffer.concat(pieces).toString();
  } finally {
    control.dispose();
  }
}
