/**
 * Finds a member that stands twice in one object of a JSON text, which parsers resolve differently (JSON.parse takes the
 * last, others the first). Every JSON body is checked, so the usual case must be fast: without duplicates the text has as
 * many names as the value has members, and counting both is enough.
 */
import { endOfString } from './json-string.ts';

/** Returns the name of a member that stands twice, or null. `value` must be what JSON.parse made of `text`. */
export function duplicateMember(text: string, value: unknown): string | null {
  return countNames(text) === countMembers(value) ? null : firstDuplicate(text);
}

const QUOTE = 0x22;
const COLON = 0x3a;
const SPACE = 0x20;

function countNames(text: string): number {
  let names = 0;
  for (let start = text.indexOf('"'); start !== -1; ) {
    const end = endOfString(text, start);
    if (text.charCodeAt(skipSpace(text, end)) === COLON) names++;
    start = text.indexOf('"', end);
  }
  return names;
}

/** Returns the index of the next character that is not white space: JSON's white space has no code above that of the space. */
function skipSpace(text: string, from: number): number {
  let index = from;
  while (text.charCodeAt(index) <= SPACE) index++;
  return index;
}

/** Counts the members of all objects, nested ones included, without recursion, since a hostile body may be deeply nested. */
function countMembers(value: unknown): number {
  let members = 0;
  const left: unknown[] = [value];
  while (left.length > 0) {
    const next = left.pop();
    if (typeof next !== 'object' || next === null) continue;
    if (Array.isArray(next)) {
      for (const item of next) if (typeof item === 'object') left.push(item);
      continue;
    }
    for (const name in next) {
      members++;
      const member = (next as Record<string, unknown>)[name];
      if (typeof member === 'object') left.push(member);
    }
  }
  return members;
}

/** Finds the first duplicate by walking the text with a set of names for each open object (null for a list). */
function firstDuplicate(text: string): string | null {
  const open: (Set<string> | null)[] = [];
  for (let index = 0; index < text.length; index++) {
    const character = text.charCodeAt(index);
    if (character === OPEN_OBJECT) open.push(new Set());
    else if (character === OPEN_LIST) open.push(null);
    else if (character === CLOSE_OBJECT || character === CLOSE_LIST) open.pop();
    else if (character === QUOTE) {
      const end = endOfString(text, index);
      const names = open.at(-1);
      if (names && text.charCodeAt(skipSpace(text, end)) === COLON) {
        const name = JSON.parse(text.slice(index, end)) as string;
        if (names.has(name)) return name;
        names.add(name);
      }
      index = end - 1;
    }
  }
  return null;
}

const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
