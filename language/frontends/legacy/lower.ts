/** Makes stages of ours out of a command of the legacy language, once the columns that reach it are known. */
import { QueryError, type Span } from '../../../core/protocol/errors.ts';
import type { Lexical } from '../../dialects/lexical.ts';
import { quoteName } from '../../dialects/quoting.ts';
import type { ExpandInput } from '../../resolve/query.ts';
import { findColumn, unknownColumn } from '../../resolve/scope.ts';
import { parseForkline } from '../forkline/query-parser.ts';
import type { StageSyntaxes } from '../forkline/stage-parser.ts';
import type { QueryNode, StageNode } from '../query-tree.ts';
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
  /** Is told of the stages as text of ours, and of the engine's SQL, that a node becomes. */
  readonly heard?: ((node: StageNode, steps: readonly Step[]) => void) | undefined;
  /** Says that the steps become a text that is kept: they must hold for other data too. */
  readonly kept?: boolean | undefined;
  /** Returns the texts of the only column after one more stage. */
  probe(node: StageNode): readonly string[];
}

/** The command of the legacy language that a node holds; null: it holds none. */
export function legacyCommandOf({ name, syntax }: StageNode): string | null {
  return name === LEGACY_STAGE ? (syntax as LegacySyntax).command : null; // the front end made the node
}

/** The stages as text of ours, and the engine's SQL. Throws QueryError with a place in the legacy text. */
function stepsOf(
  { node, scope, sides }: ExpandInput,
  { probe, kept = false }: Pick<LowerTools, 'probe' | 'kept'>,
): readonly Step[] {
  const { command, syntax } = node.syntax as LegacySyntax; // the front end made the node
  const context: LowerContext = {
    columns: scope.columns,
    sides,
    sideNames: node.sources.map(({ source }) => (source.kind === 'let' ? source.name : '')),
    span: node.span,
    column: (written) => findColumn(scope, written) ?? unknownColumn(scope, written),
    probe: (sql) => {
      if (kept) throw dependsOnData(command, node.span);
      return probe(engineNode(node, { kind: 'engine', sql, ordered: false }));
    },
  };
  const definition = commandOf(command);
  return (kept ? definition.today : undefined)?.(syntax, context) ?? definition.lower(syntax, context);
}

function dependsOnData(command: string, span: Span): QueryError {
  return new QueryError('unsupported', `the columns of this \`${command}\` depend on the data`, {
    span,
    hint: 'name the columns in the query itself, and migrate it then',
  });
}

export function lowerCommand(input: ExpandInput, tools: LowerTools): readonly StageNode[] {
  const { node } = input;
  const steps = stepsOf(input, tools);
  tools.heard?.(node, steps);
  return steps.flatMap((step) =>
    step.kind === 'engine' ? [engineNode(node, step)] : stageNodes(node, step.text, tools),
  );
}

function engineNode({ index, span, sources }: StageNode, step: EngineStep): StageNode {
  return { index, name: ENGINE_STAGE, syntax: { ...step, sql: readPlaces(step.sql).text }, sources, span };
}

const SOURCE = 'select 1';

function stageNodes(node: StageNode, marked: string, tools: LowerTools): readonly StageNode[] {
  const { lexical } = tools;
  const sides = new Map(
    node.sources.map((query) => [query.source.kind === 'let' ? query.source.name : '', query] as const),
  );
  const lets = [...sides.keys()].map((name) => `let ${quoteName(name)} = (${SOURCE}); `);
  const places = readPlaces(marked, `${lets.join('')}${SOURCE} | `);
  const inPlace = (value: unknown): unknown => moved(value, places, node.span);
  const queryOf = (made: QueryNode): QueryNode => {
    const side = made.source.kind === 'let' ? sides.get(made.source.name) : undefined;
    if (made.source.kind === 'query')
      return { ...made, source: { ...made.source, query: queryOf(made.source.query) } };
    if (side === undefined) throw new Error('a source that no command has');
    return { ...made, source: side.source, stages: made.stages.map(stageOf), span: side.span };
  };
  const stageOf = (stage: StageNode): StageNode => ({
    ...stage,
    syntax:
      stage.name === 'sql'
        ? { ...(stage.syntax as object), text: places.text, copied: places.copied }
        : inPlace(stage.syntax),
    sources: stage.sources.map(queryOf),
    index: node.index,
    span: node.span,
  });
  try {
    const context = { usual: lexical, engine: lexical, lexicalOf: () => lexical };
    return parseForkline(places.text, tools.syntaxes, context).query.stages.map(stageOf);
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
