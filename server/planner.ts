/**
 * From query text to plan: cache, else the compiler on a Piscina thread, with the database's own description of
 * the source in between when stages need its columns.
 */
import { Piscina } from 'piscina';
import type { ExplainedQuery } from '../language/explain.ts';
import type {
  ParameterKind,
  ParameterValue,
  ParsedQuery,
  Plan,
  SourceDescription,
} from '../language/plan.ts';
import { QueryError } from '../workers/errors.ts';
import { PlanCache, type PlanKey } from './plan-cache.ts';
import type { PlannerResult, PlannerTask } from './planner-thread.ts';

export interface PlannerOptions {
  readonly threads: number;
  readonly cacheEntries: number;
}

/** Asks the database about the source's columns and parameters. */
export type Describe = (parsed: ParsedQuery) => Promise<SourceDescription>;

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
    await this.#run({ type: 'parse', text: 'select 1' });
  }

  parse(text: string): Promise<ParsedQuery> {
    return this.#run({ type: 'parse', text }) as Promise<ParsedQuery>;
  }

  cached(key: PlanKey): Plan | null {
    return this.cache.get(key);
  }

  async plan(key: PlanKey, parsed: ParsedQuery, describe: Describe): Promise<Plan> {
    const request = await this.#request(key, parsed, describe);
    const plan = (await this.#run({ type: 'plan', ...request })) as Plan;
    this.cache.set(key, plan);
    return plan;
  }

  async explain(key: PlanKey, parsed: ParsedQuery, describe: Describe): Promise<ExplainedQuery> {
    const request = await this.#request(key, parsed, describe, true);
    return (await this.#run({ type: 'explain', ...request })) as ExplainedQuery;
  }

  async close(): Promise<void> {
    await this.#threads.destroy();
  }

  async #request(key: PlanKey, parsed: ParsedQuery, describe: Describe, always = false) {
    const needed = always || key.throughWorker || parsed.stageCount > 0;
    const source = needed ? await describe(parsed) : null;
    return { text: key.text, parameters: key.parameters, source, throughWorker: key.throughWorker };
  }

  async #run(task: PlannerTask): Promise<unknown> {
    const result = (await this.#threads.run(task)) as PlannerResult;
    if (!result.ok) throw QueryError.fromWire(result.error);
    return result.value;
  }
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
