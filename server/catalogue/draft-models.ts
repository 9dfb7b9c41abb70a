/** Models that are about to be saved, laid over those of the catalogue, so that they can be planned together. */
import type { ModelDefinition } from '../../catalogue/models/definition.ts';
import {
  type FoundModel,
  type ModelParameter,
  type ModelsAnswer,
  modelKey,
} from '../../core/protocol/models.ts';
import type { QueryModels } from '../query/query-models.ts';

/** A value of each type, for planning: plans depend on the types of values alone. */
const SAMPLES: Readonly<Record<ModelParameter['type'], string | number | boolean>> = {
  ...{ string: 'a', bool: true, int64: 1, float64: 1.5, decimal: 1.5, date: '2000-01-01' },
  ...{ time: '12:00:00', timestamp: '2000-01-01 12:00:00', timestamptz: '2000-01-01T12:00:00Z' },
};

/** Returns a value that the parameter may have. */
export function sampleOf({ type, list, default: usual }: ModelParameter) {
  if (usual !== undefined) return usual;
  return list === true ? [SAMPLES[type]] : SAMPLES[type];
}

export class DraftModels implements QueryModels {
  readonly #catalogue: QueryModels;
  readonly #drafts: ReadonlyMap<string, FoundModel>;

  constructor(catalogue: QueryModels, drafts: readonly FoundModel[]) {
    this.#catalogue = catalogue;
    this.#drafts = new Map(drafts.map((draft) => [modelKey(draft.name), draft]));
  }

  async find(keys: readonly string[]): Promise<ModelsAnswer> {
    const stored = keys.filter((key) => !this.#drafts.has(key));
    const { models, missing } =
      stored.length === 0 ? { models: [], missing: [] } : await this.#catalogue.find(stored);
    const others = models.filter(({ name }) => !this.#drafts.has(modelKey(name)));
    // All drafts are told at once: which of them read which is not known yet.
    return { kind: 'models', models: [...others, ...this.#drafts.values()].map(withSamples), missing };
  }

  areCurrent(): boolean {
    return false;
  }

  named(...asked: Parameters<QueryModels['named']>): ReturnType<QueryModels['named']> {
    return this.#catalogue.named(...asked);
  }

  keepMs(): null {
    return null;
  }

  refreshed(): Promise<readonly never[]> {
    return Promise.resolve([]);
  }

  withDefaults(
    models: Parameters<QueryModels['withDefaults']>[0],
    given: Parameters<QueryModels['withDefaults']>[1],
  ) {
    return this.#catalogue.withDefaults(models, given);
  }

  async noteContract(): Promise<void> {}
}

/** Parameters without a default have a sample here: nobody sends values for a model that is only planned. */
function withSamples(model: FoundModel): FoundModel {
  return {
    ...model,
    parameters: model.parameters.map((parameter) => ({ ...parameter, default: sampleOf(parameter) })),
  };
}

export function draftOf(definition: ModelDefinition, text: string): FoundModel {
  const { name, language, connection, parameters, columns, timeColumn } = definition;
  return {
    ...{ name, language, connection, parameters, columns, timeColumn, text },
    ...{ version: 0, heldAt: new Date().toISOString(), brokenSince: null, buildsOn: [] },
  };
}
