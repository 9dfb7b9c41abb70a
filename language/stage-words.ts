/**
 * Which words a stage takes where, read off the syntax that its documentation gives: `stats aggregate [as name] [by
 * expression]` says that an aggregate comes first, and an expression after `by`. So a new stage completes without
 * anything written for that.
 */
import type { AnyStage } from './stage.ts';

/** What may stand in a place of a stage. */
export type Slot = 'column' | 'expression' | 'aggregate' | 'type' | 'source' | 'none';

export interface StageWords {
  /** Keywords, in the order of the syntax. */
  readonly keywords: readonly string[];
  /** `span` of `span=duration`. */
  readonly options: readonly string[];
  /** What follows a keyword; '' is the stage's own name. */
  readonly slots: ReadonlyMap<string, ReadonlySet<Slot>>;
}

/** The words of syntax that stand for something else. */
const SLOTS: Readonly<Record<string, Slot>> = {
  aggregate: 'aggregate',
  column: 'column',
  columns: 'column',
  key: 'column',
  old: 'column',
  local: 'none',
  condition: 'expression',
  expression: 'expression',
  row: 'expression',
  value: 'expression',
  type: 'type',
  source: 'source',
  query: 'source',
  sql: 'none',
  name: 'none',
  new: 'none',
  n: 'none',
  k: 'none',
  a: 'none',
  v: 'none',
  duration: 'none',
};

const known = new Map<AnyStage, StageWords>();

export function wordsOf(stage: AnyStage): StageWords {
  let words = known.get(stage);
  if (words === undefined) {
    words = readSyntax(stage);
    known.set(stage, words);
  }
  return words;
}

function readSyntax(stage: AnyStage): StageWords {
  const keywords = new Set<string>();
  const options = new Set<string>();
  const slots = new Map<string, Set<Slot>>([['', new Set()]]);
  for (const form of stage.docs.syntax.split('\n')) {
    let clause = '';
    for (const [, word, equals] of form.replace(/'[^']*'/g, '').matchAll(/([a-z_]+)(=?)/g)) {
      const slot = SLOTS[word!];
      if (equals === '=') options.add(word!);
      else if (slot !== undefined) slots.get(clause)!.add(slot);
      else if (word !== stage.name || form.indexOf(word) > 0) {
        clause = word!;
        keywords.add(clause);
        if (!slots.has(clause)) slots.set(clause, new Set());
      }
    }
  }
  return { keywords: [...keywords], options: [...options], slots };
}
