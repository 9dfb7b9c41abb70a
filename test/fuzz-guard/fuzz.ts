/**
 * Generated statements through the guard as a server has it: judged by the grammar, then checked against the catalogue, then
 * run, as a superuser. What passes must call nothing that may not be called, by the word of PostgreSQL's own parse
 * analysis, and leave nothing behind. Of what is refused it is counted how much would have called such a function: that
 * says whether the statements try hard enough.
 */
import type pg from 'pg';
import { functionCheckQuery } from '../../connectors/postgres/guard/function-check.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import { loadGrammar } from '../../language/dialects/postgres/guard/grammar.ts';
import { judgeSql } from '../../language/dialects/postgres/guard/judge.ts';
import { randomOf } from '../support/random.ts';
import { openWitness, type Witness } from './database.ts';
import { StatementWriter } from './statements.ts';

export interface Tally {
  statements: number;
  /** Passed the guard and ran to their end. */
  ran: number;
  /** Passed the guard, and the database found something wrong with them. */
  failed: number;
  refused: number;
  /** Refused statements that PostgreSQL says would have called a forbidden function. */
  attacks: number;
  /** Refused statements that are good SQL and call no forbidden function. */
  readonly needless: string[];
  /** The failures that must not be: the statement and what it did. */
  readonly broken: { readonly sql: string; readonly what: string }[];
}

export interface FuzzOptions {
  readonly adminUrl: string;
  readonly statements: number;
  readonly seed: number;
  readonly onProgress?: (tally: Tally) => void;
}

const PROGRESS_EVERY = 1000;

export async function fuzzGuard({ adminUrl, statements, seed, onProgress }: FuzzOptions): Promise<Tally> {
  await loadGrammar();
  await using witness = await openWitness(adminUrl);
  const writer = new StatementWriter(randomOf(seed));
  const tally: Tally = { statements: 0, ran: 0, failed: 0, refused: 0, attacks: 0, needless: [], broken: [] };
  while (tally.statements < statements) {
    await tryStatement(witness, writer.statement(), tally);
    tally.statements++;
    if (tally.statements % PROGRESS_EVERY === 0) onProgress?.(tally);
  }
  return tally;
}

async function tryStatement(witness: Witness, sql: string, tally: Tally): Promise<void> {
  const { client } = witness;
  await client.query('begin transaction read only');
  witness.takeForbidden();
  try {
    await passGuard(client, sql);
  } catch (thrown) {
    await client.query('rollback');
    if (thrown instanceof QueryError && thrown.code !== 'read-only') tally.failed++;
    else if (isRefusal(thrown)) await countRefused(witness, sql, tally);
    else throw thrown;
    return;
  }
  witness.takeForbidden();
  const called = await runAnyway(client, sql);
  if (called === 'ran') tally.ran++;
  else tally.failed++;
  const forbidden = witness.takeForbidden();
  const left = called === 'ran' ? await witness.leftBehind() : [];
  await client.query('rollback');
  const what = [...forbidden.map((name) => `calls ${name}`), ...left];
  if (what.length > 0) tally.broken.push({ sql, what: what.join(', ') });
}

/** Rejects with the guard's refusal, or the error of its check. */
async function passGuard(client: pg.Client, sql: string): Promise<void> {
  const { functions } = judgeSql(sql, []);
  if (functions.length > 0) await client.query(functionCheckQuery(functions, []));
}

/** The check's question fails with a cast that does not hold. */
function isRefusal(thrown: unknown): boolean {
  return thrown instanceof QueryError || (thrown as pg.DatabaseError).code === '22P02';
}

async function runAnyway(client: pg.Client, sql: string): Promise<'ran' | 'failed'> {
  const values = sql.includes('$1') ? ['1'] : [];
  return client.query({ text: sql, values, queryMode: 'extended' } as pg.QueryConfig).then(
    () => 'ran',
    () => 'failed',
  );
}

/** Parse analysis alone, which calls nothing, says what it would have called. */
async function countRefused(witness: Witness, sql: string, tally: Tally): Promise<void> {
  const { client } = witness;
  tally.refused++;
  await client.query('begin transaction read only');
  witness.takeForbidden();
  const statement = sql.replace(/^explain( \(analyze[^)]*\) [^)]*\))?/, '');
  const isGood = await client.query(`prepare probe as ${statement}`).then(
    () => true,
    () => false,
  );
  const forbidden = witness.takeForbidden();
  await client.query('rollback');
  await client.query('deallocate all');
  if (forbidden.length > 0) tally.attacks++;
  else if (isGood && !WRITES.test(sql)) tally.needless.push(sql);
}

const WRITES = /\b(delete|insert|into|update)\b/;
