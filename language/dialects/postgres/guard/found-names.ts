/**
 * Walks a parse tree once, without recursion (a chain of 20,000 operators is a tree as deep), and finds what may call a
 * function, and what does more than read. Fields are told by their names, which the grammar gives and no text can
 * choose.
 */
import { REFUSED_CLAUSES, STATEMENTS_THAT_READ } from './refusals.ts';

type Fields = Readonly<Record<string, unknown>>;

export interface FoundName {
  /** Schema and name, as far as written; the name is the last. */
  readonly names: readonly string[];
  readonly as: 'call' | 'value' | 'row';
  /** Byte offset in UTF-8. */
  readonly location: number;
}

/** The first part of the tree that must not run. */
export interface FoundRefusal {
  readonly kind: 'statement' | 'clause';
  /** The node's or the field's name. */
  readonly name: string;
  readonly node: unknown;
}

export interface FoundNames {
  readonly names: readonly FoundName[];
  readonly refusal: FoundRefusal | null;
}

interface Walk {
  readonly names: FoundName[];
  /** Names in FROM whose whole row may be a single value: functions. */
  readonly valueRelations: Set<string>;
  refusal: FoundRefusal | null;
}

export function findNames(tree: unknown): FoundNames {
  const walk: Walk = { names: [], valueRelations: new Set(), refusal: null };
  const left: unknown[] = [tree];
  while (left.length > 0 && walk.refusal === null) {
    const value = left.pop();
    if (Array.isArray(value)) for (let at = value.length - 1; at >= 0; at--) left.push(value[at]);
    else if (typeof value === 'object' && value !== null) visit(walk, value as Fields, left);
  }
  const { names, valueRelations, refusal } = walk;
  return { names: names.map((found) => asValue(found, valueRelations)), refusal };
}

function visit(walk: Walk, fields: Fields, left: unknown[]): void {
  for (const key in fields) {
    const value = fields[key];
    if (typeof value !== 'object' || value === null) continue;
    if (key.endsWith('Stmt') && !STATEMENTS_THAT_READ.has(key)) {
      walk.refusal ??= { kind: 'statement', name: key, node: value };
      return;
    }
    if (Object.hasOwn(REFUSED_CLAUSES, key)) {
      walk.refusal ??= { kind: 'clause', name: key, node: value };
      return;
    }
    note(walk, key, value, fields);
    left.push(value);
  }
}

/** `funcname`: FuncCall; `method`: TABLESAMPLE; `fields`: ColumnRef; `indirection`: A_Indirection; `functions`: FROM f(). */
function note(walk: Walk, key: string, value: unknown, fields: Fields): void {
  if (key === 'funcname' || key === 'method') add(walk, stringsOf(value), 'call', locationOf(fields));
  else if (key === 'fields') noteColumn(walk, value, fields);
  else if (key === 'indirection') noteIndirection(walk, value, fields);
  else if (key === 'RangeFunction') noteRangeFunction(walk, value as Fields);
}

function add(walk: Walk, names: readonly string[], as: FoundName['as'], location: number): void {
  if (names.length > 0) walk.names.push({ names, as, location });
}

/** `t.f`, `s.t.f`; a single name is never a call, and the star at the end neither. */
function noteColumn(walk: Walk, value: unknown, fields: Fields): void {
  if (!Array.isArray(value) || value.length < 2) return;
  const names = stringsOf(value);
  if (names.length === value.length) add(walk, names, 'row', locationOf(fields));
}

/** Every name in `(x).f[1].g`. */
function noteIndirection(walk: Walk, value: unknown, fields: Fields): void {
  const location = firstLocation(fields.arg) ?? 0;
  for (const name of stringsOf(value)) add(walk, [name], 'value', location);
}

/**
 * Notes the name that finds a function in FROM: its alias, else the function's name. `t` is a value when the function
 * returns one.
 */
function noteRangeFunction(walk: Walk, { alias, functions }: Fields): void {
  const name = (alias as Fields | undefined)?.aliasname;
  if (typeof name === 'string') {
    walk.valueRelations.add(name);
    return;
  }
  for (const one of namesOfCalls(functions)) walk.valueRelations.add(one);
}

function namesOfCalls(functions: unknown): readonly string[] {
  const items = Array.isArray(functions) ? functions : [];
  return items.flatMap((item: Fields) => {
    const [call] = ((item.List as Fields | undefined)?.items ?? []) as readonly Fields[];
    const named = (call?.FuncCall as Fields | undefined)?.funcname;
    // Anything else, such as CURRENT_DATE, is found under a name of its own: then every relation may be meant.
    return named === undefined ? [ANY_RELATION] : stringsOf(named).slice(-1);
  });
}

/** No name of a relation. */
const ANY_RELATION = '';

/** A row of FROM f() is f's value when that is not composite. */
function asValue(found: FoundName, valueRelations: ReadonlySet<string>): FoundName {
  const { names, as } = found;
  if (as !== 'row') return found;
  const isTable = names.length > 2 || !(valueRelations.has(names[0]!) || valueRelations.has(ANY_RELATION));
  const [name] = names.slice(-1);
  return { ...found, names: [name!], as: isTable ? 'row' : 'value' };
}

function stringsOf(list: unknown): readonly string[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((item: Fields) => {
    const text = (item?.String as Fields | undefined)?.sval;
    return typeof text === 'string' ? [text] : [];
  });
}

function locationOf({ location }: Fields): number {
  return typeof location === 'number' ? location : 0; // the tree leaves zeros out
}

/** The smallest byte offset in a part of a tree; null when it has none. */
export function firstLocation(tree: unknown): number | null {
  let first: number | null = null;
  const left: unknown[] = [tree];
  while (left.length > 0) {
    const value = left.pop();
    if (typeof value !== 'object' || value === null) continue;
    for (const [key, inner] of Object.entries(value)) {
      if (key === 'location' && typeof inner === 'number') first = Math.min(first ?? inner, inner);
      else if (typeof inner === 'object') left.push(inner);
    }
  }
  return first;
}
