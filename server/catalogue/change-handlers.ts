/** Changes of models: one, or a whole repository of files at once. What is saved was planned before. */
import type { Request, RequestHandler, Response } from 'express';
import type { Catalogue } from '../../catalogue/catalogue.ts';
import { noModel } from '../../catalogue/models/changes.ts';
import { type ModelDefinition, readDefinition } from '../../catalogue/models/definition.ts';
import type { PlannedModel } from '../../catalogue/models/model-rows.ts';
import type { Authorship, Expected } from '../../catalogue/store/revisions.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import { modelKey } from '../../core/protocol/models.ts';
import { principalOf } from '../../core/protocol/principal.ts';
import type { AppDeps } from '../http/app-deps.ts';
import { knownOptions } from '../http/request/known-options.ts';
import { requestWithText, withoutRunning } from '../query/without-running.ts';
import { changesOf, type Repository, readRepository } from './apply-plan.ts';
import { authorshipOf, etagOf, expectedVersion, nameOf } from './expected-version.ts';
import { jsonOf } from './json-body.ts';
import { planDefinitions } from './plan-definitions.ts';
import { pastModel, shownModel } from './read-handlers.ts';

export function changeHandlers(deps: AppDeps, catalogue: Catalogue) {
  const createModel: RequestHandler = async (request, response) => {
    const expected = expectedVersion(request);
    await save(deps, catalogue, request, response, readDefinition(jsonOf(request)), {
      ...authorshipOf(request),
      expected: expected === 'not said' ? 'absent' : expected,
    });
  };
  const changeModel: RequestHandler = async (request, response) => {
    const definition = readDefinition(named(jsonOf(request), nameOf(request)));
    const expected = expectedVersion(request);
    await save(deps, catalogue, request, response, definition, { ...authorshipOf(request), expected });
  };
  const removeModel: RequestHandler = async (request, response) => {
    const { definition } = await shownModel(catalogue, request);
    const expected = expectedVersion(request);
    const authorship = authorshipOf(request);
    await catalogue.change([{ kind: 'remove', name: definition.name, expected }], authorship);
    noteActs(deps, request, authorship, [{ event: 'model-removed', model: definition.name }]);
    response.status(204).end();
  };
  const rollBackModel: RequestHandler = async (request, response) => {
    const options = knownOptions(request.originalUrl, ['reason', 'to']);
    const to = options.get('to');
    if (to === undefined)
      throw new QueryError('bad-request', 'say which version to go back to', { hint: 'POST ...?to=2' });
    const { definition } = await pastModel(catalogue, nameOf(request), to);
    if (definition === null) throw noModel(nameOf(request));
    const { author, reason } = authorshipOf(request, ['to']);
    const why = reason === '' ? `back to version ${to}` : `back to version ${to}: ${reason}`;
    const expected = expectedVersion(request);
    await save(deps, catalogue, request, response, definition, { author, reason: why, expected });
  };
  const applyModels: RequestHandler = async (request, response) => {
    const options = knownOptions(request.originalUrl, ['reason', 'dryRun', 'prune']);
    const repository = readRepository(jsonOf(request));
    const authorship = authorshipOf(request, ['dryRun', 'prune']);
    await apply(deps, catalogue, request, response, repository, {
      ...authorship,
      dryRun: flagOf(options, 'dryRun'),
      prune: flagOf(options, 'prune'),
    });
  };
  return { createModel, changeModel, removeModel, rollBackModel, applyModels };
}

function flagOf(options: ReadonlyMap<string, string>, name: string): boolean {
  const value = options.get(name) ?? 'false';
  if (value === 'true' || value === 'false') return value === 'true';
  throw new QueryError('bad-request', `${name} is true or false`, {});
}

/** The definition under the name of the path, which the body may repeat. */
function named(body: unknown, name: string): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body;
  const given = (body as { name?: unknown }).name;
  if (given === undefined) return { ...body, name };
  if (typeof given === 'string' && modelKey(given) === modelKey(name)) return body;
  throw new QueryError(
    'bad-request',
    `the path names ${JSON.stringify(name)} and the body ${JSON.stringify(given)}`,
    {
      hint: 'a model keeps its name: make a new one, change its readers, and remove the old one',
    },
  );
}

type Intent = Authorship & { readonly expected: Expected };

