/**
 * Finds what may be written next in the SQL: tables after `from` and `join`, else the columns of the tables that it names.
 * It looks at words, not at grammar: the database's own parser needs a whole statement.
 */

import type { DatabaseTable } from '../../core/protocol/sql-worker.ts';
import { typeName } from '../../core/protocol/types.ts';
import type { SourceDialect } from '../dialects/dialect.ts';
import type { Lexical } from '../dialects/lexical.ts';
import { beginsSqlComment, isSpace, isWordStart, skipWord } from '../source/scan.ts';
import { keyword } from './complete-stage.ts';
import type { CompletionItem } from './complete-types.ts';
import { sqlStep } from './format-sql.ts';

const TABLE_WORDS = new Set(['from', 'join', 'table', 'update', 'into']);
const CLAUSE_WORDS = new Set(
  'select where on having by limit offset using set values and or case when'.split(' '),
);
/** Words that stand behind a table's name and are no alias. */
const NO_ALIAS = new Set(
  'where on join left right inner full cross natural group order having limit offset union except intersect using lateral'.split(
    ' ',
  ),
);

/** `before`: the SQL up to what is being typed. */
export function sqlItems(
  before: string,
  tables: readonly DatabaseTable[],
  dialect: SourceDialect,
): readonly CompletionItem[] {
  const words = sqlWords(before, dialect.lexical);
  const { heads, suggested } = dialect.lexical.words;
  const last = words.at(-1);
  if (last === undefined || last === '(') return heads.map(([word, purpose]) => keyword(word, purpose));
  if (last === '.') return afterPoint(words, tables, dialect);
  const clause = words.findLast((word) => TABLE_WORDS.has(word) || CLAUSE_WORDS.has(word));
  if (clause !== undefined && TABLE_WORDS.has(clause) && (last === clause || last === ','))
    return tableItems(tables, dialect);
  const named = new Set([...namedTables(words, tables).values()]);
  const columns = [...named].flatMap((table) => columnItems(table, dialect));
  return [...columns, ...suggested.map((word) => keyword(word, 'SQL'))];
}

/** Words (in lower case where unquoted), points, commas and opening brackets. */
function sqlWords(sql: string, lexical: Lexical): readonly string[] {
  const words: string[] = [];
  let at = 0;
  while (at < sql.length) {
    const end = isWordStart(sql.charCodeAt(at)) ? skipWord(sql, at) : sqlStep(sql, at, lexical);
    const text = sql.slice(at, end);
    if (isWordStart(text.charCodeAt(0))) words.push(text.toLowerCase());
    else if (isQuotedName(text, lexical)) words.push(unquoted(text));
    else if (!isSpace(text.charCodeAt(0)) && !beginsSqlComment(text, 0, lexical)) words.push(text);
    at = end;
  }
  return words;
}

function isQuotedName(text: string, { nameQuotes, bracketNames }: Lexical): boolean {
  return nameQuotes.includes(text[0]!) || (bracketNames && text[0] === '[');
}

function unquoted(text: string): string {
  const quote = text.at(-1)!;
  return text.slice(1, -1).replaceAll(quote + quote, quote);
}

/** Tables that the SQL names, by their alias or name. */
function namedTables(
  words: readonly string[],
  tables: readonly DatabaseTable[],
): ReadonlyMap<string, DatabaseTable> {
  const byName = new Map<string, DatabaseTable>();
  for (const table of tables) {
    byName.set(`${table.schema}.${table.name}`, table);
    if (table.visible) byName.set(table.name, table);
  }
  const found = new Map<string, DatabaseTable>();
  for (let index = 0; index < words.length; index++) {
    const qualified = words[index + 1] === '.';
    const table = byName.get(qualified ? `${words[index]}.${words[index + 2]}` : words[index]!);
    if (table === undefined || words[index - 1] === '.') continue;
    if (qualified) index += 2;
    const after = words[index + 1] === 'as' ? words[index + 2] : words[index + 1];
    const alias =
      after !== undefined && /^[\p{L}_]/u.test(after) && !NO_ALIAS.has(after) ? after : table.name;
    found.set(alias, table);
  }
  return found;
}

function afterPoint(
  words: readonly string[],
  tables: readonly DatabaseTable[],
  dialect: SourceDialect,
): readonly CompletionItem[] {
  const owner = words.at(-2) ?? '';
  const table = namedTables(words.slice(0, -2), tables).get(owner);
  if (table !== undefined) return columnItems(table, dialect);
  return tables.filter(({ schema }) => schema === owner).map((one) => tableItem(one, one.name, dialect));
}

function tableItems(tables: readonly DatabaseTable[], dialect: SourceDialect): readonly CompletionItem[] {
  // Files have no schemas.
  const schemas = [...new Set(tables.map(({ schema }) => schema))].filter((schema) => schema !== '');
  return [
    ...tables.map((table) =>
      tableItem(table, table.visible ? table.name : `${table.schema}.${table.name}`, dialect),
    ),
    ...schemas.map((name) => keyword(name, 'a schema', `${sqlName(name, dialect)}.`)),
  ];
}

function tableItem(
  { schema, name, columns }: DatabaseTable,
  label: string,
  dialect: SourceDialect,
): CompletionItem {
  const shown = columns.slice(0, 6).map((column) => column.name);
  const more = columns.length > shown.length ? `, ${columns.length - shown.length} more` : '';
  const insert =
    label === name ? sqlName(name, dialect) : `${sqlName(schema, dialect)}.${sqlName(name, dialect)}`;
  return { label, kind: 'table', detail: `${fullName(schema, name)}: ${shown.join(', ')}${more}`, insert };
}

function columnItems(
  { schema, name: table, columns }: DatabaseTable,
  dialect: SourceDialect,
): readonly CompletionItem[] {
  return columns.map(({ name, type: columnType }) => {
    const type = typeName(columnType);
    const detail = `${type}, of ${fullName(schema, table)}`;
    return { label: name, kind: 'column', type, detail, insert: sqlName(name, dialect) };
  });
}

function fullName(schema: string, name: string): string {
  return schema === '' ? name : `${schema}.${name}`;
}

function sqlName(name: string, { lexical, quoteName }: SourceDialect): string {
  const isPlain = /^[a-z_][a-z0-9_$]*$/.test(name) && !lexical.words.reserved.includes(name);
  return isPlain ? name : quoteName(name);
}
