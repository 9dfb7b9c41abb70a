/** Reads `--param NAME=VALUE`. */
import { isLosslessNumber, isSafeNumber, LosslessNumber, parse as parseJson } from 'lossless-json';
import { UsageError } from './command-line/usage-error.ts';

type ParameterItem = string | number | boolean | null | LosslessNumber;
export type ParameterValue = ParameterItem | readonly ParameterItem[];

/** Throws UsageError. */
export function parseParameter(given: string): [string, ParameterValue] {
  const match = /^([a-z_][a-z0-9_]*)=(.*)$/is.exec(given);
  if (match === null) throw new UsageError(`--param must be NAME=VALUE, not "${given}"`);
  return [match[1]!, parameterValue(match[2]!)];
}

/** JSON's numbers, true, false, null, lists and quoted text are meant as such; all else is text. */
function parameterValue(text: string): ParameterValue {
  try {
    const value = parseJson(text, null, exactNumber);
    // An object is sent as its text.
    if (isLosslessNumber(value) || typeof value !== 'object' || value === null || Array.isArray(value))
      return value as ParameterValue;
  } catch {
    // no JSON: text
  }
  return text;
}

/** Digits that a number of JavaScript would lose are sent as they were given. */
function exactNumber(digits: string): number | LosslessNumber {
  return isSafeNumber(digits) && (!/^-?\d+$/.test(digits) || Number.isSafeInteger(Number(digits)))
    ? Number(digits)
    : new LosslessNumber(digits);
}
