/** Decides whether and for how long the answer of a query is kept: by the query's own wish, a rule of the configuration, or its defaults. */
import { shapeOf } from '../../core/logging/shape.ts';
import type { Plan } from '../../core/protocol/plan.ts';
import type { CacheConfig, CacheRule } from '../../core/protocol/results-config.ts';

export interface KeepPolicy {
  /** The least time that a query takes whose answer is kept. */
  readonly minMs: number;
  /** Whether the answer is kept even if the query may give another one each time. */
  readonly evenVolatile: boolean;
  readonly maxAgeMs: number;
  readonly staleWhileRevalidateMs: number;
  readonly staleIfErrorMs: number;
  readonly tags: readonly string[];
}

export class KeepPolicies {
  readonly #config: CacheConfig;
  readonly #default: KeepPolicy;
  readonly #readsShapes: boolean;

  constructor(config: CacheConfig) {
    const { minMs, maxAgeMs, staleWhileRevalidateMs, staleIfErrorMs } = config;
    this.#config = config;
    this.#default = {
      minMs,
      maxAgeMs,
      staleWhileRevalidateMs,
      staleIfErrorMs,
      evenVolatile: false,
      tags: [],
    };
    this.#readsShapes = config.rules.some(({ shape }) => shape !== null);
  }

  /** Returns null when the answer must not be kept. */
  of(text: string, plan: Plan): KeepPolicy | null {
    const rule = this.#ruleFor(text, plan);
    if (rule?.maxAgeMs === null || plan.cache?.maxAgeMs === null) return null;
    const usual = rule === null ? this.#default : this.#ruled(rule, rule.maxAgeMs);
    if (plan.cache === undefined) return usual;
    return { ...usual, minMs: 0, evenVolatile: true, maxAgeMs: plan.cache.maxAgeMs };
  }

  #ruled(rule: CacheRule, maxAgeMs: number): KeepPolicy {
    const { minMs, staleWhileRevalidateMs, staleIfErrorMs } = this.#config;
    return {
      minMs: rule.minMs ?? minMs,
      evenVolatile: rule.evenVolatile,
      maxAgeMs,
      staleWhileRevalidateMs: rule.staleWhileRevalidateMs ?? staleWhileRevalidateMs,
      staleIfErrorMs: rule.staleIfErrorMs ?? staleIfErrorMs,
      tags: rule.tags,
    };
  }

  #ruleFor(text: string, { sources }: Plan): CacheRule | null {
    const { rules } = this.#config;
    if (rules.length === 0) return null;
    const shape = this.#readsShapes ? shapeOf(text) : null;
    const fits = (rule: CacheRule): boolean =>
      (rule.connection === null || sources.some(({ connection }) => connection === rule.connection)) &&
      (rule.shape === null || rule.shape === shape);
    return rules.find(fits) ?? null;
  }
}
