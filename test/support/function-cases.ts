/** Every way to call every function: with columns of each type, and with the constants that it wants written out. */

import { QueryError } from '../../core/protocol/errors.ts';
import { castTo } from '../../language/functions/kit/coerce.ts';
import type { FunctionDefinition } from '../../language/functions/kit/function.ts';
import { FAMILIES } from '../../language/functions/registry.ts';
import { castExists } from '../../language/types/cast-types.ts';
import type { Typed, TypedCall } from '../../language/types/typed.ts';
import { CONSTANTS } from '../fixtures/functions/constants.ts';
import { EDGE_VALUES, type EdgeValues } from '../fixtures/functions/edge-values.ts';

export interface FunctionCase {
  /** `date_trunc('day', timestamp)` */
  readonly title: string;
  readonly definition: FunctionDefinition;
  readonly call: TypedCall;
  readonly columns: readonly CaseColumn[];
}

/** A column that a call reads: named `c0`, `c1`, ... by its place among the arguments. */
export interface CaseColumn extends EdgeValues {
  readonly column: string;
}

const HERE = { start: 0, end: 0 };
const MOST_ARGUMENTS = 3;
/** Kinds that stand as the third of three: all of them would be thousands of calls that say the same. */
const FEW = new Set(['bool', 'int64', 'string', 'date', 'float64']);

type Choice = { readonly label: string; readonly value: Typed; readonly values: EdgeValues | null };

function choicesAt(name: string, index: number, count: number): readonly Choice[] {
  const constants = CONSTANTS[name]?.[index];
  if (constants !== undefined)
    return constants.map((value) => ({ label: `'${value.value}'`, value, values: null }));
  return EDGE_VALUES.filter((values) => count < MOST_ARGUMENTS || index === 0 || FEW.has(values.name)).map(
    (values) => ({
      label: values.name,
      value: { kind: 'column', name: `c${index}`, type: values.type, span: HERE },
      values,
    }),
  );
}

function* combinations(name: string, count: number, at = 0): Generator<readonly Choice[]> {
  if (at === count) return yield [];
  for (const choice of choicesAt(name, at, count))
    for (const rest of combinations(name, count, at + 1)) yield [choice, ...rest];
}

function resolved(definition: FunctionDefinition, name: string, choices: readonly Choice[]): Typed | null {
  try {
    return definition.resolve({
      name,
      span: HERE,
      args: choices.map(({ value }) => value),
      operator: false,
      syntax: definition.syntax,
      traits: definition,
      textOf: () => '?',
    });
  } catch (thrown) {
    if (thrown instanceof QueryError) return null; // the function does not take these
    throw thrown;
  }
}

function caseOf(
  definition: FunctionDefinition,
  name: string,
  choices: readonly Choice[],
): FunctionCase | null {
  const call = resolved(definition, name, choices);
  if (call?.kind !== 'call' || call.type.kind === 'null') return null;
  const columns = choices.flatMap(({ values }, index) =>
    values === null ? [] : [{ ...values, column: `c${index}` }],
  );
  return { title: `${name}(${choices.map(({ label }) => label).join(', ')})`, definition, call, columns };
}

/** Operators have as many sides as their syntax; what is written as a call is tried with any number. */
const SIDES: Readonly<Record<string, readonly number[]>> = {
  not: [1],
  'is null': [1],
  'is not null': [1],
  between: [3],
  'not between': [3],
  in: [2, 3],
  'not in': [2, 3],
  and: [2, 3],
  or: [2, 3],
};

function countsOf({ name, syntax }: FunctionDefinition): readonly number[] {
  if (SIDES[name] !== undefined) return SIDES[name];
  return syntax.startsWith('a ') || syntax.startsWith('text ') || syntax.startsWith('json ')
    ? [2]
    : [0, 1, 2, MOST_ARGUMENTS];
}

export function functionCases(definition: FunctionDefinition): readonly FunctionCase[] {
  const found: FunctionCase[] = [];
  for (const count of countsOf(definition))
    for (const choices of combinations(definition.name, count)) {
      const made = caseOf(definition, definition.name, choices);
      if (made !== null) found.push(made);
    }
  return found;
}

export const ALL_DEFINITIONS: readonly FunctionDefinition[] = Object.values(FAMILIES).flat();

/** Casts have syntax of their own; they are held like functions. */
export function castCases(): readonly FunctionCase[] {
  const definition: FunctionDefinition = {
    name: 'cast',
    syntax: 'cast(x as type)',
    summary: '',
    example: ['', null],
    resolve: ({ args }) => args[0]!,
  };
  return EDGE_VALUES.flatMap((from) =>
    EDGE_VALUES.flatMap((to) =>
      [false, true]
        .filter(() => castExists(from.type, to.type))
        .flatMap((orNull): FunctionCase[] => {
          const column: Typed = { kind: 'column', name: 'c0', type: from.type, span: HERE };
          const call = castTo(column, to.type, orNull);
          const title = `${orNull ? 'try_cast' : 'cast'}(${from.name} as ${to.name})`;
          return call.kind === 'call'
            ? [{ title, definition, call, columns: [{ ...from, column: 'c0' }] }]
            : [];
        }),
    ),
  );
}
