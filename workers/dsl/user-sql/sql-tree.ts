/**
 * A user's SQL for the stage engine as the tree that the engine itself parses it into. Only SELECTs have one. Nothing is
 * looked up and nothing is computed while it is made.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { QueryError } from '../../../core/protocol/errors.ts';

/** An object of the tree. */
export type TreeNode = Readonly<Record<string, unknown>>;

type Serialized =
  | { readonly error: false; readonly statements: readonly { readonly node: TreeNode }[] }
  | {
      readonly error: true;
      readonly error_message: string;
      readonly error_type: string;
      readonly position?: string;
    };

const PARSER_DEPTH = /Max expression depth limit|memory exhausted/;

/** The node of the one SELECT in `sql`. Throws QueryError. */
export async function parseSelect(connection: DuckDBConnection, sql: string): Promise<TreeNode> {
  const statement = await connection.prepare('SELECT json_serialize_sql($1::VARCHAR)');
  statement.bindVarchar(1, sql);
  const [[text]] = (await statement.runAndReadAll()).getRows() as [[string]];
  const tree = JSON.parse(text) as Serialized;
  if (tree.error) throw refusal(tree);
  const [only, ...more] = tree.statements;
  if (only === undefined || more.length > 0)
    throw new QueryError('multiple-statements', '`sql` takes one SELECT', { hint: 'write one SELECT' });
  return only.node;
}

function refusal({ error_message, error_type, position }: Extract<Serialized, { error: true }>): QueryError {
  if (PARSER_DEPTH.test(error_message))
    return new QueryError('nesting-too-deep', 'this SQL is nested deeper than the stage engine reads', {
      hint: 'write less in one another, or split it into several `sql` stages',
    });
  // A PIVOT that does not list its values becomes several statements.
  if (error_type === 'not implemented')
    return new QueryError('sql-error', 'this SQL would run as several statements, or is no SELECT', {
      hint: 'a PIVOT must list its values: `for c in (...)`',
    });
  // Here it counts characters, and in the tree bytes.
  const details = position === undefined ? {} : { sqlPosition: Number(position) + 1 };
  return new QueryError('sql-syntax', error_message.replaceAll('\n', '; ').trim(), details);
}

/** The place in `sql` that the engine gives in bytes; it gives none for much that it adds itself. */
export function positionAt(sql: string, byteOffset: unknown): { sqlPosition?: number } {
  const bytes = Buffer.from(sql);
  if (typeof byteOffset !== 'number' || byteOffset < 0 || byteOffset > bytes.length) return {};
  return { sqlPosition: [...bytes.subarray(0, byteOffset).toString()].length + 1 };
}
