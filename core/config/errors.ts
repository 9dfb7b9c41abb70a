/** Validation's findings as lines for people: where it is, what is wrong, and an example of the mend. */
import { z } from 'zod';
import { closestName } from './closest-name.ts';
import { describeConnectionIssue } from './connection-issues.ts';
import type { Option } from './option.ts';
import { sizeText } from './option.ts';
import type { Origins } from './read.ts';
import { describeSecretIssue } from './secrets.ts';

type Issue = z.core.$ZodIssue;

export function describeIssues(
  error: z.ZodError,
  values: unknown,
  options: readonly Option[],
  origins: Origins,
): string[] {
  return error.issues.flatMap((issue) => describeIssue(issue, values, options, origins));
}

function describeIssue(
  issue: Issue,
  values: unknown,
  options: readonly Option[],
  origins: Origins,
): string[] {
  const path = issue.path.join('.');
  if (issue.path[0] === 'connections')
    return [...describeConnectionIssue(issue, valueAt(values, ['connections']))];
  if (issue.path[0] === 'secrets') return [describeSecretIssue(issue)];
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => describeUnknown(path, key, options));
  const option = options.find((candidate) => candidate.path === path || isItemOf(path, candidate));
  if (option !== undefined) return [describeWrong(option, valueAt(values, option.path.split('.')), origins)];
  return [`${path === '' ? 'the file' : path}: must be an object with named values, such as {"port": 8080}`];
}

function isItemOf(path: string, { notes, path: list }: Option): boolean {
  return notes.unit === 'list' && path.startsWith(`${list}.`);
}

/** `limits.timeoutMs: must be ..., not "abc". For example: "timeoutMs": 30000` */
function describeWrong(option: Option, value: unknown, origins: Origins): string {
  const variable = origins.get(option.path);
  const where = variable === undefined ? option.path : `${variable} (${option.path})`;
  return `${where}: must be ${expectation(option)}, not ${JSON.stringify(value)}. For example: ${mend(option, variable)}`;
}

function mend(option: Option, variable: string | undefined): string {
  const { example } = option.notes;
  const key = option.path.split('.').at(-1)!;
  return variable === undefined
    ? `${JSON.stringify(key)}: ${JSON.stringify(example)}`
    : `${variable}=${example}`;
}

/** `a whole number from 0 to 65535` */
export function expectation({ schema, notes }: Option): string {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodEnum) return `one of ${inner.options.join(', ')}`;
  if (notes.unit === 'list') return `a list of ${notes.of}`;
  if (notes.unit === 'url') return 'an http:// or https:// address without user and password';
  if (!(inner instanceof z.ZodNumber)) return 'a text that is not empty';
  const { minValue, maxValue } = inner;
  const bounded = maxValue !== null && maxValue < Number.MAX_SAFE_INTEGER;
  if (notes.unit === 'bytes')
    return `a size of ${sizeText(minValue ?? 0)}${bounded ? ` to ${sizeText(maxValue)}` : ' or more'}`;
  return `a whole number ${bounded ? `from ${minValue} to ${maxValue}` : `of ${minValue} or more`}`;
}

function unwrap(schema: z.ZodType): unknown {
  return schema instanceof z.ZodDefault || schema instanceof z.ZodOptional ? schema.unwrap() : schema;
}

function describeUnknown(path: string, key: string, options: readonly Option[]): string {
  const full = path === '' ? key : `${path}.${key}`;
  const siblings = siblingsOf(path, options);
  const closest = closestName(key, siblings) ?? closestElsewhere(key, options);
  const known = siblings.length <= 12 ? `; known here: ${siblings.join(', ')}` : '';
  return `${full}: there is no such option${closest === null ? known : `; did you mean ${closest}?`}`;
}

/** The right name in the wrong group is as common as a wrong name. */
function closestElsewhere(key: string, options: readonly Option[]): string | null {
  const elsewhere = options.find((option) => option.path.split('.').at(-1) === key);
  return elsewhere?.path ?? null;
}

function siblingsOf(path: string, options: readonly Option[]): string[] {
  const depth = path === '' ? 0 : path.split('.').length;
  const inside = options.filter((option) => path === '' || option.path.startsWith(`${path}.`));
  const names = inside.map((option) => option.path.split('.')[depth]!);
  return [...new Set(path === '' ? [...names, 'connections', 'secrets'] : names)];
}

function valueAt(values: unknown, path: readonly PropertyKey[]): unknown {
  let value = values;
  for (const key of path) value = (value as Record<PropertyKey, unknown> | undefined)?.[key];
  return value;
}
