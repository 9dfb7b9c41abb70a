/** The models that /openapi.json describes. */
import type { Catalogue } from '../../catalogue/catalogue.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import type { Principal } from '../../core/protocol/principal.ts';
import type { PublishedModels } from '../http/openapi.ts';
import { sees } from './model-views.ts';

/** A document with more paths is of no use to the tools that read it. */
const MOST = 500;

/** Never rejects: without the store the document still describes the routes, and says what is missing. */
export async function publishedModels(catalogue: Catalogue, principal: Principal): Promise<PublishedModels> {
  try {
    const published = await catalogue.models.published(MOST + 1);
    const models = published.slice(0, MOST).filter((model) => sees(principal, model));
    const note =
      published.length > MOST
        ? `More than ${MOST} models are published: the first ${MOST} by name are described here, GET /v1/models lists all.`
        : null;
    return { models, note };
  } catch (thrown) {
    const { message } = QueryError.from(thrown);
    return { models: [], note: `Published models are not described now: ${message}.` };
  }
}
