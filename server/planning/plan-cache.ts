/** Plans by what they depend on, within a budget of bytes and of entries; the least recently used ones are dropped first. */
import { LRUCache } from 'lru-cache';
import { heapBytesOf, textBytes } from '../../core/process/heap-bytes.ts';
import type { ParameterKind } from '../../core/protocol/parameters.ts';
import type { Plan, Pushdown } from '../../core/protocol/plan.ts';

export interface PlanKey {
  /** The principal's (core/protocol/principal.ts). */
  readonly scope: string;
  readonly connection: string;
  readonly text: string;
  readonly parameters: Readonly<Record<string, ParameterKind>>;
  readonly pushdown: Pushdown;
  readonly throughWorker: boolean;
  /** The language of the text; left out: Forkline's own. */
  readonly language?: 'legacy';
  /** What `*` reads in the legacy language. */
  readonly model?: string;
}

export interface PlanCacheOptions {
  /** 0: nothing is kept. */
  readonly entries: number;
  /** For plans and their keys, as core/process/heap-bytes.ts estimates them; 0: nothing is kept. A plan larger than that is not kept. */
  readonly bytes: number;
}

export class PlanCache {
  /** null: nothing is kept. */
  readonly #plans: LRUCache<string, Plan> | null;
  /** Changes whenever all plans are dropped: a plan that was begun before must not be kept. */
  epoch = 0;
  hits = 0;
  misses = 0;

  constructor({ entries, bytes }: PlanCacheOptions) {
    this.#plans = entries > 0 && bytes > 0 ? new LRUCache({ max: entries, maxSize: bytes }) : null;
  }

  get size(): number {
    return this.#plans?.size ?? 0;
  }

  get bytes(): number {
    return this.#plans?.calculatedSize ?? 0;
  }

  get(key: PlanKey): Plan | null {
    const plan = this.#plans?.get(keyText(key)) ?? null;
    if (plan === null) this.misses++;
    else this.hits++;
    return plan;
  }

  /** `planBytes` is what the plan takes, where the caller knows it already. */
  set(key: PlanKey, plan: Plan, planBytes = heapBytesOf(plan)): void {
    const text = keyText(key);
    this.#plans?.set(text, plan, { size: textBytes(text) + planBytes });
  }

  clear(): void {
    this.#plans?.clear();
  }

  delete(key: PlanKey): void {
    this.#plans?.delete(keyText(key));
  }
}

/** Every part in full: two queries share a plan only when they are the same to the letter. */
function keyText({
  scope,
  connection,
  text,
  parameters,
  pushdown,
  throughWorker,
  language,
  model,
}: PlanKey): string {
  const kinds = Object.entries(parameters).sort(([a], [b]) => (a < b ? -1 : 1));
  const other = language === undefined && model === undefined ? '' : ` ${JSON.stringify([language, model])}`;
  // No part before the text has a line break in it, so that the text needs no escapes.
  return `${scope} ${connection} ${pushdown} ${throughWorker} ${JSON.stringify(kinds)}${other}\n${text}`;
}
