/** Choices between values. `case` and `cast` have syntax of their own and are resolved in language/resolve/expression.ts. */
import type { Typed } from '../types/typed.ts';
import { unify } from './kit/coerce.ts';
import {
  type CallSite,
  callError,
  describeArgument,
  type FunctionDefinition,
  mixedTypes,
  typedCall,
} from './kit/function.ts';
import { acceptedArgs, overloads } from './kit/overloads.ts';

/** if(condition, then, otherwise): the condition is bool, the values are of one type. */
function choose(call: CallSite): Typed {
  acceptedArgs(call, { takes: ['bool', 'any', 'any'] });
  const { type, args } = unify(call.args.slice(1), (at, sofar) => mixedTypes(call, at, sofar));
  return typedCall(call, 'if', type, [call.args[0]!, ...args]);
}

/** greatest and least; text by code point. */
function extreme(
  name: 'greatest' | 'least',
  summary: string,
  example: FunctionDefinition['example'],
): FunctionDefinition {
  const resolve = overloads({ key: name, takes: ['same'], rest: 'same', returns: 'same' });
  return {
    name,
    syntax: `${name}(a, ...)`,
    summary,
    example,
    raises: 'never',
    resolve(call) {
      refuseJson(call);
      return resolve(call);
    },
  };
}

function refuseJson(call: CallSite): void {
  const json = call.args.find((arg) => arg.type.kind === 'json');
  if (json === undefined) return;
  throw callError(
    call,
    'wrong-type',
    `json is not compared: ${describeArgument(call, json)}`,
    `compare its text: \`cast(${call.textOf(json.span)} as string)\``,
    json.span,
  );
}

const nullif = overloads({ key: 'nullif', takes: ['same', 'same'], returns: 'same' });

export const functions: readonly FunctionDefinition[] = [
  {
    name: 'if',
    aliases: ['iff'],
    syntax: 'if(condition, a, b)',
    summary: 'a when the condition is true, else b.',
    example: ["if(1 > 2, 'a', 'b')", 'b'],
    raises: 'never',
    resolve: choose,
  },
  {
    name: 'coalesce',
    aliases: ['ifnull', 'nvl'],
    syntax: 'coalesce(a, ...)',
    summary: 'The first that is not null.',
    example: ['coalesce(null, 2, 3)', 2],
    raises: 'never',
    resolve: overloads({ key: 'coalesce', takes: ['same'], rest: 'same', returns: 'same' }),
  },
  extreme('greatest', 'The greatest; nulls do not count.', ['greatest(1, null, 3)', 3]),
  extreme('least', 'The least; nulls do not count.', ['least(1, null, 3)', 1]),
  {
    name: 'nullif',
    syntax: 'nullif(a, b)',
    summary: 'Null when both are equal, else a.',
    example: ['nullif(0, 0)', null],
    raises: 'never',
    resolve(call) {
      refuseJson(call);
      return nullif(call);
    },
  },
];
