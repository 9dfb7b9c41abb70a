/**
 * Finds the SQL names of parameter types, for casts. The common ones are known here. For any other (an enum, a domain, a type
 * of an extension) the database is asked once per connection; it returns the name with schema and quotes where needed.
 */
import { QueryError } from '../../core/protocol/errors.ts';
import type { NativeType } from '../../core/protocol/types.ts';
import { castTypeName, postgresTypeOf } from '../../language/dialects/postgres/types.ts';
import type { CallControl } from '../kit/call-control.ts';
import { statementError } from './errors.ts';
import { runReadOnly } from './read-only-transaction.ts';
import { BackendMessage } from './wire/backend-parser.ts';
import { bindMessage, EXECUTE, parseMessage } from './wire/frontend-messages.ts';
import type { WireSession } from './wire-session.ts';

/** Cached names by OID; each configured connection has its own. */
export type TypeNames = Map<number, string>;

/** Returns the names of `types`, in order. Costs one more round trip when some of them are new. */
export async function resolveTypeNames(
  session: WireSession,
  types: readonly NativeType[],
  known: TypeNames,
  control: CallControl,
): Promise<string[]> {
  const names: string[] = [];
  for (const type of types)
    names.push(castTypeName(type) ?? (await learnedName(session, type, known, control)));
  return names;
}

async function learnedName(
  session: WireSession,
  type: NativeType,
  known: TypeNames,
  control: CallControl,
): Promise<string> {
  const { oid } = postgresTypeOf(type);
  const name = known.get(oid) ?? (await askTypeName(session, oid, control));
  known.set(oid, name);
  return name;
}

async function askTypeName(session: WireSession, oid: number, control: CallControl): Promise<string> {
  let name: string | null = null;
  const error = await runReadOnly(session, control, {
    messages: [
      parseMessage(
        'select pg_catalog.format_type(oid, null) from pg_catalog.pg_type where oid = $1::pg_catalog.oid',
      ),
      bindMessage([String(oid)]),
      EXECUTE,
    ],
    handler: {
      onMessage(type, bytes, start, end) {
        // The row has one column: u16 count, i32 length, text.
        if (type === BackendMessage.dataRow) name = bytes.toString('utf8', start + 6, end);
      },
    },
  });
  if (error !== null) throw statementError(error);
  if (name === null) throw new QueryError('stale-plan', `a parameter's type (${oid}) no longer exists`);
  return name;
}
