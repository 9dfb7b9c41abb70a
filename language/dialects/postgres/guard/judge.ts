/**
 * The verdict over one SQL text, by PostgreSQL's own grammar: one statement that only reads, no function that is known to do
 * more, and the list of those that the database's catalogue must be asked about (function-check.ts). It is defence
 * in depth, in front of the extended protocol (one statement), the READ ONLY transaction that always ends in ROLLBACK,
 * and the role's grants, which are the boundary; docs/security.md says what no parse can see.
 *
 * Pure but for the loaded grammar. `loadGrammar` must have resolved.
 */
import { QueryError } from '../../../../core/protocol/errors.ts';
import type { FunctionUse } from '../../../../core/protocol/plan.ts';
import type { JudgedSql } from '../../judge.ts';
import { positionOf, tokenizeSql } from '../tokens.ts';
import { ALLOWED_FUNCTIONS } from './allowed-functions.ts';
import { BytePositions } from './byte-positions.ts';
import { type FoundName, type FoundRefusal, findNames, firstLocation } from './found-names.ts';
import { type ParsedStatement, parseSql } from './grammar.ts';
import { requireParsable } from './limits.ts';
import { READ_ONLY_HINT, REFUSED_CLAUSES, refusedFunction, statementName } from './refusals.ts';
import { REFUSED_ATTRIBUTES } from './refused-attributes.ts';

/**
 * Throws empty-query, sql-syntax, multiple-statements, nesting-too-deep and read-only as QueryError, each with
 * sqlPosition; JudgeBroken. `allowed`: functions that the connection's configuration allows, `schema.name`.
 */
export function judgeSql(sql: string, allowed: readonly string[]): JudgedSql {
  refuseNul(sql);
  requireParsable(sql);
  const { stmt } = onlyStatement(sql, parseSql(sql));
  const { names, refusal } = findNames(stmt);
  if (refusal !== null) throw refusedPart(sql, stmt, refusal);
  return { copyable: 'SelectStmt' in stmt, functions: usesOf(sql, names, allowed) };
}

function refuseNul(sql: string): void {
  const at = sql.indexOf('\0');
  if (at === -1) return;
  throw new QueryError('sql-syntax', 'the SQL contains a NUL character', {
    sqlPosition: positionOf(sql, at),
  });
}

function onlyStatement(sql: string, statements: readonly ParsedStatement[]): ParsedStatement {
  const [first, second] = statements;
  if (first === undefined)
    throw new QueryError('empty-query', 'there is no SQL statement', { sqlPosition: 1 });
  if (second === undefined) return first;
  throw new QueryError('multiple-statements', 'only one statement may be sent at a time', {
    sqlPosition: bytePosition(sql, firstLocation(second) ?? second.stmt_location ?? 0),
    hint: 'Send each statement as a query of its own.',
  });
}

function refusedPart(sql: string, stmt: object, { kind, name, node }: FoundRefusal): QueryError {
  if (kind === 'clause') {
    const { shown, hint } = REFUSED_CLAUSES[name]!;
    const sqlPosition = name === 'lockingClause' ? lockPosition(sql) : placeOf(sql, node);
    return new QueryError('read-only', `${shown} may not be run`, { hint, sqlPosition });
  }
  const isWhole = name in stmt;
  const shown = 'ExplainStmt' in stmt && !isWhole ? `EXPLAIN of ${statementName(name)}` : statementName(name);
  const hint =
    'ExplainStmt' in stmt ? 'EXPLAIN takes what a query may be: SELECT, VALUES or TABLE.' : READ_ONLY_HINT;
  return new QueryError('read-only', `${shown} is not allowed`, { hint, sqlPosition: placeOf(sql, node) });
}

function placeOf(sql: string, node: unknown): number {
  return bytePosition(sql, firstLocation(node) ?? 0);
}

function bytePosition(sql: string, offset: number): number {
  return new BytePositions(sql).positionOf(offset);
}

const LOCK_WORDS = new Set(['update', 'share', 'no', 'key']);

/** The tree does not say where a lock clause stands: it is the last FOR before one of its words. */
function lockPosition(sql: string): number {
  const tokens = tokenizeSql(sql);
  const at = tokens.findLast(
    ({ kind, text }, index) =>
      kind === 'name' && text === 'for' && LOCK_WORDS.has(tokens[index + 1]?.text ?? ''),
  );
  return positionOf(sql, at?.start ?? 0);
}

/** Throws read-only for a name that is refused whatever the catalogue says. */
function usesOf(
  sql: string,
  names: readonly FoundName[],
  allowed: readonly string[],
): readonly FunctionUse[] {
  const uses = new Map<string, FunctionUse>();
  const positions = new BytePositions(sql);
  for (const found of [...names].sort((a, b) => a.location - b.location)) {
    const use = useOf(found, positions, allowed);
    const key = `${use.as} ${use.schema ?? ''} ${use.name}`;
    if (isInQuestion(use) && !uses.has(key)) uses.set(key, use);
  }
  return [...uses.values()];
}

function useOf(
  { names, as, location }: FoundName,
  positions: BytePositions,
  allowed: readonly string[],
): FunctionUse {
  const name = names.at(-1)!;
  const schema = names.at(-2) ?? null;
  const position = positions.positionOf(location);
  const does = as === 'call' ? refusedCall(schema, name, allowed) : refusedAttribute(name);
  if (does !== null) throw refusedUse(name, as, does, position);
  return { schema, name, as, known: ALLOWED_FUNCTIONS.has(name), position };
}

/** Says whether the database's catalogue must be asked about a call: not for a known function of `pg_catalog` itself. */
function isInQuestion({ schema, known }: FunctionUse): boolean {
  return !(known && schema === 'pg_catalog');
}

function refusedCall(schema: string | null, name: string, allowed: readonly string[]): string | null {
  const refused = refusedFunction(name);
  if (refused === null) return null;
  const isOwn = refused.ofExtension !== true;
  // The schema tells a user's function from PostgreSQL's own of the same name.
  const mayBeAnother = isOwn ? schema !== null && schema !== 'pg_catalog' : true;
  return mayBeAnother && isListed(schema, name, allowed) ? null : refused.does;
}

function isListed(schema: string | null, name: string, allowed: readonly string[]): boolean {
  return allowed.some((entry) =>
    schema === null ? entry.endsWith(`.${name}`) : entry === `${schema}.${name}`,
  );
}

const NOT_LISTED = 'is not among the functions that queries may call';

/**
 * PostgreSQL's own functions only, and of another version's only those with a telling name: a column may well have the name of
 * an extension's function. Those are found in the catalogue, when they are there.
 */
function refusedAttribute(name: string): string | null {
  if (!REFUSED_ATTRIBUTES.has(name) && !name.startsWith('pg_')) return null;
  const refused = refusedFunction(name);
  if (refused !== null) return refused.ofExtension === true ? null : refused.does;
  return REFUSED_ATTRIBUTES.has(name) ? NOT_LISTED : null;
}

function refusedUse(name: string, as: FunctionUse['as'], does: string, sqlPosition: number): QueryError {
  const shown = as === 'call' ? `${name}()` : `${name}(), which \`.${name}\` calls,`;
  return new QueryError('read-only', `${shown} may not be called: it ${does}`, {
    hint: 'docs/security.md lists what is refused and why.',
    sqlPosition,
  });
}
