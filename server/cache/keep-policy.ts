/** Decides whether and for how long the answer of a query is kept: by the query's own wish, a rule of the configuration, or its defaults. */
import { shapeOf } from '../../core/logging/shape.ts';
import type { PlanModels } from '../../core/protocol/models.ts';
import type { Plan } from '../../core/protocol/plan.ts';
import type { CacheConfig, CacheRule } from '../../core/protocol/results-config.ts';
import { modelTag } from './change-times.ts';

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

  /** Returns null when the answer must not be kept. `modelsKeepMs`: how long the models of the query say that it is kept; null: they do not say. */
  of(text: string, plan: Plan, modelsKeepMs: number | null): KeepPolicy | null {
    const rule = this.#ruleFor(text, plan);
    if (rule?.maxAgeMs === null || plan.cache?.maxAgeMs === null) return null;
    const ruled = rule === null ? this.#default : this.#ruled(rule, rule.maxAgeMs);
    const usual = plan.models === undefined ? ruled : withTags(ruled, plan.models);
    const maxAgeMs = plan.cache?.maxAgeMs ?? modelsKeepMs;
    return maxAgeMs === null ? usual : { ...usual, minMs: 0, evenVolatile: true, maxAgeMs };
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

/** Adds the tags by which the models' entries are purged. */
function withTags(policy: KeepPolicy, { used }: PlanModels): KeepPolicy {
  const tags = used.filter(({ version }) => version > 0).map(({ key }) => modelTag(key));
  return tags.length === 0 ? policy : { ...policy, tags: [...policy.tags, ...tags] };
}
