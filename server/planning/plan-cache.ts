/** A cache of plans, by everything that they depend on, within a budget of bytes and entries. The least recently used are dropped first. */
import { LRUCache } from 'lru-cache';
import { heapBytesOf, textBytes } from '../../core/process/heap-bytes.ts';
import type { ParameterKind } from '../../core/protocol/parameters.ts';
import type { Plan, Pushdown } from '../../core/protocol/plan.ts';
import type { ShownRows } from '../../core/protocol/shown-rows.ts';

export interface PlanKey {
  /** The principal's scope (core/protocol/principal.ts). */
  readonly scope: string;
  /** The rights behind the scope: the connections that the principal sees and the stages that it may use; null when it may use all. */
  readonly visible: readonly string[] | null;
  readonly stages: readonly string[] | null;
  /** Says how tables and models are shown to the scope; left out: all of them. */
  readonly shown?: ShownRows;
  readonly connection: string;
  readonly text: string;
  readonly parameters: Readonly<Record<string, ParameterKind>>;
  readonly pushdown: Pushdown;
  readonly throughWorker: boolean;
  /** The language of the text; left out: Forkline's own. */
  readonly language?: 'legacy';
  /** The model that `*` reads in the legacy language. */
  readonly model?: string;
  /** Whether there is a catalogue, so that a name may be a model's: the same for all keys of a server. */
  readonly catalogue?: boolean;
  /** The key of the model whose definition is planned; such plans are not kept. */
  readonly ownModel?: string;
}

export interface PlanCacheOptions {
  /** The most plans; with 0 nothing is kept. */
  readonly entries: number;
  /** The most memory for plans and their keys, as core/process/heap-bytes.ts estimates it; with 0 nothing is kept. A larger plan is not kept. */
  readonly bytes: number;
}

export class PlanCache {
  /** Null when nothing is kept. */
  readonly #plans: LRUCache<string, Plan> | null;
  /** A number that changes when all plans are dropped: a plan whose making began before that must not be kept. */
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

  /** Keeps a plan. The caller passes `planBytes`, the plan's memory, if it knows it already. */
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
