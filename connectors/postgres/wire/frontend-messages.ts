/**
 * Makes the messages that are sent to PostgreSQL with each query, in buffers of just their length: pg-protocol's serializer
 * allocates a larger buffer for each message, ten for a small query (docs/performance.md). Constant messages are made once.
 * The format is described in https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
import { serialize } from 'pg-protocol';
import { QueryError } from '../../../core/protocol/errors.ts';

const PARSE = 'P'.charCodeAt(0);
const QUERY = 'Q'.charCodeAt(0);
const FUNCTION_CALL = 'F'.charCodeAt(0);
const MAX_PARAMETERS = 0xffff;

export const BIND_NOTHING: Buffer = Buffer.from(serialize.bind({ values: [] }));
const BIND_NOTHING_FOR_BINARY: Buffer = Buffer.from(serialize.bind({ binary: true, values: [] }));
export const DESCRIBE_STATEMENT: Buffer = Buffer.from(serialize.describe({ type: 'S' }));
export const DESCRIBE_PORTAL: Buffer = Buffer.from(serialize.describe({ type: 'P' }));
export const EXECUTE: Buffer = Buffer.from(serialize.execute());
export const SYNC: Buffer = Buffer.from(serialize.sync());

/** Returns Parse for the unnamed statement, without parameter types. */
export function parseMessage(text: string): Buffer {
  const textBytes = Buffer.byteLength(text);
  const message = Buffer.allocUnsafe(1 + 4 + 1 + textBytes + 1 + 2);
  message[0] = PARSE;
  message.writeInt32BE(message.length - 1, 1);
  message[5] = 0;
  message.write(text, 6);
  message.fill(0, 6 + textBytes);
  return message;
}

/** Returns Bind of the unnamed portal to the unnamed statement, with values as text. Throws bad-parameter. */
export function bindMessage(values: readonly (string | null)[]): Buffer {
  return values.length === 0 ? BIND_NOTHING : bindValues(values, false);
}

/** Returns the same Bind, for rows whose values come in binary form. */
export function bindForBinary(values: readonly (string | null)[]): Buffer {
  return values.length === 0 ? BIND_NOTHING_FOR_BINARY : bindValues(values, true);
}

function bindValues(values: readonly (string | null)[], binary: boolean): Buffer {
  if (values.length > MAX_PARAMETERS)
    throw new QueryError('bad-parameter', `${values.length} parameters are too many`);
  return serialize.bind({ binary, values: [...values] });
}

/** Returns Execute for at most `rows` rows; 0 means all. */
export function executeMessage(rows: number): Buffer {
  return rows === 0 ? EXECUTE : serialize.execute({ rows });
}

/** Returns Query of the simple protocol, which may have several statements. */
export function queryMessage(text: string): Buffer {
  const textBytes = Buffer.byteLength(text);
  const message = Buffer.allocUnsafe(1 + 4 + textBytes + 1);
  message[0] = QUERY;
  message.writeInt32BE(message.length - 1, 1);
  message.write(text, 5);
  message[5 + textBytes] = 0;
  return message;
}

/** Returns FunctionCall for a function without arguments, with its result as text. Like Query and Sync it is answered by ReadyForQuery. */
export function functionCallMessage(oid: number): Buffer {
  const message = Buffer.alloc(1 + 4 + 4 + 3 * 2);
  message[0] = FUNCTION_CALL;
  message.writeInt32BE(message.length - 1, 1);
  message.writeInt32BE(oid, 5);
  return message;
}
