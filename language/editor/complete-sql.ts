/**
 * What may be written next in the SQL: tables after `from` and `join`, else the columns of the tables that it names.
 * It looks at words, not at grammar: the database's own parser needs a whole statement.
 */

import type { DatabaseTable } from '../../core/protocol/sql-worker.ts';
import { typeName } from '../../core/protocol/types.ts';
import { isSpace, isWordStart, skipWord } from '../source/scan.ts';
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
export function sqlItems(before: string, tables: readonly DatabaseTable[]): readonly CompletionItem[] {
  const words = sqlWords(before);
  const last = words.at(-1);
  if (last === undefined || last === '(') return HEADS;
  if (last === '.') return afterPoint(words, tables);
  const clause = words.findLast((word) => TABLE_WORDS.has(word) || CLAUSE_WORDS.has(word));
  if (clause !== undefined && TABLE_WORDS.has(clause) && (last === clause || last === ','))
    return tableItems(tables);
  const named = new Set([...namedTables(words, tables).values()]);
  return [...[...named].flatMap(columnItems), ...SQL_WORDS];
}

/** Words (in lower case where unquoted), points, commas and opening brackets. */
function sqlWords(sql: string): readonly string[] {
  const words: string[] = [];
  let at = 0;
  while (at < sql.length) {
    const end = isWordStart(sql.charCodeAt(at)) ? skipWord(sql, at) : sqlStep(sql, at);
    const text = sql.slice(at, end);
    if (isWordStart(text.charCodeAt(0))) words.push(text.toLowerCase());
    else if (text[0] === '"') words.push(text.slice(1, -1).replaceAll('""', '"'));
    else if (!isSpace(text.charCodeAt(0)) && !text.startsWith('--') && !text.startsWith('/*'))
      words.push(text);
    at = end;
  }
  return words;
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

function afterPoint(words: readonly string[], tables: readonly DatabaseTable[]): readonly CompletionItem[] {
  const owner = words.at(-2) ?? '';
  const table = namedTables(words.slice(0, -2), tables).get(owner);
  if (table !== undefined) return columnItems(table);
  return tables.filter(({ schema }) => schema === owner).map((one) => tableItem(one, one.name));
}

function tableItems(tables: readonly DatabaseTable[]): readonly CompletionItem[] {
  const schemas = [...new Set(tables.map(({ schema }) => schema))];
  return [
    ...tables.map((table) => tableItem(table, table.visible ? table.name : `${table.schema}.${table.name}`)),
    ...schemas.map((name) => keyword(name, 'a schema', `${sqlName(name)}.`)),
  ];
}

function tableItem({ schema, name, columns }: DatabaseTable, label: string): CompletionItem {
  const shown = columns.slice(0, 6).map((column) => column.name);
  const more = columns.length > shown.length ? `, ${columns.length - shown.length} more` : '';
  const insert = label === name ? sqlName(name) : `${sqlName(schema)}.${sqlName(name)}`;
  return { label, kind: 'table', detail: `${schema}.${name}: ${shown.join(', ')}${more}`, insert };
}

function columnItems({ schema, name: table, columns }: DatabaseTable): readonly CompletionItem[] {
  return columns.map(({ name, type: columnType }) => {
    const type = typeName(columnType);
    const detail = `${type}, of ${schema}.${table}`;
    return { label: name, kind: 'column', type, detail, insert: sqlName(name) };
  });
}

/** PostgreSQL's reserved words that are likely names of columns and tables. */
const SQL_RESERVED = new Set(
  'all and any array as asc case check column desc distinct do else end false for from group having in into limit not null offset on only or order select table then to true union unique user using when where with'.split(
    ' ',
  ),
);

function sqlName(name: string): string {
  return /^[a-z_][a-z0-9_$]*$/.test(name) && !SQL_RESERVED.has(name)
    ? name
    : `"${name.replaceAll('"', '""')}"`;
}

const HEADS: readonly CompletionItem[] = [
  keyword('select', 'columns from tables'),
  keyword('with', 'name a query, then use it'),
  keyword('values', 'rows written out'),
  keyword('table', 'all of a table'),
];

const SQL_WORDS: readonly CompletionItem[] =
  'from where join left|join on group|by order|by having limit and or not as distinct is|null is|not|null in between like case'
    .split(' ')
    .map((word) => keyword(word.replaceAll('|', ' '), 'SQL'));
