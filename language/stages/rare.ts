/** `rare n columns [by columns]`: the n least frequent combinations of values, with their count. */
import { exactKeys } from './kit/exactness.ts';
import {
  emitFrequency,
  type FrequencySyntax,
  frequencyColumnsUsed,
  parseFrequency,
  parseFrequencyCount,
  type ResolvedFrequency,
  resolveFrequency,
} from './kit/frequency.ts';
import type { StageDefinition } from './kit/stage.ts';

/** The parsed arguments of the stage. */
export type Syntax = FrequencySyntax;

export const stage: StageDefinition<Syntax, ResolvedFrequency> = {
  name: 'rare',
  aliases: [],
  docs: {
    syntax: 'rare n column, ... [by column, ...]',
    summary: 'The n least frequent values (or combinations), with their `count`; with `by`, of each group.',
    notes: 'The rest is as with `top`.',
    examples: [{ text: 'rare 1 origin', summary: 'the origin with the fewest flights' }],
  },
  parse(cursor) {
    const count = parseFrequencyCount(cursor, 'rare');
    if (cursor.isWord('by'))
      cursor.refuse('`rare` needs a column before `by`', 'for the smallest values write `sort 10 delay`');
    return parseFrequency(cursor, 'rare', count);
  },
  resolve: (syntax, input) => resolveFrequency(syntax, input, 'rare'),
  columnsUsed: frequencyColumnsUsed,
  emit: (resolved, relation) => emitFrequency(resolved, relation, false),
  exactIn: ({ values, by }, dialect) => exactKeys([...values, ...by], dialect),
};
