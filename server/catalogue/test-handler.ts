/** POST /v1/models/{name}/test: whether the model can be planned, keeps its contract, and has rows that are new enough. */
import type { RequestHandler } from 'express';
import type { Catalogue } from '../../catalogue/catalogue.ts';
import { durationMs } from '../../catalogue/models/duration.ts';
import type { StoredModel } from '../../catalogue/models/model-rows.ts';
import type { ParameterValue } from '../../core/protocol/parameters.ts';
import type { QueryRecord } from '../history/registry.ts';
import type { AppDeps } from '../http/app-deps.ts';
import { parseBody } from '../http/request/query-body.ts';
import { bodyOf, type QueryRequest } from '../http/request/query-request.ts';
import { answerAsk } from '../query/answer-ask.ts';
import { planOf } from '../query/run-query.ts';
import { planning } from './change-handlers.ts';
import { checkContract } from './check-contract.ts';
import { jsonOf } from './json-body.ts';
import { shownModel } from './read-handlers.ts';

interface Freshness {
  readonly newest: unknown;
  readonly ageMs: number | null;
  readonly allowedMs: number;
  readonly ok: boolean;
}

export function testHandler(deps: AppDeps, catalogue: Catalogue): RequestHandler {
  return async (request, response) => {
    const model = await shownModel(catalogue, request);
    const parameters = bodyOf(request).length === 0 ? {} : paramsOf(jsonOf(request));
    await planning(deps, request, response, model.text, async (query) => {
      const { broken, added } = await checkContract(deps.run, catalogue, model, query);
      const freshness = broken.length === 0 ? await freshnessOf(deps, model, parameters, query) : null;
      const now = await catalogue.models.show(model.key);
      return () =>
        void response.json({
          name: model.definition.name,
          version: model.version,
          ok: broken.length === 0 && freshness?.ok !== false,
          contract: {
            ok: broken.length === 0,
            broken,
            added,
            heldAt: now?.heldAt ?? model.heldAt,
            brokenSince: now?.brokenSince ?? null,
          },
          freshness,
        });
    });
  };
}

function paramsOf(body: unknown): Readonly<Record<string, ParameterValue>> {
  const { params = {} } = parseBody({ query: '', ...(body as object) });
  return params;
}

async function freshnessOf(
  { run }: AppDeps,
  { definition: { name, timeColumn, freshness } }: StoredModel,
  parameters: Readonly<Record<string, ParameterValue>>,
  query: QueryRecord,
): Promise<Freshness | null> {
  if (timeColumn === null || freshness === null) return null;
  const text = `"${name}" | stats max(\`${timeColumn.replaceAll('`', '``')}\`) as newest`;
  const asked: QueryRequest = {
    ...{ text, connection: null, parameters, capRows: 1, timeoutMs: null, pushdown: 'auto' },
    ...{ language: null, model: null, wasEncrypted: false },
    answer: { format: 'json', rows: 'arrays', numbers: 'string', end: 'line' },
  };
  const plan = await planOf(run, asked, query);
  const all = run.catalogue!.withDefaults(plan.models!, parameters);
  const ask = { kind: 'values' as const, key: 'newest', plan, atMost: 1 };
  const answer = await answerAsk(run, { text, parameters: all }, ask, query);
  if (answer.kind !== 'values') throw new Error('values were asked for');
  const [newest = null] = answer.values;
  const allowedMs = durationMs(freshness)!;
  const at = newest === null ? Number.NaN : Date.parse(zoned(String(newest)));
  const ageMs = Number.isNaN(at) ? null : Date.now() - at;
  return { newest, ageMs, allowedMs, ok: ageMs !== null && ageMs <= allowedMs };
}

/** A moment without a zone is taken as UTC. */
function zoned(text: string): string {
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return `${text}T00:00:00Z`;
  return /(?:Z|[-+]\d{2}(?::?\d{2})?)$/.test(text.slice(10))
    ? text.replace(' ', 'T')
    : `${text.replace(' ', 'T')}Z`;
}
