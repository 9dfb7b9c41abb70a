/** Makes stages of ours out of a command of the legacy language, once the columns that reach it are known. */
import { QueryError, type Span } from '../../../core/protocol/errors.ts';
import type { Lexical } from '../../dialects/lexical.ts';
import type { ExpandInput } from '../../resolve/query.ts';
import { findColumn, unknownColumn } from '../../resolve/scope.ts';
import { parseForkline } from '../forkline/query-parser.ts';
import type { StageSyntaxes } from '../forkline/stage-parser.ts';
import type { StageNode } from '../query-tree.ts';
import type { EngineStep, LegacySyntax, LowerContext, Step } from './command.ts';
import { LEGACY_STAGE } from './frontend.ts';
import { commandOf } from './registry.ts';
import { type PlacedText, readPlaces } from './text-places.ts';

/** The stage that computes SQL of ours in the stage engine. */
const ENGINE_STAGE = 'engine-rows';

export interface LowerTools {
  readonly syntaxes: StageSyntaxes;
  /** The lexical rules of the SQL that a text of ours begins with. */
  readonly lexical: Lexical;
  /** Returns the texts of the only column after one more stage. */
  probe(node: StageNode): readonly string[];
}

/** The command of the legacy language that a node holds; null: it holds none. */
export function legacyCommandOf({ name, syntax }: StageNode): string | null {
  return name === LEGACY_STAGE ? (syntax as LegacySyntax).command : null; // the front end made the node
}

/** The stages as text of ours, and the engine's SQL. Throws QueryError with a place in the legacy text. */
function stepsOf({ node, scope, sides }: ExpandInput, probe: LowerTools['probe']): readonly Step[] {
  const { command, syntax } = node.syntax as LegacySyntax; // the front end made the node
  const context: LowerContext = {
    columns: scope.columns,
    sides,
    span: node.span,
    column: (written) => findColumn(scope, written) ?? unknownColumn(scope, written),
    probe: (sql) => probe(engineNode(node, { kind: 'engine', sql, ordered: false })),
  };
  return commandOf(command).lower(syntax, context);
}

export function lowerCommand(input: ExpandInput, tools: LowerTools): readonly StageNode[] {
  const { node } = input;
  return stepsOf(input, tools.probe).flatMap((step) =>
    step.kind === 'engine' ? [engineNode(node, step)] : stageNodes(node, step.text, tools),
  );
}

function engineNode({ index, span, sources }: StageNode, step: EngineStep): StageNode {
  return { index, name: ENGINE_STAGE, syntax: { ...step, sql: readPlaces(step.sql).text }, sources, span };
}

const BEFORE = 'select 1 | ';

function stageNodes(node: StageNode, marked: string, tools: LowerTools): readonly StageNode[] {
  const { lexical } = tools;
  const places = readPlaces(marked, BEFORE);
  try {
    const context = { usual: lexical, engine: lexical, lexicalOf: () => lexical };
    const { query } = parseForkline(places.text, tools.syntaxes, context);
    return query.stages.map((stage) => ({
      ...stage,
      syntax:
        stage.name === 'sql'
          ? { ...(stage.syntax as object), text: places.text }
          : moved(stage.syntax, places, node.span),
      index: node.index,
      span: node.span,
    }));
  } catch (thrown) {
    if (!(thrown instanceof QueryError)) throw thrown;
    const { span } = thrown.details;
    throw thrown.with({ span: (span === undefined ? null : places.placeOf(span)) ?? node.span });
  }
}

/** Copies the value with the places of the legacy text instead of those of the text that was made of it. */
function moved(value: unknown, places: PlacedText, whole: Span): unknown {
  if (Array.isArray(value)) return value.map((item) => moved(item, places, whole));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, moved(inner, places, whole)] as const);
  const copy: Record<string, unknown> = Object.fromEntries(entries);
  if (typeof copy.start !== 'number' || typeof copy.end !== 'number') return copy;
  return { ...copy, ...(places.placeOf({ start: copy.start, end: copy.end }) ?? whole) };
}
