/**
 * Finds the words that a stage takes at each place, from the syntax that its documentation gives: `stats aggregate [as name] [by
 * expression]` says that an aggregate comes first, and an expression after `by`. A new stage therefore completes without
 * anything written for that.
 */
import type { AnyStage } from '../stages/kit/stage.ts';

/** The kind of word that may stand in a place of a stage. */
export type Slot = 'column' | 'expression' | 'aggregate' | 'type' | 'source' | 'none';

export interface StageWords {
  /** Keywords, in the order of the syntax. */
  readonly keywords: readonly string[];
  /** `span` of `span=duration`. */
  readonly options: readonly string[];
  /** The kinds of word that follow a keyword; '' is the stage's own name. */
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
    // The next part may follow each of these words; after an optional part, also the words before that part.
    let clauses: readonly string[] = [''];
    const outer: (readonly string[])[] = [];
    for (const [part] of form.slice(stage.name.length).matchAll(PARTS)) {
      const words = part.split('/');
      const slot = SLOTS[part];
      if (part === '[') outer.push(clauses);
      else if (part === ']') clauses = [...new Set([...(outer.pop() ?? []), ...clauses])];
      else if (part.endsWith('=')) options.add(part.slice(0, -1));
      else if (slot !== undefined) for (const clause of clauses) slots.get(clause)!.add(slot);
      else if (!part.startsWith("'")) {
        clauses = words;
        for (const word of words) {
          keywords.add(word);
          if (!slots.has(word)) slots.set(word, new Set());
        }
      }
    }
  }
  return { keywords: [...keywords], options: [...options], slots };
}

/** Brackets, quoted examples, and words: `left/right` are alternatives, `span=` is an option. */
const PARTS = /\[|\]|'[^']*'|[a-z_]+(?:\/[a-z_]+)*=?/g;
