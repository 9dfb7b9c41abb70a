/**
 * From query text to plan: cache, else the compiler on a Piscina thread, again and again, with what it asks for in
 * between: what databases say of their SQL's columns, a worker of the engine's, the data of values.
 */
import { Piscina } from 'piscina';
import type {
  CompleteAnswer,
  CompleteAsk,
  CompleteRequest,
  CompleteStep,
  Completion,
} from '../language/complete-types.ts';
import type { ExplainedQuery, ExplainStep } from '../language/explain.ts';
import type { Ask, AskAnswer, Plan, PlanStep } from '../language/plan.ts';
import { QueryError } from '../workers/errors.ts';
import { PlanCache, type PlanKey } from './plan-cache.ts';
import type { PlannerResult, PlannerTask } from './planner-thread.ts';

export interface PlannerOptions {
  readonly threads: number;
  readonly cacheEntries: number;
}

/** Finds out what the compiler asks for: the database, or a worker, knows. */
export type Answerer = (ask: Ask) => Promise<AskAnswer>;

export class Planner {
  readonly cache: PlanCache;
  readonly #threads: Piscina;

  constructor({ threads, cacheEntries }: PlannerOptions) {
    this.cache = new PlanCache(cacheEntries);
    this.#threads = new Piscina({
      filename: new URL('./planner-thread.js', import.meta.url).href,
      name: 'runTask',
      minThreads: threads,
      maxThreads: threads,
      // A planner that waits for work must not spin: it shares two cores with everything else.
      atomics: 'disabled',
    });
  }

  /** Boots the threads before the first query needs them. */
  async warm(): Promise<void> {
    const key = {
      connection: '',
      text: 'select 1',
      parameters: {},
      pushdown: 'auto',
      throughWorker: false,
    } as const;
    await this.#run({ type: 'plan', ...key, answers: {} });
  }

  cached(key: PlanKey): Plan | null {
    return this.cache.get(key);
  }

  async plan(key: PlanKey, answer: Answerer): Promise<Plan> {
    const { plan } = await this.#untilDone<Extract<PlanStep, { kind: 'plan' }>>('plan', key, answer);
    if (plan.cacheable) this.cache.set(key, plan);
    return plan;
  }

  async explain(key: PlanKey, answer: Answerer): Promise<ExplainedQuery> {
    const done = await this.#untilDone<Extract<ExplainStep, { kind: 'explained' }>>('explain', key, answer);
    return done.explained;
  }

  /** The query, formatted. */
  async format(text: string): Promise<string> {
    return (await this.#run({ type: 'format', text })) as string; // what the task returns
  }

  async complete(
    request: Omit<CompleteRequest, 'answers'>,
    answer: (ask: CompleteAsk) => Promise<CompleteAnswer>,
  ): Promise<Completion> {
    const answers: Record<string, CompleteAnswer> = {};
    for (;;) {
      const step = (await this.#run({ type: 'complete', ...request, answers })) as CompleteStep; // what the task returns
      if (step.kind === 'completed') return step.completion;
      const found = await Promise.all(step.asks.map(answer));
      for (const [index, { key }] of step.asks.entries()) answers[key] = found[index]!;
    }
  }

  async close(): Promise<void> {
    await this.#threads.destroy();
  }

  /** The compiler again and again, each time with what it asked for, until it asks no more. */
  async #untilDone<Done>(type: 'plan' | 'explain', key: PlanKey, answer: Answerer): Promise<Done> {
    const answers: Record<string, AskAnswer> = {};
    for (;;) {
      const step = (await this.#run({ type, ...key, answers })) as
        | Exclude<Done, { kind: 'ask' }>
        | Extract<PlanStep, { kind: 'ask' }>;
      if (!isAsk(step)) return step;
      // What is asked for again would be asked for for ever.
      const known = step.asks.find(({ key: name }) => answers[name] !== undefined);
      if (known !== undefined) throw new Error(`the compiler asks twice for ${known.key}`);
      const found = await Promise.all(step.asks.map(answer));
      for (const [index, { key: name }] of step.asks.entries()) answers[name] = found[index]!;
    }
  }

  async #run(task: PlannerTask): Promise<unknown> {
    const result = (await this.#threads.run(task)) as PlannerResult;
    if (!result.ok) throw QueryError.fromWire(result.error);
    return result.value;
  }
}

function isAsk(step: unknown): step is Extract<PlanStep, { kind: 'ask' }> {
  return (step as PlanStep).kind === 'ask';
}
