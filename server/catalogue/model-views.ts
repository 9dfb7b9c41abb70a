/** Models as the API shows them. */
import { writtenDefinition } from '../../catalogue/models/definition.ts';
import type { StoredModel } from '../../catalogue/models/model-rows.ts';
import type { Principal } from '../../core/protocol/principal.ts';

export function viewOfModel(model: StoredModel): object {
  const { version, definition, columns, sources, changedAt, heldAt, brokenSince, broken } = model;
  return {
    version,
    definition: writtenDefinition(definition),
    columns,
    buildsOn: model.buildsOn,
    sources,
    changedAt,
    contract: { heldAt, brokenSince, broken },
  };
}

/** Says whether the principal may know of the model: it sees all connections that the model itself reads. */
export function sees({ rights }: Principal, { sources, definition }: StoredModel): boolean {
  const { connections } = rights;
  if (connections === null) return true;
  const { connection } = definition;
  return (
    (connection === null || connections.includes(connection)) &&
    sources.every((source) => connections.includes(source.connection))
  );
}
