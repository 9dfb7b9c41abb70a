/** Plans by what they depend on, least recently used ones dropped first. */
import type { ParameterKind, Plan, Pushdown } from '../language/plan.ts';

export interface PlanKey {
  readonly connection: string;
  readonly text: string;
  readonly parameters: Readonly<Record<string, ParameterKind>>;
  readonly pushdown: Pushdown;
  readonly throughWorker: boolean;
}

export class PlanCache {
  readonly #capacity: number;
  readonly #plans = new Map<string, Plan>();
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
    const plan = this.#plans.get(text);
    if (plan === undefined) {
      this.misses++;
      return null;
    }
    this.hits++;
    this.#plans.delete(text);
    this.#plans.set(text, plan);
    return plan;
  }

  set(key: PlanKey, plan: Plan): void {
    if (this.#capacity === 0) return;
    this.#plans.set(keyText(key), plan);
    if (this.#plans.size > this.#capacity) this.#plans.delete(this.#plans.keys().next().value!);
  }

  delete(key: PlanKey): void {
    this.#plans.delete(keyText(key));
  }
}

/** Every part in full: two queries share a plan only when they are the same to the letter. */
function keyText({ connection, text, parameters, pushdown, throughWorker }: PlanKey): string {
  const kinds = Object.entries(parameters).sort(([a], [b]) => (a < b ? -1 : 1));
  // The first part ends where its JSON does: the text needs no escapes.
  return JSON.stringify([connection, pushdown, throughWorker, kinds]) + text;
}
