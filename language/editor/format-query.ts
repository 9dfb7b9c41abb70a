/**
 * The leaves of a text as queries: what stands before the first pipe, then the stages; and the same in brackets, where a
 * whole query becomes one leaf. Brackets hold a query when SQL, a connection or a pipe stands in them.
 */
import type { Leaf, QueryLeaves, StageLeaves } from './format-leaves.ts';

export function queryOf(leaves: readonly Leaf[]): QueryLeaves {
  return new QueryReader(leaves).read();
}

class QueryReader {
  readonly #leaves: readonly Leaf[];
  readonly #queryBrackets: ReadonlySet<number>;
  #at = 0;

  constructor(leaves: readonly Leaf[]) {
    this.#leaves = leaves;
    this.#queryBrackets = queryBrackets(leaves);
  }

  /** Reads a query up to the end, or to the bracket that closes nothing in it. */
  read(): QueryLeaves {
    const head: Leaf[] = [];
    const stages: (StageLeaves & { readonly leaves: Leaf[] })[] = [];
    let depth = 0;
    for (let leaf = this.#leaves[this.#at]; leaf !== undefined; leaf = this.#leaves[this.#at]) {
      const current = stages.at(-1)?.leaves ?? head;
      const symbol = symbolOf(leaf);
      if (symbol === ')' && depth === 0) break;
      if (symbol === '(') depth++;
      if (symbol === ')') depth--;
      const isQuery = this.#queryBrackets.has(this.#at++);
      if (symbol === '|' || symbol === '|>')
        stages.push({ pipe: leaf, before: takeOwnLines(current), leaves: [] });
      else current.push(leaf);
      if (isQuery) current.push(queryLeaf(this.read()));
    }
    return { head, stages, after: takeOwnLines(stages.at(-1)?.leaves ?? head) };
  }
}

function symbolOf({ token, text }: Leaf): string {
  return token?.kind === 'symbol' ? text : '';
}

function queryBrackets(leaves: readonly Leaf[]): ReadonlySet<number> {
  const found = new Set<number>();
  const open: number[] = [];
  for (const [index, leaf] of leaves.entries()) {
    const symbol = symbolOf(leaf);
    const kind = leaf.token?.kind;
    if (symbol === '(') open.push(index);
    else if (symbol === ')') open.pop();
    else if ((symbol.startsWith('|') && symbol !== '||') || kind === 'sql' || kind === 'connection')
      found.add(open.at(-1) ?? -1);
  }
  return found;
}

function queryLeaf(query: QueryLeaves): Leaf {
  const token = { kind: 'sql', text: '', lower: '', start: 0, end: 0 } as const;
  return { kind: 'leaf', text: '', token, ownLine: false, endsLine: false, glued: true, query };
}

/** Takes the comments at the end away, from the first that has its own line. */
function takeOwnLines(leaves: Leaf[]): readonly Leaf[] {
  const lastToken = leaves.findLastIndex((leaf) => leaf.token !== null);
  const first = leaves.findIndex((leaf, index) => index > lastToken && leaf.ownLine);
  return first === -1 ? [] : leaves.splice(first);
}
