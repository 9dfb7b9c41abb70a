/**
 * Removes the values of a query's parameters from what is logged about the query: databases and engines quote a value
 * that they do not like in their errors. A value goes wherever it stands in quotes; one of four characters and more
 * wherever it stands at all: shorter ones are parts of any text.
 */
import { toPlain } from './plain.ts';
import { REDACTED } from './redact.ts';

const MIN_BARE_CHARACTERS = 4;

type Value = string | number | boolean | null;

/** Any value for a log field, as toPlain makes it, without the parameters' values. */
export function withoutValues(value: unknown, parameters: Iterable<Value>): unknown {
  const texts = [...new Set([...parameters].flatMap(textOf))].sort((a, b) => b.length - a.length);
  const plain = toPlain(value);
  return texts.length === 0 ? plain : mapTexts(plain, (text) => texts.reduce(withoutText, text));
}

/** true, false and null tell nothing. */
function textOf(value: Value): string[] {
  return typeof value === 'string' || typeof value === 'number'
    ? [String(value)].filter((text) => text !== '')
    : [];
}

function withoutText(text: string, secret: string): string {
  if (secret.length >= MIN_BARE_CHARACTERS) return text.replaceAll(secret, REDACTED);
  return text.replaceAll(`"${secret}"`, `"${REDACTED}"`).replaceAll(`'${secret}'`, `'${REDACTED}'`);
}

function mapTexts(plain: unknown, map: (text: string) => string): unknown {
  if (typeof plain === 'string') return map(plain);
  if (Array.isArray(plain)) return plain.map((item) => mapTexts(item, map));
  if (typeof plain !== 'object' || plain === null) return plain;
  return Object.fromEntries(Object.entries(plain).map(([key, value]) => [key, mapTexts(value, map)]));
}
