import { QueryError } from './errors.ts';
import { MAX_PRECISION } from './types.ts';

/** A parameter's text from a URL. It has no type of its own: the place where the query uses it decides how it is read. */
export class UntypedText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}

/** A number from a JSON body, as it was written, because it has more digits than a float64 keeps. */
export class ExactNumber {
  readonly digits: string;

  constructor(digits: string) {
    this.digits = digits;
  }

  toString(): string {
    return this.digits;
  }
}

export type ListItem = string | number | boolean | null | ExactNumber;

/** A value given for a `:name`. */
export type ParameterValue = ListItem | UntypedText | readonly ListItem[];

type DecimalName = `decimal(${number},${number})`;
type ElementKind = 'string' | 'int64' | 'float64' | 'bool' | 'null' | DecimalName;

/**
 * The type that follows from a parameter's value; part of the plan cache's key. `untyped int64` is text from a URL that can
 * be read as an int64, and so on; `number` is a number that fits no type of the stages.
 */
export type ParameterKind =
  | ElementKind
  | 'number'
  | 'untyped'
  | 'untyped bool'
  | 'untyped int64'
  | 'untyped float64'
  | `untyped ${DecimalName}`
  | `list<${ElementKind}>`;

const MAX_INT64 = 2n ** 63n - 1n;
const MIN_INT64 = -(2n ** 63n);
const PLAIN_NUMBER = /^-?(\d+)(?:\.(\d*))?$|^-?\.(\d+)$/;
const FLOAT = /^-?(?:\d+\.?\d*|\.\d+)[eE][-+]?\d{1,3}$/;

/** Sizes to which the decimals of parameters are rounded up: with the exact size of each value there would be a plan per value. */
const SCALES = [2, 4, 6, 9, 12, 18];
const WHOLE_DIGITS = [6, 9, 18];

/** Returns the kind of a parameter's value. Throws bad-parameter for a list of mixed types. */
export function parameterKind(name: string, value: ParameterValue): ParameterKind {
  if (typeof value !== 'object' || value === null) return scalarKind(value);
  if (value instanceof UntypedText) return untypedKind(value.text);
  if (value instanceof ExactNumber) return numberKind(value.digits) ?? 'number';
  return `list<${elementKind(name, value)}>`;
}

function scalarKind(value: string | number | boolean | null): ElementKind {
  if (typeof value === 'string') return 'string';
  if (typeof value === 'boolean') return 'bool';
  if (value === null) return 'null';
  return Number.isSafeInteger(value) ? 'int64' : 'float64';
}

function untypedKind(text: string): ParameterKind {
  if (/^(?:true|false)$/i.test(text)) return 'untyped bool';
  const kind = FLOAT.test(text) && isFiniteNumber(text) ? 'float64' : numberKind(text);
  return kind === null ? 'untyped' : `untyped ${kind}`;
}

/** Tells whether a float64 holds the number: it becomes neither infinity nor, unless it is 0, zero. */
function isFiniteNumber(text: string): boolean {
  const value = Number(text);
  return Number.isFinite(value) && (value !== 0 || !/^[^eE]*[1-9]/.test(text));
}

/** Returns the exact type of a number without an exponent; null when no type holds it. */
function numberKind(text: string): 'int64' | DecimalName | null {
  const parts = PLAIN_NUMBER.exec(text);
  if (parts === null || text.length > 2 * MAX_PRECISION) return null;
  const [, whole = '', fraction = parts[3] ?? ''] = parts;
  if (!text.includes('.')) {
    const value = BigInt(text);
    if (value <= MAX_INT64 && value >= MIN_INT64) return 'int64';
  }
  const digits = whole.replace(/^0+/, '').length;
  const scale = roomFor(fraction.length, SCALES);
  const room = roomFor(digits, WHOLE_DIGITS);
  if (room + scale <= MAX_PRECISION) return `decimal(${room + scale},${scale})`;
  if (digits + fraction.length > MAX_PRECISION) return null;
  return `decimal(${MAX_PRECISION},${fraction.length})`;
}

function roomFor(count: number, sizes: readonly number[]): number {
  return sizes.find((size) => size >= count) ?? count;
}

function elementKind(name: string, items: readonly ListItem[]): ElementKind {
  let found: ElementKind = 'null';
  for (const item of items) {
    const kind = item instanceof ExactNumber ? exactItemKind(name, item) : scalarKind(item);
    found = commonKind(found, kind) ?? mixedList(name, found, kind);
  }
  return found;
}

function exactItemKind(name: string, { digits }: ExactNumber): ElementKind {
  const kind = numberKind(digits);
  if (kind !== null) return kind;
  throw new QueryError('bad-parameter', `a number in the list :${name} has more digits than any type holds`, {
    hint: 'send all of them as texts, and cast the list in the query',
  });
}

function commonKind(a: ElementKind, b: ElementKind): ElementKind | null {
  if (a === b || b === 'null') return a;
  if (a === 'null') return b;
  if (!isNumberKind(a) || !isNumberKind(b)) return null;
  const [left, right] = [decimalOf(a), decimalOf(b)];
  // A JSON number with a fraction and few digits arrives as a float64, which holds it as it was sent.
  if (left === null || right === null) return 'float64';
  const scale = Math.max(left.scale, right.scale);
  const whole = Math.max(left.precision - left.scale, right.precision - right.scale);
  return whole + scale > MAX_PRECISION ? null : `decimal(${whole + scale},${scale})`;
}

function isNumberKind(kind: ElementKind): boolean {
  return kind === 'int64' || kind === 'float64' || kind.startsWith('decimal');
}

/** Returns the precision and scale of an exact number kind; null for a float64. */
export function decimalOf(kind: string): { readonly precision: number; readonly scale: number } | null {
  if (kind === 'int64') return { precision: 19, scale: 0 };
  const [, precision, scale] = /^decimal\((\d+),(\d+)\)$/.exec(kind) ?? [];
  return precision === undefined ? null : { precision: Number(precision), scale: Number(scale) };
}

function mixedList(name: string, a: string, b: string): never {
  throw new QueryError('bad-parameter', `the list :${name} has a ${b} beside a ${a}`, {
    hint: 'the elements of a list are of one type: texts, numbers or booleans, and nulls',
  });
}

export function isListKind(kind: ParameterKind): boolean {
  return kind.startsWith('list<');
}

/** Returns the text that is bound in a database; null for null. */
export function databaseText(value: ParameterValue): string | null {
  if (value === null) return null;
  return Array.isArray(value) ? `{${value.map(arrayItem).join(',')}}` : String(value);
}

function arrayItem(item: ListItem): string {
  if (item === null) return 'NULL';
  return typeof item === 'string' ? `"${item.replace(/["\\]/g, '\\$&')}"` : String(item);
}

/** Returns the value that is bound in the stage engine; a list is bound as a JSON array of its elements' texts. */
export function engineValue(value: ParameterValue): string | number | boolean | null {
  if (typeof value !== 'object' || value === null) return value;
  if (!Array.isArray(value)) return String(value);
  return JSON.stringify(value.map((item: ListItem) => (item === null ? null : String(item))));
}

/** Returns everything that an error may quote of the values: what was bound, and the elements of lists. */
export function quotableValues(
  parameters: Readonly<Record<string, ParameterValue>>,
): (string | number | boolean | null)[] {
  return Object.values(parameters).flatMap((value) =>
    Array.isArray(value)
      ? [databaseText(value), engineValue(value), ...value.map(engineValue)]
      : [engineValue(value)],
  );
}

/** A parameter's value as `engineValue` makes it. */
export type EngineValue = string | number | boolean | null;
