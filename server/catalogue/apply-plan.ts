/** The steps that applying a repository of models takes. */
import type { Change } from '../../catalogue/catalogue.ts';
import { type ModelDefinition, readDefinition } from '../../catalogue/models/definition.ts';
import { diffOf, type MemberDiff } from '../../catalogue/models/diff.ts';
import type { PlannedModel, StoredModel } from '../../catalogue/models/model-rows.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import { modelKey } from '../../core/protocol/models.ts';
import type { Unsaveable } from './plan-definitions.ts';

export interface Repository {
  readonly definitions: readonly ModelDefinition[];
  readonly mistakes: readonly Unsaveable[];
}

const MOST_MODELS = 10_000;

/** Reads `{"models": [...]}`; the mistakes of all of them are collected. Throws bad-request. */
export function readRepository(body: unknown): Repository {
  const given = typeof body === 'object' && body !== null ? (body as { models?: unknown }).models : undefined;
  if (!Array.isArray(given) || given.length > MOST_MODELS)
    throw new QueryError(
      'bad-request',
      `the body is {"models": [...]}, of ${MOST_MODELS} models at most`,
      {},
    );
  const definitions: ModelDefinition[] = [];
  const mistakes: Unsaveable[] = [];
  const names = new Set<string>();
  for (const [index, value] of given.entries())
    try {
      const definition = readDefinition(value);
      const key = modelKey(definition.name);
      if (names.has(key)) throw new QueryError('bad-model', `${definition.name} is there twice`, {});
      names.add(key);
      definitions.push(definition);
    } catch (thrown) {
      if (!(thrown instanceof QueryError)) throw thrown;
      const { name } = (value ?? {}) as { name?: unknown };
      mistakes.push({
        name: typeof name === 'string' ? name.slice(0, 63) : `models[${index}]`,
        error: thrown,
      });
    }
  return { definitions, mistakes };
}

export interface Step {
  readonly name: string;
  readonly action: 'create' | 'change' | 'same' | 'remove';
  /** The version that there is; 0: none. */
  readonly version: number;
  readonly changes: readonly MemberDiff[];
}

export interface Steps {
  readonly steps: readonly Step[];
  readonly changes: readonly Change[];
}

/** `prune`: models that are not among the planned are removed, those that read others first. */
export function changesOf(
  planned: readonly PlannedModel[],
  current: readonly StoredModel[],
  prune: boolean,
): Steps {
  const byKey = new Map(current.map((model) => [model.key, model]));
  const steps: Step[] = [];
  const changes: Change[] = [];
  for (const each of planned) {
    const { definition } = each;
    const old = byKey.get(modelKey(definition.name));
    const diff = diffOf(old?.definition ?? null, definition);
    const action = old === undefined ? 'create' : diff.length === 0 ? 'same' : 'change';
    steps.push({ name: definition.name, action, version: old?.version ?? 0, changes: diff });
    if (action !== 'same') changes.push({ kind: 'save', planned: each, expected: old?.version ?? 'absent' });
  }
  const kept = new Set(planned.map(({ definition }) => modelKey(definition.name)));
  for (const model of prune ? readersFirst(current.filter(({ key }) => !kept.has(key))) : []) {
    const { name } = model.definition;
    const { version } = model;
    steps.push({ name, action: 'remove', version, changes: diffOf(model.definition, null) });
    changes.push({ kind: 'remove', name, expected: version });
  }
  return { steps, changes };
}

function readersFirst(models: readonly StoredModel[]): readonly StoredModel[] {
  const byKey = new Map(models.map((model) => [model.key, model]));
  const bases: StoredModel[] = [];
  const seen = new Set<string>();
  const visit = (model: StoredModel): void => {
    if (seen.has(model.key)) return;
    seen.add(model.key);
    for (const base of model.buildsOn) {
      const found = byKey.get(base);
      if (found !== undefined) visit(found);
    }
    bases.push(model);
  };
  models.forEach(visit);
  return bases.reverse();
}
