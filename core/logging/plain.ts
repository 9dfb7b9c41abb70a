/**
 * Any value as plain JSON-safe data, for a log field. Never throws: circular references, BigInts, getters that
 * throw, classes and huge collections all become something readable. Secrets are redacted on the way.
 */
import { isSecretName, REDACTED, redactField, redactText } from './redact.ts';

const MAX_DEPTH = 6;
const MAX_ITEMS = 200;

type Seen = readonly object[];

/** undefined means: nothing to write (functions, symbols, undefined itself). */
export function toPlain(value: unknown, above: Seen = []): unknown {
  switch (typeof value) {
    case 'string':
      return redactText(value);
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'bigint':
      return String(value);
    case 'boolean':
      return value;
    case 'object':
      return value === null ? null : objectToPlain(value, above);
    default:
      return undefined;
  }
}

function objectToPlain(value: object, above: Seen): unknown {
  if (above.includes(value)) return '[circular]';
  if (above.length >= MAX_DEPTH) return '[deeper]';
  const within = [...above, value];
  try {
    if (value instanceof Error) return errorToPlain(value, within);
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
    if (value instanceof URL) return redactText(value.href);
    if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
    if (value instanceof Map) return entriesToPlain([...value.entries()].map(mapEntry), within);
    if (value instanceof Set) return itemsToPlain([...value], within);
    if (Array.isArray(value)) return itemsToPlain(value, within);
    return entriesToPlain(
      Object.keys(value).map((key) => [key, read(value, key)]),
      within,
    );
  } catch {
    // A proxy or an exotic object that cannot even be listed: the log line matters more than this field.
    return '[unreadable]';
  }
}

function mapEntry([key, value]: [unknown, unknown]): [string, unknown] {
  return [String(key), value];
}

function read(object: object, key: string): unknown {
  try {
    return (object as Record<string, unknown>)[key];
  } catch {
    return '[unreadable]'; // a getter that throws
  }
}

function itemsToPlain(items: readonly unknown[], within: Seen): unknown[] {
  const plain = items.slice(0, MAX_ITEMS).map((item) => toPlain(item, within) ?? null);
  if (items.length > MAX_ITEMS) plain.push(`[+${items.length - MAX_ITEMS} items]`);
  return plain;
}

function entriesToPlain(entries: readonly (readonly [string, unknown])[], within: Seen): object {
  const plain: [string, unknown][] = [];
  for (const [key, value] of entries.slice(0, MAX_ITEMS)) {
    plain.push([key, isSecretName(key) ? REDACTED : fieldToPlain(key, value, within)]);
  }
  if (entries.length > MAX_ITEMS) plain.push(['…', `[+${entries.length - MAX_ITEMS} fields]`]);
  return Object.fromEntries(plain);
}

function fieldToPlain(key: string, value: unknown, within: Seen): unknown {
  return typeof value === 'string' ? redactField(key, value) : toPlain(value, within);
}

/** The longest message that a stack repeats. */
const REPEATED_CHARACTERS = 200;

/** The stack without a long message, which stands beside it. */
function framesOf(stack: string, message: string): string {
  const at = message.length <= REPEATED_CHARACTERS ? -1 : stack.indexOf(message);
  return at === -1 ? stack : `${stack.slice(0, at)}…${stack.slice(at + message.length)}`;
}

/** An Error's useful parts; its other properties (a database error's `detail` holds users' data) stay out. */
function errorToPlain(error: Error, within: Seen): object {
  const { name, message, stack } = error;
  const code = read(error, 'code');
  return {
    name: String(name),
    message: redactField('message', String(message)),
    ...(typeof stack === 'string' ? { stack: redactField('stack', framesOf(stack, String(message))) } : {}),
    ...(code === undefined ? {} : { code: toPlain(code, within) }),
    ...(error.cause === undefined ? {} : { cause: toPlain(error.cause, within) }),
  };
}
