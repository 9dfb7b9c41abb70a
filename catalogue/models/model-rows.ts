/** Rows of the store as models. */
import type { FoundModel, ModelColumn } from '../../core/protocol/models.ts';
import type { Row } from '../store/store.ts';
import type { ModelDefinition } from './definition.ts';

/** SQL that a model reads on a connection: its tables where the database's grammar tells them, and the columns that count. */
export interface ModelSource {
  readonly connection: string;
  /** null: the grammar of that database is not known here. */
  readonly tables: readonly string[] | null;
  readonly columns: readonly string[];
}

/** What planning a definition has found out. */
export interface PlannedModel {
  readonly definition: ModelDefinition;
  readonly text: string;
  /** The contract where the author has written one, else the columns that there are. */
  readonly columns: readonly ModelColumn[];
  /** Names by `modelKey`. */
  readonly buildsOn: readonly string[];
  readonly sources: readonly ModelSource[];
}

export interface ModelRow extends Row {
  readonly key: string;
  readonly name: string;
  readonly version: number;
  readonly definition: ModelDefinition;
  readonly text: string;
  readonly columns: readonly ModelColumn[];
  readonly builds_on: readonly string[];
  readonly sources: readonly ModelSource[];
  readonly changed_at: Date;
  readonly held_at: Date;
  readonly broken_since: Date | null;
  readonly broken: string | null;
}

/** The columns of the table that a look-up needs. */
export const LOOKED_UP =
  'm.key, m.name, m.version, m.definition, m.text, m.columns, m.builds_on, m.sources, m.changed_at, m.held_at, m.broken_since, m.broken';

/** The same, where the contract stands in `columns` alone. */
export const LOOKED_UP_BRIEFLY = LOOKED_UP.replace(
  'm.definition',
  `jsonb_set(m.definition, '{columns}', '[]') as definition`,
);

export interface StoredModel extends PlannedModel {
  readonly key: string;
  readonly version: number;
  readonly changedAt: string;
  readonly heldAt: string;
  readonly brokenSince: string | null;
  readonly broken: string | null;
}

export function storedModel(row: ModelRow): StoredModel {
  return {
    key: row.key,
    version: row.version,
    definition: row.definition,
    text: row.text,
    columns: row.columns,
    buildsOn: row.builds_on,
    sources: row.sources,
    changedAt: row.changed_at.toISOString(),
    heldAt: row.held_at.toISOString(),
    brokenSince: row.broken_since?.toISOString() ?? null,
    broken: row.broken,
  };
}

/** Returns the model as the compiler needs it. */
export function foundModel({ definition, ...stored }: StoredModel): FoundModel {
  const { name, language, connection, parameters, timeColumn } = definition;
  const { version, text, columns, heldAt, brokenSince, buildsOn } = stored;
  return {
    name,
    version,
    language,
    text,
    connection,
    parameters,
    columns,
    timeColumn,
    heldAt,
    brokenSince,
    buildsOn,
  };
}
