/**
 * The syntax tree of expressions. Operators are calls of functions named like them, so that types and emission
 * have one table. `depth` is the height of the tree; it is bounded while parsing, so that everything after may recurse.
 */
import type { Span } from '../workers/errors.ts';

interface Node {
  readonly span: Span;
  readonly depth: number;
}

export interface NameNode extends Node {
  readonly kind: 'name';
  readonly name: string;
  readonly quoted: boolean;
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

export interface TypeName {
  readonly name: string;
  readonly numbers: readonly number[];
  readonly span: Span;
}

export interface CastNode extends Node {
  readonly kind: 'cast';
  readonly value: Expression;
  readonly to: TypeName;
  /** null instead of an error when a value does not fit. */
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
