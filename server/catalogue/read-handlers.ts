/** GET of models: list, one, its versions, differences between them, and who reads whom. */
import type { Request, RequestHandler } from 'express';
import type { Catalogue } from '../../catalogue/catalogue.ts';
import { noModel } from '../../catalogue/models/changes.ts';
import { writtenDefinition } from '../../catalogue/models/definition.ts';
import { diffOf } from '../../catalogue/models/diff.ts';
import type { StoredModel } from '../../catalogue/models/model-rows.ts';
import type { PastModel } from '../../catalogue/models/reading.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import { modelKey } from '../../core/protocol/models.ts';
import { principalOf } from '../../core/protocol/principal.ts';
import { knownOptions } from '../http/request/known-options.ts';
import { etagOf, nameOf } from './expected-version.ts';
import { sees, viewOfModel } from './model-views.ts';

const USUAL_PAGE = 50;
const MOST_PAGE = 500;

export function readHandlers(catalogue: Catalogue) {
  const { models } = catalogue;
  const listModels: RequestHandler = async (request, response) => {
    const options = knownOptions(request.originalUrl, ['prefix', 'tag', 'owner', 'q', 'after', 'limit']);
    const given = (name: string): string | null => options.get(name) ?? null;
    const { connections } = principalOf(request).rights;
    const page = await models.list({
      ...{ prefix: given('prefix'), tag: given('tag'), owner: given('owner'), search: given('q') },
      ...{ after: given('after'), limit: pageSize(given('limit')), connections },
    });
    response.json(page);
  };
  const showModel: RequestHandler = async (request, response) => {
    const version = knownOptions(request.originalUrl, ['version']).get('version');
    const model = await shownModel(catalogue, request);
    if (version === undefined) {
      response.setHeader('ETag', etagOf(model.version)).json(viewOfModel(model));
      return;
    }
    const past = await pastModel(catalogue, nameOf(request), version);
    const { definition, columns } = past;
    response.json({
      version: past.version,
      definition: definition && writtenDefinition(definition),
      columns,
    });
  };
  const listVersions: RequestHandler = async (request, response) => {
    await shownModel(catalogue, request);
    response.json({ versions: await models.versions(modelKey(nameOf(request))) });
  };
  const diffModel: RequestHandler = async (request, response) => {
    const options = knownOptions(request.originalUrl, ['from', 'to']);
    const current = await shownModel(catalogue, request);
    const to = await pastModel(catalogue, nameOf(request), options.get('to') ?? String(current.version));
    const from = await pastModel(
      catalogue,
      nameOf(request),
      options.get('from') ?? String(Math.max(1, to.version - 1)),
    );
    response.json({ from: from.version, to: to.version, changes: diffOf(from.definition, to.definition) });
  };
  const modelUses: RequestHandler = async (request, response) => {
    const { definition } = await shownModel(catalogue, request);
    const uses = await models.uses(modelKey(definition.name));
    if (uses === null) throw noModel(definition.name);
    response.json({ name: definition.name, ...uses });
  };
  const exportModels: RequestHandler = async (request, response) => {
    knownOptions(request.originalUrl, []);
    const principal = principalOf(request);
    const all = (await models.whole(null)).filter((model) => sees(principal, model));
    response.json({
      models: all.map(({ version, definition }) => ({ version, definition: writtenDefinition(definition) })),
    });
  };
  return { listModels, showModel, listVersions, diffModel, modelUses, exportModels };
}

/** Returns the model that the path names. Throws not-found, also for one that the principal may not know of. */
export async function shownModel({ models }: Catalogue, request: Request): Promise<StoredModel> {
  const name = nameOf(request);
  const model = await models.show(modelKey(name));
  if (model !== null && sees(principalOf(request), model)) return model;
  const isLimited = principalOf(request).rights.connections !== null;
  throw noModel(name, isLimited ? [] : await models.near(modelKey(name)));
}

export async function pastModel({ models }: Catalogue, name: string, version: string): Promise<PastModel> {
  const past = /^[1-9]\d{0,8}$/.test(version) ? await models.version(modelKey(name), Number(version)) : null;
  if (past !== null) return past;
  throw new QueryError('not-found', `the model \`${name}\` has no version ${version.slice(0, 20)}`, {
    hint: `GET /v1/models/${encodeURIComponent(name)}/versions lists them`,
  });
}

function pageSize(text: string | null): number {
  if (text === null) return USUAL_PAGE;
  const size = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (size >= 1 && size <= MOST_PAGE) return size;
  throw new QueryError('bad-request', `limit is a number from 1 to ${MOST_PAGE}`, {
    hint: 'for more, ask for the next page: `after` is the `next` of the page before',
  });
}
