/** Every function by name and alias. A family is one file in functions/. */
import type { FunctionDefinition } from './function.ts';
import { functions as aggregate } from './functions/aggregate.ts';
import { functions as arithmetic } from './functions/arithmetic.ts';
import { functions as comparison } from './functions/comparison.ts';
import { functions as conditional } from './functions/conditional.ts';
import { functions as json } from './functions/json.ts';
import { functions as list } from './functions/list.ts';
import { functions as number } from './functions/number.ts';
import { functions as text } from './functions/text.ts';
import { functions as patterns } from './functions/text-patterns.ts';
import { functions as time } from './functions/time.ts';
import { functions as window } from './functions/window.ts';

export const FAMILIES: Readonly<Record<string, readonly FunctionDefinition[]>> = {
  aggregates: aggregate,
  window,
  arithmetic,
  comparison,
  conditional,
  number,
  text: [...text, ...patterns],
  time,
  json,
  list,
};

const byName = new Map<string, FunctionDefinition>();
for (const definition of Object.values(FAMILIES).flat())
  for (const name of [definition.name, ...(definition.aliases ?? [])]) {
    if (byName.has(name)) throw new Error(`two functions are called ${name}`);
    byName.set(name, definition);
  }

export function findFunction(name: string): FunctionDefinition | null {
  return byName.get(name) ?? null;
}

/** Names that people write before brackets: not operators. */
export const FUNCTION_NAMES: readonly string[] = [...byName.keys()].filter((name) =>
  /^[a-z_0-9]+$/.test(name),
);
