/**
 * The types that completion takes and gives. Like the compiler it does no I/O: it asks, and is called again with the answers; an
 * ask that failed is an answer too, since a broken query or a database that is away must not take the rest away.
 */
import type { ConnectionDialects } from '../../core/protocol/dialect-name.ts';
import type { ModelColumn, ModelParameter } from '../../core/protocol/models.ts';
import type { ParameterKind } from '../../core/protocol/parameters.ts';
import type { Ask, AskAnswer } from '../../core/protocol/plan.ts';
import type { ShownRows } from '../../core/protocol/shown-rows.ts';
import type { DatabaseTable } from '../../core/protocol/sql-worker.ts';

export type ItemKind =
  | 'stage'
  | 'column'
  | 'function'
  | 'keyword'
  | 'table'
  | 'model'
  | 'parameter'
  | 'connection'
  | 'option';

export interface CompletionItem {
  readonly label: string;
  readonly kind: ItemKind;
  /** The type of a column or a parameter. */
  readonly type?: string;
  /** A line for people. */
  readonly detail: string;
  /** Goes into the query in the place of `from` to `to`. */
  readonly insert: string;
}

export interface Completion {
  /** UTF-16 offsets of what an item replaces. */
  readonly from: number;
  readonly to: number;
  readonly items: readonly CompletionItem[];
  /** false: there are more items than are given. */
  readonly complete: boolean;
  /** The reasons why something may be missing. */
  readonly warnings: readonly string[];
}

export interface CompleteRequest {
  readonly text: string;
  /** UTF-16 offset of the cursor; beyond the end counts as the end. */
  readonly position: number;
  readonly parameters: Readonly<Record<string, ParameterKind>>;
  /** The connection of sources that name none. */
  readonly connection: string;
  /** The language of the text; left out: Forkline's own, unless the text says otherwise. */
  readonly language?: 'legacy';
  /** The model that `*` reads in the legacy language. */
  readonly model?: string;
  /** The connections that there are, each with its database's dialect. */
  readonly dialects: ConnectionDialects;
  /** The stages that whoever asks may use; null, or left out: all. */
  readonly stages?: readonly string[] | null;
  /** Says how tables and models are shown to who asks; null, or left out: all of them. */
  readonly shown?: ShownRows | null;
  /** Whether there is a catalogue, so that a name may be a model's. */
  readonly catalogue?: boolean;
  readonly answers: Readonly<Record<string, CompleteAnswer>>;
}

/** The question which tables the database of this connection has. */
export interface CatalogAsk {
  readonly kind: 'catalog';
  readonly key: string;
  readonly connection: string;
}

/** The question which models' names begin so. */
export interface ModelNamesAsk {
  readonly kind: 'model-names';
  readonly key: string;
  readonly prefix: string;
}

/** A model as completion shows it; of many models only the names and descriptions are known. */
export interface NamedModel {
  readonly name: string;
  readonly description: string;
  readonly parameters: readonly ModelParameter[];
  readonly columns: readonly ModelColumn[];
}

export type CompleteAsk = Ask | CatalogAsk | ModelNamesAsk;

export type CompleteAnswer =
  | AskAnswer
  | { readonly kind: 'catalog'; readonly tables: readonly DatabaseTable[]; readonly complete: boolean }
  | { readonly kind: 'model-names'; readonly models: readonly NamedModel[]; readonly complete: boolean }
  | { readonly kind: 'failed'; readonly why: string };

export type CompleteStep =
  | { readonly kind: 'ask'; readonly asks: readonly CompleteAsk[] }
  | { readonly kind: 'completed'; readonly completion: Completion };
