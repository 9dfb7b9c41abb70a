/** What a command of the legacy language is: how it is read, and which stages of ours say the same. */
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
  /** Its last column is the place of the row (`ROW`), by which the rows are ordered afterwards. */
  readonly ordered: boolean;
  /** It holds for the data as it was when it was planned. */
  readonly dependsOnData?: boolean;
}

/** What a command knows where it stands. */
export interface LowerContext {
  readonly columns: readonly Column[];
  /** The columns of the queries that the command reads beside its input. */
  readonly sides: readonly (readonly Column[])[];
  /** Of the command. */
  readonly span: Span;
  column(written: WrittenName): Column;
  /** The texts of the only column of this SQL over `input`, each once and in their order. */
  probe(sql: string): readonly string[];
}

export interface CommandDefinition<Syntax> {
  readonly names: readonly string[];
  /** How it is written. */
  readonly form: string;
  readonly summary: string;
  parse(cursor: LegacyCursor): Syntax;
  lower(syntax: Syntax, context: LowerContext): readonly Step[];
}

/** A command whose types the registry need not know. */
export type AnyCommand = CommandDefinition<unknown>;

export function command<Syntax>(definition: CommandDefinition<Syntax>): AnyCommand {
  return definition as AnyCommand; // `lower` is only given what `parse` of the same definition made
}

/** What the tree holds of a command. */
export interface LegacySyntax {
  readonly command: string;
  readonly syntax: unknown;
}
