/**
 * Models as the processes and threads of a Forkline speak of them. A model is a query or a table with a name that lives in
 * the catalogue; a query that begins with that name reads it as if its text stood there as a `let`.
 */
import type { ListItem } from './parameters.ts';

export const MODEL_LANGUAGES = ['forkline', 'legacy'] as const;

export type ModelLanguage = (typeof MODEL_LANGUAGES)[number];

export const MODEL_PARAMETER_TYPES = [
  ...(['string', 'bool', 'int64', 'float64', 'decimal', 'date', 'time', 'timestamp', 'timestamptz'] as const),
] as const;

export type ModelParameterType = (typeof MODEL_PARAMETER_TYPES)[number];

/** A value that stands in a model's definition. */
export type DefaultValue = Exclude<ListItem, object> | readonly Exclude<ListItem, object>[];

export interface ModelParameter {
  readonly name: string;
  readonly type: ModelParameterType;
  /** Whether the value is a list of values of the type. */
  readonly list?: boolean;
  /** Left out: whoever reads the model must send a value. */
  readonly default?: DefaultValue;
  readonly description?: string;
}

/** A column of a model's contract: its type by the name that answers use. */
export interface ModelColumn {
  readonly name: string;
  readonly type: string;
  readonly description?: string;
}

/** A model as the compiler needs it. */
export interface FoundModel {
  readonly name: string;
  /** A number from 1 that grows with each change of the model. */
  readonly version: number;
  readonly language: ModelLanguage;
  /** The query that the model stands for. */
  readonly text: string;
  /** The connection of sources that name none; null: that of the query which reads the model. */
  readonly connection: string | null;
  readonly parameters: readonly ModelParameter[];
  /** The contract: columns that the rows have when the model is as its author left it. */
  readonly columns: readonly ModelColumn[];
  /** The column by which the legacy language's dates choose rows. */
  readonly timeColumn: string | null;
  /** When the contract was last seen to hold, as ISO 8601. */
  readonly heldAt: string;
  /** When it was first seen broken since then; null: it was not. */
  readonly brokenSince: string | null;
  /** The names of the models that the text reads itself, as `modelKey` makes them. */
  readonly buildsOn: readonly string[];
}

/** Asks for models of these names and for all models that they build on. */
export interface ModelsAsk {
  readonly kind: 'models';
  readonly key: string;
  /** Names as `modelKey` makes them. */
  readonly names: readonly string[];
}

export interface ModelsAnswer {
  readonly kind: 'models';
  /** The models of these names, then those that they build on. */
  readonly models: readonly FoundModel[];
  /** The names that no model has. */
  readonly missing: readonly string[];
}

/** The stretch of a composed text that is a model's. */
export interface ModelRegion {
  readonly name: string;
  readonly version: number;
  readonly start: number;
  readonly end: number;
  /** The place of the name in the composed text by which the model came into the query. */
  readonly readAt: { readonly start: number; readonly end: number };
  /** The number that was added to the numbers of the model's stages. */
  readonly stageBase: number;
}

/** The part of a plan that is about the models which its query reads. */
export interface PlanModels {
  /** All models that were looked up, by `modelKey`; version 0: there was none of that name. */
  readonly used: readonly { readonly key: string; readonly version: number }[];
  /** The query's text and behind it those of the models; all places of the plan are in it. */
  readonly text: string;
  readonly regions: readonly ModelRegion[];
  /** All parameters that the models declare. */
  readonly parameters: readonly (ModelParameter & { readonly model: string })[];
}

/** Returns the form of a model's name by which it is found: names are matched without regard to case. */
export function modelKey(name: string): string {
  return name.toLowerCase();
}
