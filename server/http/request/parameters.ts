/**
 * Reads parameters as clients send them. Text from a URL has no type: the database or the stage that uses it decides. A
 * number in a JSON body with more digits than a float64 keeps stays as it was written. A parameter may have any name, even
 * `__proto__`.
 */
import { isSafeNumber, parse } from 'lossless-json';
import { z } from 'zod';
import {
  ExactNumber,
  type ParameterKind,
  type ParameterValue,
  parameterKind,
  UntypedText,
} from '../../../core/protocol/parameters.ts';

const scalars = [z.string(), z.number(), z.boolean(), z.null()] as const;

/** The schema that /openapi.json shows. */
export const parameterValue = z.union([...scalars, z.array(z.union(scalars))], {
  error: 'a parameter is a string, a number, a boolean, null, or a list of those; send an object as its text',
});

const exactNumber = z.instanceof(ExactNumber);

/** The schema that checks requests: it also accepts the values that `withExactNumbers` and `untypedParameter` make. */
export const givenParameter = z.union(
  [...scalars, exactNumber, z.instanceof(UntypedText), z.array(z.union([...scalars, exactNumber]))],
  {
    error:
      'a parameter is a string, a number, a boolean, null, or a list of those; send an object as its text',
  },
);

/** Matches a number that may lose digits as a float64: it has many digits, or an exponent. */
const MAY_LOSE_DIGITS = /\d[\d.]{15}|\d[eE]/;

/** Returns `value`, which JSON.parse made of `text`, with an ExactNumber for each number that a float64 does not hold exactly. */
export function withExactNumbers(text: string, value: unknown): unknown {
  if (!MAY_LOSE_DIGITS.test(text)) return value;
  return parse(text, null, { parseNumber: exactly, onDuplicateKey: ({ newValue }) => newValue });
}

function exactly(digits: string): number | ExactNumber {
  const value = Number(digits);
  const isWhole = /^-?\d+$/.test(digits);
  const isExact = isWhole ? Number.isSafeInteger(value) : isSafeNumber(digits);
  return isExact ? value : new ExactNumber(digits);
}

export function untypedParameter(text: string): ParameterValue {
  return new UntypedText(text);
}

/** Sets an own property with any name, `__proto__` included. */
export function setOwn<Value>(record: Record<string, Value>, name: string, value: Value): void {
  if (name !== '__proto__') record[name] = value;
  else Object.defineProperty(record, name, { value, enumerable: true, configurable: true, writable: true });
}

/** Returns the kinds of the parameters; a plan depends on these, not on the values. Throws bad-parameter. */
export function parameterKinds(
  parameters: Readonly<Record<string, ParameterValue>>,
): Record<string, ParameterKind> {
  const kinds: Record<string, ParameterKind> = {};
  for (const name of Object.keys(parameters)) setOwn(kinds, name, parameterKind(name, parameters[name]!));
  return kinds;
}
