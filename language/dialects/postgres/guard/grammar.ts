/**
 * PostgreSQL's own grammar (libpg-query: the raw parser of PostgreSQL 18 as WebAssembly), loaded when it is first needed:
 * loading takes some 30 ms and 10 MB. It answers with the tree of a text, or with the error that the database would give.
 *
 * Invariant: after `JudgeBroken` the instance may be damaged for good (its own stack is not unwound when V8's runs
 * out), so nothing is parsed with it any more: whoever owns the thread replaces it.
 */
import { createRequire } from 'node:module';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { QueryError, type WireError } from '../../../../core/protocol/errors.ts';
import { JudgeBroken } from '../../judge.ts';
import { placeholderIn } from '../errors.ts';

export interface ParsedStatement {
  /** `{ SelectStmt: {...} }` and its like. */
  readonly stmt: Readonly<Record<string, unknown>>;
  /** Byte offset in UTF-8; left out for the first one. */
  readonly stmt_location?: number;
}

type Grammar = typeof import('libpg-query');

/** The memory of an instance grows with the text, some 130 bytes a character, and never shrinks. */
const LARGE_TEXT_CHARACTERS = 128 * 1024;

let loaded: Grammar | null = null;
let swollen = false;

/** Says whether `parseSql` may be called. */
export function isGrammarLoaded(): boolean {
  return loaded !== null && !swollen;
}

/** Resolves when `parseSql` may be called; gives an instance that has parsed a large text back for a fresh one. */
export async function loadGrammar(): Promise<void> {
  if (isGrammarLoaded()) return;
  // A `require` keeps all that it has loaded, so each instance has its own.
  const require = createRequire(import.meta.url);
  for (const path of Object.keys(require.cache))
    if (path.includes('/libpg-query/wasm/')) delete require.cache[path];
  if (loaded !== null) freeInstance();
  const grammar = require('libpg-query') as Grammar; // no ES module can be loaded twice
  await grammar.loadModule();
  loaded = grammar;
  swollen = false;
}

/** V8 does not count an instance's memory: without being told it would collect none for hundreds of texts. */
function freeInstance(): void {
  loaded = null;
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void; // the flag --expose-gc defines it
  collect();
}

/** Throws sql-syntax and nesting-too-deep as QueryError, in the database's words; JudgeBroken. */
export function parseSql(sql: string): readonly ParsedStatement[] {
  if (loaded === null) throw new Error('the grammar is not loaded');
  if (sql === '') return []; // the library refuses it in its own words
  swollen ||= sql.length > LARGE_TEXT_CHARACTERS;
  try {
    const { stmts = [] } = loaded.parseSync(sql);
    return stmts as readonly ParsedStatement[]; // the library documents this type
  } catch (thrown) {
    if (thrown instanceof loaded.SqlError && thrown.sqlDetails !== undefined)
      throw errorOf(thrown.message, thrown.sqlDetails.cursorPosition);
    throw broken(thrown);
  }
}

function broken(thrown: unknown): JudgeBroken {
  const message = `the SQL parser failed: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
  const error: WireError = {
    code: 'nesting-too-deep',
    message: 'the SQL is too deep or too large for its parser',
    hint: 'Take it apart: shorter expressions, `with name as (...)`, or stages.',
  };
  return new JudgeBroken(message, error, thrown);
}

const SYNTAX = '42601';

/** Messages of the grammar that have another SQLSTATE than `syntax_error`, or a hint; the parser gives neither. */
const OTHERS: readonly { readonly message: RegExp; readonly sqlstate: string; readonly hint?: string }[] = [
  {
    message: /^LIMIT #,# syntax is not supported/,
    sqlstate: SYNTAX,
    hint: 'Use separate LIMIT and OFFSET clauses.',
  },
  {
    message: /^invalid Unicode escape/,
    sqlstate: SYNTAX,
    hint: 'Unicode escapes must be \\XXXX or \\+XXXXXX.',
  },
  { message: /^invalid byte sequence/, sqlstate: '22021' },
  { message: /not (yet )?(implemented|supported)$/, sqlstate: '0A000' },
];

/** `cursor` counts characters from 0; below 0 there is no place. */
function errorOf(message: string, cursor: number): QueryError {
  const place = cursor >= 0 ? { sqlPosition: cursor + 1 } : {};
  if (message.startsWith('memory exhausted'))
    return new QueryError('nesting-too-deep', 'the SQL nests deeper than its parser can follow', {
      ...place,
      hint: 'Take some of the query apart with `with name as (...)`.',
    });
  const { sqlstate, hint } = OTHERS.find((other) => other.message.test(message)) ?? { sqlstate: SYNTAX };
  return new QueryError('sql-syntax', message, {
    ...place,
    sqlstate,
    fromDatabase: true,
    ...placeholderIn(message),
    ...(hint === undefined ? {} : { hint }),
  });
}
