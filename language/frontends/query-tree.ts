/**
 * The tree that every front end makes of a text: queries (sources and stages), and expressions. It is plain data without
 * circles, so that it can be printed as JSON. Tokens are not in it: only one language's tools need them. Operators are
 * calls of functions named like them, so that types and emission have one table. `depth` is the height of an expression's
 * tree; it is bounded while parsing, as is the nesting of queries, so that everything after may recurse.
 */
import type { Span } from '../../core/protocol/errors.ts';
import type { FoundModel } from '../../core/protocol/models.ts';
import type { CacheWish, Pushdown } from '../../core/protocol/plan.ts';
import type { SourceHead } from '../source/head.ts';
import type { ParameterUse } from '../source/lexer.ts';
import type { WrittenSql } from '../source/sql.ts';
import type { TypeName } from '../types/cast-types.ts';

/** A name as the user wrote it. */
export interface WrittenName {
  readonly name: string;
  readonly quoted: boolean;
  readonly span: Span;
}

/** SQL for a database. */
export interface SqlSourceNode extends WrittenSql {
  readonly kind: 'sql';
  /** The connection as written, `@name` before the SQL or before brackets around it; null: the one of the request. */
  readonly connection: string | null;
  readonly head: SourceHead;
}

/** The source of a query's rows. */
export type SourceNode =
  | SqlSourceNode
  /** `definition`: the index of the `let` in the tree's. */
  | { readonly kind: 'let'; readonly definition: number; readonly name: string; readonly span: Span }
  /** A model of the catalogue; composing the text with those of models (language/models) makes a `let` of it. */
  | { readonly kind: 'model'; readonly name: string; readonly span: Span }
  /** A query in brackets; it has stages, else it would be its own source. */
  | { readonly kind: 'query'; readonly query: QueryNode; readonly span: Span };

export interface StageNode {
  /** 1 is the first of the text, whichever query it belongs to. */
  readonly index: number;
  /** The stage's own name, also where an alias was written. */
  readonly name: string;
  /**
   * The parsed arguments: the stage's file in stages/ exports the type `Syntax`; stages/kit/build-stage.ts makes a node
   * of one.
   */
  readonly syntax: unknown;
  /** The queries that it takes beside its own input. */
  readonly sources: readonly QueryNode[];
  /** The place of the stage, from its name to its last token. */
  readonly span: Span;
}

export interface QueryNode {
  readonly source: SourceNode;
  readonly stages: readonly StageNode[];
  readonly span: Span;
}

/** `let name = (query);` */
export interface LetNode {
  readonly name: string;
  readonly nameSpan: Span;
  readonly query: QueryNode;
  /** The model that the `let` stands for; left out: the query's text defines it. */
  readonly model?: FoundModel;
  /** Whether it stands in a model's text. */
  readonly ofModel?: boolean;
  /** The stage by which the policy shows the model's rows; left out: all of them. */
  readonly shown?: StageNode;
}

/** The whole text. */
export interface QueryTree {
  readonly text: string;
  /** `explain` stands before it. */
  readonly explain: boolean;
  /** `set pushdown = ...`; null: not set. */
  readonly pushdown: Pushdown | null;
  /** `set cache = ...`; left out: not set. */
  readonly cache?: CacheWish;
  readonly lets: readonly LetNode[];
  readonly query: QueryNode;
  /** Every `:name`, in SQL and in stages. */
  readonly parameters: readonly ParameterUse[];
}

interface Node {
  readonly span: Span;
  readonly depth: number;
}

export interface NameNode extends Node {
  readonly kind: 'name';
  readonly name: string;
  readonly quoted: boolean;
  /** `a` in `a.name`: only a stage with several inputs has a meaning for it. */
  readonly qualifier?: WrittenName;
}

export interface CallNode extends Node {
  readonly kind: 'call';
  readonly name: string;
  readonly nameSpan: Span;
  readonly args: readonly Expression[];
  /** Written as an operator: messages quote it differently. */
  readonly operator: boolean;
}

export interface CaseNode extends Node {
  readonly kind: 'case';
  readonly branches: readonly { readonly when: Expression; readonly then: Expression }[];
  readonly otherwise: Expression | null;
}

export interface CastNode extends Node {
  readonly kind: 'cast';
  readonly value: Expression;
  readonly to: TypeName;
  /** Says that the cast gives null instead of an error when a value does not fit. */
  readonly orNull: boolean;
}

export type Expression =
  | NameNode
  | CallNode
  | CaseNode
  | CastNode
  | (Node & { readonly kind: 'string' | 'number' | 'duration' | 'parameter'; readonly text: string })
  | (Node & { readonly kind: 'bool'; readonly value: boolean })
  | (Node & { readonly kind: 'null' })
  /** date '2020-01-01' */
  | (Node & {
      readonly kind: 'moment';
      readonly type: 'date' | 'timestamp' | 'timestamptz' | 'time';
      readonly text: string;
    });
