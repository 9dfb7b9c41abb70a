/**
 * From query text to plan: cache, else the compiler on a Piscina thread, again and again, with what it asks for in
 * between: what databases say of their SQL's columns, a worker of the engine's, the data of values.
 */
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
import type { PlannerConfig } from './config.ts';
import { PlanCache, type PlanKey } from './plan-cache.ts';
import type { PlannerTask, PlannerValue } from './planner-thread.ts';
import { PlannerThreads } from './planner-threads.ts';

export interface PlannerOptions extends PlannerConfig {
  /** Functions of a connection's database that queries may call, as `schema.name`. */
  readonly allowFunctions?: Readonly<Record<string, readonly string[]>>;
  /** Told of each planner thread that had to be replaced. */
  readonly onThreadReplaced?: (reason: string) => void;
}

/** Finds out what the compiler asks for: the database, or a worker, knows. */
export type Answerer = (ask: Ask) => Promise<AskAnswer>;

export class Planner {
  readonly cache: PlanCache;
  readonly #threads: PlannerThreads;

  constructor({
    threads,
    cacheEntries,
    cacheBytes,
    allowFunctions = {},
    onThreadReplaced: onReplaced = () => {},
  }: PlannerOptions) {
    this.cache = new PlanCache({ entries: cacheEntries, bytes: cacheBytes });
    this.#threads = new PlannerThreads({ threads, allowFunctions, onReplaced });
  }

  /** Boots the threads before the first query needs them. */
  async warm(): Promise<void> {
    await this.#threads.run({ type: 'warm' });
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
    await this.#threads.close();
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

  #run(task: PlannerTask): Promise<PlannerValue> {
    return this.#threads.run(task);
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
