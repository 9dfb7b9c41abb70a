/** Whether a model keeps its contract: it is planned anew, and what was found is noted. */
import type { Catalogue } from '../../catalogue/catalogue.ts';
import type { StoredModel } from '../../catalogue/models/model-rows.ts';
import type { QueryError } from '../../core/protocol/errors.ts';
import type { ModelColumn } from '../../core/protocol/models.ts';
import { brokenPromises, driftOf } from '../../language/models/contract.ts';
import type { QueryRecord } from '../history/registry.ts';
import type { RunDeps } from '../query/run.ts';
import { planDefinitions } from './plan-definitions.ts';

export interface ContractNow {
  /** The promises that are broken; none: it holds. */
  readonly broken: readonly string[];
  /** The columns that the contract does not name. */
  readonly added: ReturnType<typeof driftOf>['added'];
}

export async function checkContract(
  run: RunDeps,
  catalogue: Catalogue,
  model: StoredModel,
  query: QueryRecord,
): Promise<ContractNow> {
  const found = await columnsNow(run, catalogue, model, query);
  const drift = driftOf(model.columns, 'error' in found ? [] : found.columns);
  const broken = 'error' in found ? [found.error.message] : brokenPromises(drift);
  await catalogue.noteContract(model.key, model.version, broken.length === 0 ? null : broken.join('; '));
  return { broken, added: broken.length === 0 ? drift.added : [] };
}

/** Plans the definition without its contract, so that all columns that there are can be told. */
async function columnsNow(
  run: RunDeps,
  catalogue: Catalogue,
  { definition }: StoredModel,
  query: QueryRecord,
): Promise<{ readonly columns: readonly ModelColumn[] } | { readonly error: QueryError }> {
  const bare = { ...definition, columns: [], timeColumn: null };
  const { planned, unsaveable } = await planDefinitions(run, catalogue, [bare], query);
  return unsaveable.length > 0 ? { error: unsaveable[0]!.error } : { columns: planned[0]!.columns };
}
