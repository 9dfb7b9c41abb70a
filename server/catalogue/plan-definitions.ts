/** Plans definitions of models before they are saved: each must be a query that can be planned, and keep its own contract. */
import { type ModelDefinition, modelText } from '../../catalogue/models/definition.ts';
import type { PlannedModel } from '../../catalogue/models/model-rows.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import { type FoundModel, type ModelColumn, modelKey } from '../../core/protocol/models.ts';
import type { ParameterValue } from '../../core/protocol/parameters.ts';
import { brokenPromises, driftOf } from '../../language/models/contract.ts';
import type { Modelled } from '../../language/plan-model.ts';
import type { QueryRecord } from '../history/registry.ts';
import { parameterKinds } from '../http/request/parameters.ts';
import type { PlanKey } from '../planning/plan-cache.ts';
import type { QueryModels } from '../query/query-models.ts';
import type { RunDeps } from '../query/run.ts';
import { answererOf } from '../query/run-query.ts';
import { DraftModels, draftOf, sampleOf } from './draft-models.ts';

/** A definition that cannot be saved, and why. */
export interface Unsaveable {
  readonly name: string;
  readonly error: QueryError;
}

export interface PlannedDefinitions {
  /** Models that others of them read stand before those. */
  readonly planned: readonly PlannedModel[];
  readonly unsaveable: readonly Unsaveable[];
}

/** Plans the definitions as if all of them were saved already. Throws only what is no mistake of a definition. */
export async function planDefinitions(
  deps: RunDeps,
  catalogue: QueryModels,
  definitions: readonly ModelDefinition[],
  query: QueryRecord,
): Promise<PlannedDefinitions> {
  const planned: PlannedModel[] = [];
  const unsaveable: Unsaveable[] = [];
  const drafts: FoundModel[] = [];
  const wanted: { definition: ModelDefinition; text: string }[] = [];
  for (const definition of definitions)
    try {
      const text = textOf(deps, definition, query);
      drafts.push(draftOf(definition, text));
      wanted.push({ definition, text });
    } catch (thrown) {
      unsaveable.push({ name: definition.name, error: mistakeIn(thrown) });
    }
  const models = new DraftModels(catalogue, drafts);
  for (const { definition, text } of wanted)
    try {
      planned.push(await planOne({ ...deps, catalogue: models }, definition, text, query));
    } catch (thrown) {
      unsaveable.push({ name: definition.name, error: mistakeIn(thrown) });
    }
  return { planned: inOrder(planned), unsaveable };
}

function textOf({ connections }: RunDeps, definition: ModelDefinition, query: QueryRecord): string {
  const connection = definition.connection ?? connections.defaultOf(query.principal);
  connections.check(connection, query.principal);
  return modelText(definition, connections.quoteNameIn(connection));
}

/** Returns the error if the definition can be blamed for it; throws others. */
function mistakeIn(thrown: unknown): QueryError {
  if (!(thrown instanceof QueryError) || BLAMELESS.has(thrown.code)) throw thrown;
  return thrown;
}

const BLAMELESS: ReadonlySet<string> = new Set([
  ...['internal', 'deadline-exceeded', 'cancelled', 'client-gone', 'queue-full', 'queue-timeout', 'draining'],
  ...['store-unavailable', 'no-worker', 'worker-lost', 'database-unavailable', 'database-overloaded'],
]);

async function planOne(
  deps: RunDeps,
  definition: ModelDefinition,
  text: string,
  query: QueryRecord,
): Promise<PlannedModel> {
  const parameters = Object.fromEntries(
    definition.parameters.map((parameter) => [parameter.name, sampleOf(parameter) as ParameterValue]),
  );
  const asked = { text, parameters };
  const key = keyOf(deps, definition, asked, query);
  const modelled = await planned(deps, key, asked, query);
  checkColumns(definition, modelled.columns);
  const { buildsOn, sources } = modelled;
  const columns = definition.columns.length > 0 ? definition.columns : modelled.columns;
  return { definition, text, columns, buildsOn, sources };
}

async function planned(
  deps: RunDeps,
  key: PlanKey,
  asked: { readonly text: string; readonly parameters: Readonly<Record<string, ParameterValue>> },
  query: QueryRecord,
): Promise<Modelled> {
  try {
    return await deps.planner.model(key, answererOf(deps, asked, query), query);
  } catch (thrown) {
    if (!(thrown instanceof QueryError) || thrown.code !== 'missing-parameter') throw thrown;
    throw thrown.with({ hint: 'declare it among the parameters of the model: {"name": ..., "type": ...}' });
  }
}

function keyOf(
  { connections }: RunDeps,
  { name, language, connection }: ModelDefinition,
  {
    text,
    parameters,
  }: { readonly text: string; readonly parameters: Readonly<Record<string, ParameterValue>> },
  { principal }: QueryRecord,
): PlanKey {
  return {
    ...{ scope: principal.scope, visible: principal.rights.connections, stages: null },
    connection: connection ?? connections.defaultOf(principal),
    ...{ text, parameters: parameterKinds(parameters), pushdown: 'auto', throughWorker: false },
    ...(language === 'legacy' && { language }),
    catalogue: true,
    ownModel: modelKey(name),
  };
}

/** The contract that the author has written, and the column of time, must be there. */
function checkColumns({ name, columns, timeColumn }: ModelDefinition, found: readonly ModelColumn[]): void {
  const broken = brokenPromises(driftOf(columns, found));
  if (broken.length > 0)
    throw new QueryError(
      'bad-model',
      `the columns of \`${name}\` promise what its query does not give: ${broken.join('; ')}`,
      {
        hint: `it gives ${found.map(({ name: column, type }) => `${column} (${type})`).join(', ')}`,
      },
    );
  if (timeColumn === null) return;
  const time = found.find(({ name: column }) => column === timeColumn);
  if (time !== undefined && /^(?:date|timestamp|timestamptz)$/.test(time.type)) return;
  throw new QueryError(
    'bad-model',
    `timeColumn of \`${name}\` is \`${timeColumn}\`, which ${time === undefined ? 'its query does not give' : `is ${time.type}`}`,
    { hint: 'it is a column of type date, timestamp or timestamptz' },
  );
}

/** Returns the models so that each stands before those that read it. */
function inOrder(planned: readonly PlannedModel[]): readonly PlannedModel[] {
  const byKey = new Map(planned.map((each) => [modelKey(each.definition.name), each]));
  const done = new Set<PlannedModel>();
  const visit = (each: PlannedModel): void => {
    if (done.has(each)) return;
    for (const base of each.buildsOn) {
      const before = byKey.get(base);
      if (before !== undefined && before !== each) visit(before); // planning has refused circles
    }
    done.add(each);
  };
  planned.forEach(visit);
  return [...done];
}
