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
import type { Ask, AskAnswer, ParameterKind, ParameterValue, Plan, PlanStep } from '../language/plan.ts';
import { QueryError } from '../workers/errors.ts';
import type { PlannerOptions } from './config.ts';
import { PlanCache, type PlanKey } from './plan-cache.ts';
import type { PlannerResult, PlannerTask } from './planner-thread.ts';

/** Finds out what the compiler asks for: the database, or a worker, knows. */
export type Answerer = (ask: Ask) => Promise<AskAnswer>;

export class Planner {
  readonly cache: PlanCache;
  readonly #threads: Piscina;

  constructor({ threads, cacheEntries, cacheBytes }: PlannerOptions) {
    this.cache = new PlanCache({ entries: cacheEntries, bytes: cacheBytes });
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
    const { done, planBytes } = await this.#untilDone<Extract<PlanStep, { kind: 'plan' }>>(
      'plan',
      key,
      answer,
    );
    const { plan } = done;
    if (plan.cacheable) this.cache.set(key, plan, planBytes);
    return plan;
  }

  async explain(key: PlanKey, answer: Answerer): Promise<ExplainedQuery> {
    const { done } = await this.#untilDone<Extract<ExplainStep, { kind: 'explained' }>>(
      'explain',
      key,
      answer,
    );
    return done.explained;
  }

  /** The query, formatted. */
  async format(text: string): Promise<string> {
    return (await this.#run({ type: 'format', text })).value as string; // what the task returns
  }

  async complete(
    request: Omit<CompleteRequest, 'answers'>,
    answer: (ask: CompleteAsk) => Promise<CompleteAnswer>,
  ): Promise<Completion> {
    const answers: Record<string, CompleteAnswer> = {};
    for (;;) {
      const { value } = await this.#run({ type: 'complete', ...request, answers });
      const step = value as CompleteStep; // what the task returns
      if (step.kind === 'completed') return step.completion;
      const found = await Promise.all(step.asks.map(answer));
      for (const [index, { key }] of step.asks.entries()) answers[key] = found[index]!;
    }
  }

  async close(): Promise<void> {
    await this.#threads.destroy();
  }

  /** The compiler again and again, each time with what it asked for, until it asks no more. */
  async #untilDone<Done>(
    type: 'plan' | 'explain',
    key: PlanKey,
    answer: Answerer,
  ): Promise<{ readonly done: Done; readonly planBytes: number | undefined }> {
    const answers: Record<string, AskAnswer> = {};
    for (;;) {
      const { value, planBytes } = await this.#run({ type, ...key, answers });
      const step = value as Exclude<Done, { kind: 'ask' }> | Extract<PlanStep, { kind: 'ask' }>;
      if (!isAsk(step)) return { done: step, planBytes };
      // What is asked for again would be asked for for ever.
      const known = step.asks.find(({ key: name }) => answers[name] !== undefined);
      if (known !== undefined) throw new Error(`the compiler asks twice for ${known.key}`);
      const found = await Promise.all(step.asks.map(answer));
      for (const [index, { key: name }] of step.asks.entries()) answers[name] = found[index]!;
    }
  }

  async #run(task: PlannerTask): Promise<Extract<PlannerResult, { ok: true }>> {
    const result = (await this.#threads.run(task)) as PlannerResult;
    if (!result.ok) throw QueryError.fromWire(result.error);
    return result;
  }
}

function isAsk(step: unknown): step is Extract<PlanStep, { kind: 'ask' }> {
  return (step as PlanStep).kind === 'ask';
}

/** Throws bad-parameter for a number that JSON could not carry exactly. */
export function parameterKinds(
  parameters: Readonly<Record<string, ParameterValue>>,
): Record<string, ParameterKind> {
  const kinds: Record<string, ParameterKind> = {};
  for (const [name, value] of Object.entries(parameters)) kinds[name] = kindOf(name, value);
  return kinds;
}

function kindOf(name: string, value: ParameterValue): ParameterKind {
  switch (typeof value) {
    case 'string':
      return 'string';
    case 'boolean':
      return 'bool';
    case 'number':
      if (!Number.isInteger(value)) return 'float64';
      if (Number.isSafeInteger(value)) return 'int64';
      throw new QueryError(
        'bad-parameter',
        `parameter :${name} is a number that JSON does not carry exactly`,
        {
          hint: `Send it as a string, "${name}": "...", and cast it in the query: :${name}::bigint, ::numeric or ::float8.`,
        },
      );
    default:
      return 'null';
  }
}
