/**
 * JSON: columns of type json, and text that holds some. A path is a key ('a'), the keys and places from the root
 * ('$.a[0].b'), or a number, the place in an array from 0. What is not there is null; text that is no JSON is an error.
 */
import type { ColumnType } from '../../core/protocol/types.ts';
import type { FunctionKey } from '../types/function-keys.ts';
import { type JsonStep, stepsOfPath, writtenSteps } from '../types/json-path.ts';
import { type ExprType, INT64, STRING } from '../types/rules.ts';
import type { Typed } from '../types/typed.ts';
import {
  type CallSite,
  callError,
  castHint,
  describeArgument,
  type FunctionDefinition,
  typedCall,
} from './kit/function.ts';

const JSON_TYPE: ColumnType = { kind: 'json' };

/** The first argument, checked to be json or text. */
function jsonArgument(call: CallSite, count: number): Typed {
  if (call.args.length !== count)
    throw callError(
      call,
      'wrong-arguments',
      `\`${call.name}\` takes ${count} argument${count === 1 ? '' : 's'}, not ${call.args.length}`,
      `write \`${call.syntax}\``,
    );
  const [value] = call.args;
  if (isJson(value!.type) || value!.type.kind === 'string') return value!;
  throw callError(
    call,
    'wrong-type',
    `\`${call.name}\` wants json, but ${describeArgument(call, value!)}`,
    castHint(call, value!, JSON_TYPE),
    value!.span,
  );
}

function isJson(type: ExprType): boolean {
  return type.kind === 'json' || type.kind === 'null';
}

/** The part that a key or a whole path says, or the place in an array. */
function partOf(call: CallSite, key: Extraction, type: ColumnType, value: Typed): Typed {
  const path = call.args[1]!;
  if (path.kind === 'literal' && path.type.kind === 'int64')
    return typedCall(call, `${key}/place`, type, [value], { constants: [String(path.value)] });
  if (path.kind === 'literal' && typeof path.value === 'string')
    return typedCall(call, key, type, [value], { constants: writtenSteps(stepsOf(call, path.value)) });
  throw callError(
    call,
    'wrong-arguments',
    `the path of \`${call.name}\` must be written out`,
    "write a key 'a', a path '$.a[0].b', or a place 0",
    path.span,
  );
}

/** A text that does not begin with `$` is one key, with points and brackets in it as themselves. */
function stepsOf(call: CallSite, path: string): readonly JsonStep[] {
  if (!path.startsWith('$')) return [{ key: path }];
  const steps = stepsOfPath(path);
  if (steps !== null) return steps;
  throw callError(
    call,
    'wrong-arguments',
    `'${path}' is no path into json`,
    "write it like '$.a[0].b'; a key with other characters needs quotes: '$.\"a b\"'",
    call.args[1]!.span,
  );
}

type Extraction = 'json_extract' | 'json_extract_string';

function extraction(
  name: string,
  alias: readonly string[],
  key: Extraction,
  type: ColumnType,
  summary: string,
  example: FunctionDefinition['example'],
): FunctionDefinition {
  return {
    name,
    aliases: alias,
    syntax: /^\w/.test(name) ? `${name}(json, path)` : `json ${name} path`,
    summary,
    example,
    resolve: (call) => partOf(call, key, type, jsonArgument(call, 2)),
  };
}

function aboutJson(
  key: FunctionKey,
  type: ColumnType,
  summary: string,
  example: FunctionDefinition['example'],
): FunctionDefinition {
  const resolve = (call: CallSite): Typed => typedCall(call, key, type, [jsonArgument(call, 1)]);
  return { name: key, syntax: `${key}(json)`, summary, example, resolve };
}

export const functions: readonly FunctionDefinition[] = [
  extraction('->', [], 'json_extract', JSON_TYPE, 'A part, as json.', [`'{"a": [1, 2]}' -> 'a'`, '[1,2]']),
  extraction('->>', [], 'json_extract_string', STRING, 'A part, as text; null for a JSON null.', [
    `'{"a": {"b": "x"}}' ->> '$.a.b'`,
    'x',
  ]),
  extraction('json_extract', [], 'json_extract', JSON_TYPE, 'The same as `json -> path`.', [
    `json_extract('[1, [2]]', 1)`,
    '[2]',
  ]),
  extraction(
    'json_extract_string',
    ['json_extract_path_text', 'json_value'],
    'json_extract_string',
    STRING,
    'The same as `json ->> path`.',
    [`json_extract_string('{"a": "x"}', 'a')`, 'x'],
  ),
  aboutJson('json_type', STRING, 'object, array, string, number, boolean or null.', [
    `json_type('[1]')`,
    'array',
  ]),
  aboutJson('json_array_length', INT64, 'Number of elements; null for what is no array.', [
    `json_array_length('[1, 2]')`,
    2,
  ]),
];
