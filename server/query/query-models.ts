/** The part of the catalogue that queries use. */
import type { ModelsAnswer, PlanModels } from '../../core/protocol/models.ts';
import type { ParameterValue } from '../../core/protocol/parameters.ts';
import type { NamedModel } from '../../language/editor/complete-types.ts';

type Parameters = Readonly<Record<string, ParameterValue>>;

/** A model whose answer is kept warm (`cache.refresh`). */
export interface RefreshedModel {
  readonly name: string;
  /** The text of its schedule (catalogue/models/schedule.ts). */
  readonly refresh: string;
}

export interface QueryModels {
  /** Returns the models of these keys and those that they build on. Throws store-unavailable. */
  find(keys: readonly string[]): Promise<ModelsAnswer>;
  /** Says whether these versions are the current ones, as far as is known without asking. */
  areCurrent(used: PlanModels['used']): boolean;
  /** Returns the parameters with the defaults of the models. Throws missing-parameter and bad-parameter. */
  withDefaults(models: Pick<PlanModels, 'parameters'>, given: Parameters): Parameters;
  /** Returns how long the model says that answers made with it may be kept, as far as is known without asking; null: it does not say. */
  keepMs(key: string): number | null;
  /** Returns the models whose answers are to be made anew, with their schedules. Throws store-unavailable. */
  refreshed(): Promise<readonly RefreshedModel[]>;
  /** Returns the first models whose names begin so, of those that read only these connections (null: all). */
  named(
    prefix: string,
    connections: readonly string[] | null,
  ): Promise<{ readonly models: readonly NamedModel[]; readonly complete: boolean }>;
  /** Notes that a contract was seen broken, or to hold (null). */
  noteContract(key: string, version: number, broken: string | null): Promise<void>;
}
