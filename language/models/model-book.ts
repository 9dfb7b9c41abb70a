/** The models that the answers so far have told of, and the names that are still unknown. */
import { type FoundModel, modelKey } from '../../core/protocol/models.ts';
import type { PlanRequest } from '../../core/protocol/plan.ts';

export class ModelBook {
  readonly #models = new Map<string, FoundModel>();
  readonly #missing = new Set<string>();
  /** The number of answers, by which the next ask is named. */
  readonly answers: number;

  constructor(answers: PlanRequest['answers']) {
    let count = 0;
    for (const answer of Object.values(answers))
      if (answer.kind === 'models') {
        count++;
        for (const model of answer.models) this.#models.set(modelKey(model.name), model);
        for (const key of answer.missing) this.#missing.add(key);
      }
    this.answers = count;
  }

  /** Says whether the name is a model's, or nobody has said yet. */
  readonly mayBeModel = (name: string): boolean => !this.#missing.has(modelKey(name));

  /** Returns the column by which the model's rows are chosen by date; null: it names none. */
  readonly timeOf = (name: string): string | null => this.find(name)?.timeColumn ?? null;

  find(name: string): FoundModel | null {
    return this.#models.get(modelKey(name)) ?? null;
  }

  get missing(): readonly string[] {
    return [...this.#missing];
  }
}
