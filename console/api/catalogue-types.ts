/** Tables and models as the server tells of them. These are the parts that the page shows; /openapi.json has all. */
import type { ShownColumn } from '../rows/shown-column.ts';

export interface Table {
  readonly schema: string;
  readonly name: string;
  /** Whether it is found without its schema. */
  readonly visible: boolean;
  readonly columns: readonly ShownColumn[];
}

export interface Tables {
  readonly tables: readonly Table[];
  /** false: there are more than the server gives. */
  readonly complete: boolean;
  readonly dialect: string;
}

export interface ListedModel {
  readonly name: string;
  readonly version: number;
  readonly owner: string;
  readonly description: string;
  readonly tags: readonly string[];
  /** When its contract was found broken; null: it holds. */
  readonly brokenSince: string | null;
}

export interface ModelParameter {
  readonly name: string;
  readonly type: string;
  readonly default?: unknown;
  readonly description?: string;
}

export interface Model {
  readonly version: number;
  readonly definition: {
    readonly name: string;
    readonly description?: string;
    readonly owner?: string;
    readonly language?: string;
    readonly connection?: string;
    readonly query?: string;
    readonly table?: string;
    readonly parameters?: readonly ModelParameter[];
  };
  readonly columns: readonly ShownColumn[];
  readonly changedAt: string;
  readonly contract: { readonly broken: unknown };
}

export interface Models {
  readonly models: readonly ListedModel[];
  /** The name to go on after; null when these are all. */
  readonly next: string | null;
}
