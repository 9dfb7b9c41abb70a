/** Choices between values. `case` and `cast` have syntax of their own and are resolved in resolve-expression.ts. */
import { unify } from '../coerce.ts';
import { type CallSite, type FunctionDefinition, mixedTypes, overloads, typedCall } from '../function.ts';
import type { Typed } from '../typed.ts';

/** if(condition, then, otherwise): the condition is bool, the values are of one type. */
function choose(call: CallSite): Typed {
  overloads({ takes: ['bool', 'any', 'any'], returns: 'same', duckdb: ([a]) => a! })(call);
  const { type, args } = unify(call.args.slice(1), (at, sofar) => mixedTypes(call, at, sofar));
  return typedCall(
    call,
    type,
    [call.args[0]!, ...args],
    ([c, a, b]) => `CASE WHEN ${c} THEN ${a} ELSE ${b} END`,
  );
}

function oneOf(name: string, summary: string, example: FunctionDefinition['example']): FunctionDefinition {
  const resolve = overloads({
    takes: ['same'],
    rest: 'same',
    returns: 'same',
    duckdb: (args) => `${name}(${args.join(', ')})`,
  });
  return { name, syntax: `${name}(a, ...)`, summary, example, resolve };
}

export const functions: readonly FunctionDefinition[] = [
  {
    name: 'if',
    aliases: ['iff'],
    syntax: 'if(condition, a, b)',
    summary: 'a when the condition is true, else b.',
    example: ["if(1 > 2, 'a', 'b')", 'b'],
    resolve: choose,
  },
  oneOf('coalesce', 'The first that is not null.', ['coalesce(null, 2, 3)', 2]),
  oneOf('greatest', 'The greatest; nulls do not count.', ['greatest(1, null, 3)', 3]),
  oneOf('least', 'The least; nulls do not count.', ['least(1, null, 3)', 1]),
  {
    name: 'nullif',
    syntax: 'nullif(a, b)',
    summary: 'Null when both are equal, else a.',
    example: ['nullif(0, 0)', null],
    resolve: overloads({
      takes: ['same', 'same'],
      returns: 'same',
      duckdb: ([a, b]) => `nullif(${a}, ${b})`,
    }),
  },
];
