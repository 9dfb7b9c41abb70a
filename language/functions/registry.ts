/** Every function by name and alias. A family is one file in functions/. */
import { functions as aggregate } from './aggregate.ts';
import { functions as arithmetic } from './arithmetic.ts';
import { functions as comparison } from './comparison.ts';
import { functions as conditional } from './conditional.ts';
import { functions as json } from './json.ts';
import type { FunctionDefinition } from './kit/function.ts';
import { functions as list } from './list.ts';
import { functions as number } from './number.ts';
import { functions as text } from './text.ts';
import { functions as patterns } from './text-patterns.ts';
import { functions as time } from './time.ts';
import { functions as window } from './window.ts';

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
