/** Choices between values. `case` and `cast` have syntax of their own and are resolved in language/resolve/expression.ts. */
import { byCodePoint, withUsualCollation } from '../dialects/postgres/sql.ts';
import type { Emitter, Typed } from '../types/typed.ts';
import { unify } from './kit/coerce.ts';
import {
  both,
  type CallSite,
  callError,
  describeArgument,
  type FunctionDefinition,
  mixedTypes,
  overloads,
  typedCall,
} from './kit/function.ts';

/** if(condition, then, otherwise): the condition is bool, the values are of one type. */
function choose(call: CallSite): Typed {
  overloads({ takes: ['bool', 'any', 'any'], returns: 'same', duckdb: ([a]) => a! })(call);
  const { type, args } = unify(call.args.slice(1), (at, sofar) => mixedTypes(call, at, sofar));
  return typedCall(
    call,
    type,
    [call.args[0]!, ...args],
    both(([c, a, b]) => `CASE WHEN ${c} THEN ${a} ELSE ${b} END`),
  );
}

function coalesce(args: readonly string[]): string {
  return `coalesce(${args.join(', ')})`;
}

/** greatest and least; text by code point. */
function extreme(name: string, summary: string, example: FunctionDefinition['example']): FunctionDefinition {
  const emit: Emitter = (args) => `${name}(${args.join(', ')})`;
  const ofText: Emitter = (args, text) => withUsualCollation(emit(args.map(byCodePoint), text));
  const resolve = overloads({
    takes: ['same'],
    rest: 'same',
    returns: 'same',
    duckdb: emit,
    postgresFor([first]) {
      // 1 day and 24 hours are equal: which of them it is differs.
      if (first!.type.kind === 'interval' || first!.type.kind === 'list') return null;
      return first!.type.kind === 'string' ? ofText : emit;
    },
  });
  return {
    name,
    syntax: `${name}(a, ...)`,
    summary,
    example,
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

const nullif = overloads({
  takes: ['same', 'same'],
  returns: 'same',
  ...both(([a, b]) => `nullif(${a}, ${b})`),
});

export const functions: readonly FunctionDefinition[] = [
  {
    name: 'if',
    aliases: ['iff'],
    syntax: 'if(condition, a, b)',
    summary: 'a when the condition is true, else b.',
    example: ["if(1 > 2, 'a', 'b')", 'b'],
    resolve: choose,
  },
  {
    name: 'coalesce',
    aliases: ['ifnull', 'nvl'],
    syntax: 'coalesce(a, ...)',
    summary: 'The first that is not null.',
    example: ['coalesce(null, 2, 3)', 2],
    resolve: overloads({ takes: ['same'], rest: 'same', returns: 'same', ...both(coalesce) }),
  },
  extreme('greatest', 'The greatest; nulls do not count.', ['greatest(1, null, 3)', 3]),
  extreme('least', 'The least; nulls do not count.', ['least(1, null, 3)', 1]),
  {
    name: 'nullif',
    syntax: 'nullif(a, b)',
    summary: 'Null when both are equal, else a.',
    example: ['nullif(0, 0)', null],
    resolve(call) {
      refuseJson(call);
      return nullif(call);
    },
  },
];