/** Plans the definition, and saves it. Errors have their place in the text of the model. */
async function save(
  deps: AppDeps,
  catalogue: Catalogue,
  request: Request,
  response: Response,
  definition: ModelDefinition,
  { expected, ...authorship }: Intent,
): Promise<void> {
  await planning(deps, request, response, definition.query ?? '', async (query) => {
    const { planned, unsaveable } = await planDefinitions(deps.run, catalogue, [definition], query);
    if (unsaveable.length > 0) throw unsaveable[0]!.error;
    const saved = await catalogue.change([{ kind: 'save', planned: planned[0]!, expected }], authorship);
    const { version, changed } = saved[0]!;
    if (changed)
      noteActs(deps, request, authorship, [{ event: 'model-saved', model: definition.name, version }]);
    return () => {
      response.setHeader('ETag', etagOf(version));
      const isNew = changed && version === 1;
      if (isNew) response.setHeader('Location', `/v1/models/${encodeURIComponent(definition.name)}`);
      response.status(isNew ? 201 : 200).json({ ...savedView(planned[0]!), version, changed });
    };
  });
}

/** Writes into the audit what was changed, once it is. */
function noteActs(
  { audit }: AppDeps,
  request: Request,
  { reason }: Authorship,
  acts: readonly { readonly event: string; readonly model: string; readonly version?: number | null }[],
): void {
  for (const { event, ...what } of acts) audit?.act(event, principalOf(request), { ...what, reason });
}

function savedView({ definition, columns, buildsOn, sources }: PlannedModel): object {
  return { name: definition.name, columns, buildsOn, sources };
}

async function apply(
  deps: AppDeps,
  catalogue: Catalogue,
  request: Request,
  response: Response,
  { definitions, mistakes }: Repository,
  { dryRun, prune, ...authorship }: Authorship & { readonly dryRun: boolean; readonly prune: boolean },
): Promise<void> {
  await planning(deps, request, response, '', async (query) => {
    const { planned, unsaveable } = await planDefinitions(deps.run, catalogue, definitions, query);
    refuseAll([...mistakes, ...unsaveable], definitions.length + mistakes.length);
    const current = await catalogue.models.whole(
      prune ? null : definitions.map(({ name }) => modelKey(name)),
    );
    const { steps, changes } = changesOf(planned, current, prune);
    const saved = dryRun || changes.length === 0 ? [] : await catalogue.change(changes, authorship);
    const versions = new Map(saved.map(({ key, version }) => [key, version]));
    const changed = changes.map((change) =>
      change.kind === 'remove'
        ? { event: 'model-removed', model: change.name }
        : {
            ...{ event: 'model-saved', model: change.planned.definition.name },
            version: versions.get(modelKey(change.planned.definition.name)) ?? null,
          },
    );
    if (saved.length > 0) noteActs(deps, request, authorship, changed);
    return () => {
      const view = steps.map((step) => ({
        ...step,
        version: versions.get(modelKey(step.name)) ?? step.version,
      }));
      response.json({ applied: !dryRun, steps: view });
    };
  });
}

/** The most models whose mistakes one answer tells. */
const MOST_TOLD = 10;

function refuseAll(
  mistakes: readonly { readonly name: string; readonly error: QueryError }[],
  of: number,
): void {
  if (mistakes.length === 0) return;
  // A mistake in one model is told once, not again for each model that builds on it.
  const own = mistakes.filter(({ error }) => error.details.model === undefined);
  const roots = own.length > 0 ? own : mistakes;
  const told = roots.slice(0, MOST_TOLD).map(({ name, error }) => {
    const hint = error.details.hint === undefined ? '' : ` (${error.details.hint})`;
    return `${name}: ${error.message}${hint}`;
  });
  const readers = mistakes.length - roots.length;
  const more = [
    ...(roots.length > MOST_TOLD ? [`and ${roots.length - MOST_TOLD} more`] : []),
    ...(readers > 0 ? [`${readers} others build on these`] : []),
  ];
  throw new QueryError(
    'bad-model',
    `${mistakes.length} of ${of} models cannot be saved, so nothing was changed:\n${[...told, ...more].join('\n')}`,
    { hint: 'mend them and apply all again; `forkline model test FILE` tries one' },
  );
}

/** Plans as a query does, with an id, a deadline and limits; `text` is what errors have their places in. */
export async function planning(
  deps: AppDeps,
  request: Request,
  response: Response,
  text: string,
  work: (query: Parameters<Parameters<typeof withoutRunning>[5]>[0]) => Promise<() => void>,
): Promise<void> {
  const asked = requestWithText(text);
  await withoutRunning(deps, request, response, asked, 'explain', work, (query, answer) => {
    response.setHeader('Query-Id', query.queryId);
    answer();
  });
}
