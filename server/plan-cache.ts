/** Plans by what they depend on, least recently used ones dropped first. */
import type { ParameterKind } from '../language/parameters.ts';
import type { Plan, Pushdown } from '../language/plan.ts';

export interface PlanKey {
  readonly connection: string;
  readonly text: string;
  readonly parameters: Readonly<Record<string, ParameterKind>>;
  readonly pushdown: Pushdown;
  readonly throughWorker: boolean;
}

interface Kept {
  readonly plan: Plan;
  lastUse: number;
}

export class PlanCache {
  readonly #capacity: number;
  readonly #plans = new Map<string, Kept>();
  #uses = 0;
  hits = 0;
  misses = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#plans.size;
  }

  get(key: PlanKey): Plan | null {
    const text = keyText(key);
    const kept = this.#plans.get(text);
    if (kept === undefined) {
      this.misses++;
      return null;
    }
    this.hits++;
    kept.lastUse = ++this.#uses;
    return kept.plan;
  }

  set(key: PlanKey, plan: Plan): void {
    if (this.#capacity === 0) return;
    this.#plans.set(keyText(key), { plan, lastUse: ++this.#uses });
    if (this.#plans.size > this.#capacity) this.#plans.delete(this.#leastRecentlyUsed());
  }

  delete(key: PlanKey): void {
    this.#plans.delete(keyText(key));
  }

  /** Looked for where a plan was just made, which took longer; a hit keeps no order. */
  #leastRecentlyUsed(): string {
    let oldest = Number.POSITIVE_INFINITY;
    let found = '';
    for (const [text, { lastUse }] of this.#plans) {
      if (lastUse >= oldest) continue;
      oldest = lastUse;
      found = text;
    }
    return found;
  }
}

/** Every part in full: two queries share a plan only when they are the same to the letter. */
function keyText({ connection, text, parameters, pushdown, throughWorker }: PlanKey): string {
  const kinds = Object.entries(parameters).sort(([a], [b]) => (a < b ? -1 : 1));
  // No part before the text has a line break in it, so that the text needs no escapes.
  return `${connection} ${pushdown} ${throughWorker} ${JSON.stringify(kinds)}\n${text}`;
}
