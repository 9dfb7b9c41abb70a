/**
 * Makes the plan of a query: from the cache, or by the compiler on a Piscina thread. The compiler may ask for facts first
 * (columns from databases, columns from a DSL worker, values from the data) and is called again with each answer.
 */
import { Cancellation } from '../../core/process/cancellation.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import type { PlanModels } from '../../core/protocol/models.ts';
import type { Ask, AskAnswer, Plan, PlanStep, SourcePlan } from '../../core/protocol/plan.ts';
import { anonymousAt } from '../../core/protocol/principal.ts';
import type { Limits, PlannerConfig } from '../../core/protocol/server-config.ts';
import type { SqlNames } from '../../core/protocol/sql-facts.ts';
import type {
  CompleteAnswer,
  CompleteAsk,
  CompleteRequest,
  CompleteStep,
  Completion,
} from '../../language/editor/complete-types.ts';
import type { Modelled } from '../../language/plan-model.ts';
import type { Asker, Lane } from '../admission/lane.ts';
import type { PlannerConnections } from './known-connections.ts';
import { PlanCache, type PlanKey } from './plan-cache.ts';
import { PlannerLane } from './planner-lane.ts';
import type { EncodedExplanation, PlannerTask, PlannerValue, Seeing } from './planner-thread.ts';
import { PlannerThreads } from './planner-threads.ts';

export interface PlannerOptions extends PlannerConfig, Pick<Limits, 'queueLength' | 'queueWaitMs'> {
  readonly connections: PlannerConnections;
  /** Whether plans tell which tables their SQL names. */
  readonly namesTables: boolean;
  /** Called for each planner thread that had to be replaced. */
  readonly onThreadReplaced?: (reason: string) => void;
}

/** Answers an ask of the compiler, by asking a database or a worker. `models`: those in the text that the ask's places are in. */
export type Answerer = (ask: Ask, models?: PlanModels) => Promise<AskAnswer>;

export class Planner {
  readonly cache: PlanCache;
  readonly #threads: PlannerThreads;
  readonly #lane: PlannerLane;
  readonly #namesTables: boolean;
  /** The number of changes of the connections so far. */
  #changes = 0;

  constructor(options: PlannerOptions) {
    const { threads, cacheEntries, cacheBytes, connections } = options;
    this.cache = new PlanCache({ entries: cacheEntries, bytes: cacheBytes });
    const onReplaced = options.onThreadReplaced ?? (() => {});
    this.#threads = new PlannerThreads({ threads, connections, onReplaced });
    this.#namesTables = options.namesTables;
    this.#lane = new PlannerLane(this.#threads, options);
  }

  /** The queue of tasks that wait for a thread. */
  get lane(): Lane<true> {
    return this.#lane.lane;
  }

  /** Starts the threads before the first query needs them. */
  async warm(): Promise<void> {
    const nobody = { principal: anonymousAt(''), cancellation: new Cancellation() };
    await this.#run({ type: 'warm' }, nobody);
  }

  /** Sets the connections for plans from now on, and drops all plans that were made before. */
  setConnections(connections: PlannerConnections): void {
    this.#threads.setConnections(connections);
    this.#changes++;
    this.cache.clear();
  }

  cached(key: PlanKey): Plan | null {
    return this.cache.get(key);
  }

  /** Makes a plan. This and the methods below also reject with queue-full, queue-timeout, and the reason of the asker's cancellation. */
  async plan(key: PlanKey, answer: Answerer, asker: Asker): Promise<Plan> {
    const changes = this.#changes;
    const { done, planBytes } = await this.#untilDone<Extract<PlanStep, { kind: 'plan' }>>(
      'plan',
      key,
      answer,
      asker,
    );
    const { plan } = done;
    if (plan.cacheable && changes === this.#changes) this.cache.set(key, plan, planBytes);
    return plan;
  }

  async explain(key: PlanKey, answer: Answerer, asker: Asker): Promise<EncodedExplanation> {
    const { done } = await this.#untilDone<EncodedExplanation>('explain', key, answer, asker);
    return done;
  }

  /** Plans a definition of a model. */
  async model(key: PlanKey, answer: Answerer, asker: Asker): Promise<Modelled> {
    return (await this.#untilDone<Modelled>('model', key, answer, asker)).done;
  }

  /** Returns the query, formatted. */
  async format(text: string, language: 'legacy' | null, asker: Asker): Promise<string> {
    return (await this.#run({ type: 'format', text, language }, asker)).value as string; // the result type of a `format` task
  }

  /** Returns the names that decide the facts of a connection's SQL (`SqlJudge.namesIn`). */
  async namesIn(
    { connection, sql }: Pick<SourcePlan, 'connection' | 'sql'>,
    values: readonly (string | null)[],
    asker: Asker,
  ): Promise<SqlNames | null> {
    const { value } = await this.#run({ type: 'names', connection, sql, values }, asker);
    return value as SqlNames | null; // the result type of a `names` task
  }

  async complete(
    request: Seeing & Omit<CompleteRequest, 'answers' | 'dialects'>,
    answer: (ask: CompleteAsk) => Promise<CompleteAnswer>,
    asker: Asker,
  ): Promise<Completion> {
    const answers: Record<string, CompleteAnswer> = {};
    for (;;) {
      const { value } = await this.#run({ type: 'complete', ...request, answers }, asker);
      const step = value as CompleteStep; // the result type of a `complete` task
      if (step.kind === 'completed') return step.completion;
      const found = await Promise.all(step.asks.map(answer));
      for (const [index, { key }] of step.asks.entries()) answers[key] = found[index]!;
    }
  }

  async close(): Promise<void> {
    await this.#threads.close();
  }

  /** Calls the compiler again and again, each time with the answers to its asks, until it asks no more. */
  async #untilDone<Done>(
    type: 'plan' | 'explain' | 'model',
    key: PlanKey,
    answer: Answerer,
    asker: Asker,
  ): Promise<{ readonly done: Done; readonly planBytes: number | undefined }> {
    const answers: Record<string, AskAnswer> = {};
    for (;;) {
      const { value, planBytes } = await this.#run(
        { type, namesTables: this.#namesTables, ...key, answers },
        asker,
      );
      const step = value as Exclude<Done, { kind: 'ask' }> | Extract<PlanStep, { kind: 'ask' }>;
      if (!isAsk(step)) return { done: step, planBytes };
      // An ask that comes again although it was answered would come for ever.
      const known = step.asks.find(({ key: name }) => answers[name] !== undefined);
      if (known !== undefined) throw new Error(`the compiler asks twice for ${known.key}`);
      const found = await Promise.all(step.asks.map((ask) => answer(ask, step.models)));
      for (const [index, { key: name }] of step.asks.entries()) answers[name] = found[index]!;
    }
  }

  async #run(task: PlannerTask, asker: Asker): Promise<PlannerValue> {
    const result = await this.#lane.run(task, asker);
    if (!result.ok) throw QueryError.fromWire(result.error);
    return result;
  }
}

function isAsk(step: unknown): step is Extract<PlanStep, { kind: 'ask' }> {
  return (step as PlanStep).kind === 'ask';
}
