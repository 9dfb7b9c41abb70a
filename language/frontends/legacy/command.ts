/** The definition of a command of the legacy language: how it is read, and which stages of ours say the same. */
import type { Span } from '../../../core/protocol/errors.ts';
import type { Column } from '../../../core/protocol/types.ts';
import type { WrittenName } from '../query-tree.ts';
import type { LegacyCursor } from './cursor.ts';

/** A stage that a command becomes. */
export type Step =
  /** One or several stages in Forkline's own words. */
  | { readonly kind: 'stages'; readonly text: string }
  /** SQL of the stage engine over `input`, for what no stage says. */
  | EngineStep;

export interface EngineStep {
  readonly kind: 'engine';
  readonly sql: string;
  /** Says that the last column is the place of the row (`ROW`), by which the rows are ordered afterwards. */
  readonly ordered: boolean;
  /** Says that the step holds only for the data as it was when the query was planned. */
  readonly dependsOnData?: boolean;
}

/** The facts that a command knows at its place in the query. */
export interface LowerContext {
  readonly columns: readonly Column[];
  /** The columns of the queries that the command reads beside its input. */
  readonly sides: readonly (readonly Column[])[];
  /** The names of these queries in the stages that a command becomes. */
  readonly sideNames: readonly string[];
  /** The place of the command. */
  readonly span: Span;
  column(written: WrittenName): Column;
  /** Returns the texts of the only column of this SQL over `input`, each once and in their order. */
  probe(sql: string): readonly string[];
}

export interface CommandDefinition<Syntax> {
  readonly names: readonly string[];
  /** The syntax of the command, for people. */
  readonly form: string;
  readonly summary: string;
  parse(cursor: LegacyCursor): Syntax;
  lower(syntax: Syntax, context: LowerContext): readonly Step[];
  /** The same for a text that is kept, where that differs: it must not depend on the data. */
  readonly today?: ((syntax: Syntax, context: LowerContext) => readonly Step[]) | undefined;
}

/** A command whose types the registry need not know. */
export type AnyCommand = CommandDefinition<unknown>;

export function command<Syntax>(definition: CommandDefinition<Syntax>): AnyCommand {
  return definition as AnyCommand; // `lower` is only given what `parse` of the same definition made
}

/** A command as the tree holds it. */
export interface LegacySyntax {
  readonly command: string;
  readonly syntax: unknown;
}
