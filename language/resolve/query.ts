/**
 * Gives every name of a query its meaning. What it must know from elsewhere it looks up in the answers of the request;
 * what is missing there it asks for by throwing `Asking`: all sources at once, before anything else.
 *
 * Invariants: the keys of asks depend on the request's text and on earlier answers only, so that a later call finds
 * what an earlier one asked for; a `let` that nobody reads is not looked at.
 */
import { QueryError, type Span } from '../../core/protocol/errors.ts';
import type { FoundModel } from '../../core/protocol/models.ts';
import type { Ask, AskAnswer, Judge, Plan, PlanRequest, SourceAsk } from '../../core/protocol/plan.ts';
import type { TableViews } from '../../core/protocol/shown-rows.ts';
import type { Column } from '../../core/protocol/types.ts';
import { sourceDialect } from '../dialects/registry.ts';
import { notComposed } from '../frontends/not-composed.ts';
import type { LetNode, QueryNode, QueryTree, SqlSourceNode, StageNode } from '../frontends/query-tree.ts';
import { dialectAt } from '../source/connections.ts';
import { bindSource } from '../source/sql.ts';
import type { Typed } from '../types/typed.ts';
import type {
  ResolvedQuery,
  ResolvedSource,
  ResolvedSql,
  ResolvedStage,
  ResolvedStageNode,
} from './graph.ts';
import { explainLostColumn } from './lost-column.ts';
import { refuseDuplicates, type Scope } from './scope.ts';
import type { StageAnswers } from './stage-answers.ts';

/** Thrown where answers are missing; never leaves the compiler. */
export class Asking extends Error {
  readonly asks: readonly Ask[];

  constructor(asks: readonly Ask[]) {
    super('answers are missing');
    this.asks = asks;
  }
}

/** The part of a stage that resolving uses. */
export interface ResolvableStage {
  resolve(syntax: unknown, input: Scope, span: Span, sources: readonly (readonly Column[])[]): ResolvedStage;
}

/** The tools that resolving takes from the rest of the compiler. */
export interface ResolveTools {
  /** Returns the stage that a node names. */
  stageOf(node: StageNode): ResolvableStage;
  /** Plans the query for the different values of `value` over the rows of `input`, at most one more than `atMost`. */
  planValues(input: ResolvedQuery, value: Typed, atMost: number): Plan;
  readonly judge: Judge;
  /** Returns what stands for the tables of files that the SQL names; null: they are read as they are. Throws Asking. */
  viewsOf(connection: string, sql: string): TableViews | null;
  /** Compares the columns of a model with its contract. Throws model-drift. */
  checkModel(model: FoundModel, definition: LetNode, query: ResolvedQuery): void;
  /** The command of another language that a node holds; null: it is a stage of ours. */
  commandOf(node: StageNode): string | null;
  /** Makes stages of such a node. `probe` returns the texts of the only column after one more stage, each once and sorted. */
  expand(input: ExpandInput, probe: (node: StageNode) => readonly string[]): readonly StageNode[];
}

/** A command of another language where it stands. */
export interface ExpandInput {
  readonly node: StageNode;
  readonly scope: Scope;
  readonly sides: readonly (readonly Column[])[];
}

const MOST_PROBED = 10_000;

export function resolveTree(tree: QueryTree, request: PlanRequest, tools: ResolveTools): ResolvedQuery {
  return new Resolver(tree, request, tools).resolve();
}

class Resolver {
  readonly #tree: QueryTree;
  readonly #request: PlanRequest;
  readonly #tools: ResolveTools;
  readonly #sources = new Map<SqlSourceNode, SourceAsk>();
  readonly #lets = new Map<LetNode, ResolvedQuery>();

  constructor(tree: QueryTree, request: PlanRequest, tools: ResolveTools) {
    this.#tree = tree;
    this.#request = request;
    this.#tools = tools;
  }

  resolve(): ResolvedQuery {
    this.#askForSources();
    return this.#query(this.#tree.query);
  }

  /** One description for each SQL of each connection. */
  #askForSources(): void {
    const { text, connection: usual, answers, parameters } = this.#request;
    const bySql = new Map<string, SourceAsk>();
    for (const node of sqlSources(this.#tree)) {
      const connection = node.connection ?? usual;
      const { binding } = sourceDialect(
        dialectAt(this.#request.dialects, connection, node.place ?? node.span),
      );
      const bound = bindSource(text, node, parameters, binding);
      const same = JSON.stringify([connection, bound.sql, bound.parameters]);
      const known = bySql.get(same);
      const key = known?.key ?? `source-${bySql.size}`;
      // A source that was answered was judged before it was asked for.
      const functions =
        known?.functions ?? (answers[key] === undefined ? this.#tools.judge(connection, bound, true) : []);
      const views = this.#tools.viewsOf(connection, bound.sql);
      const shown = views === null ? {} : { views };
      const ask: SourceAsk = { kind: 'source', key, connection, ...bound, functions, ...shown };
      if (known === undefined) bySql.set(same, ask);
      this.#sources.set(node, ask);
    }
    const missing = [...bySql.values()].filter(({ key }) => answers[key] === undefined);
    if (missing.length > 0) throw new Asking(missing);
  }

  #query(node: QueryNode): ResolvedQuery {
    const source = this.#source(node.source);
    // A `let` alone is what it stands for, so that all who read it read the same.
    if (node.stages.length === 0 && source.kind === 'query') return source.query;
    let columns = source.kind === 'sql' ? source.columns : source.query.columns;
    const stages: ResolvedStageNode[] = [];
    for (const stage of node.stages)
      for (const [part, each] of this.#expanded(stage, { source, stages: [...stages], columns }).entries()) {
        const resolved = this.#stage(each, { source, stages: [...stages], columns }, part);
        stages.push(resolved);
        columns = resolved.resolved.columns;
      }
    return { source, stages, columns };
  }

  #source(source: QueryNode['source']): ResolvedSource {
    switch (source.kind) {
      case 'sql':
        return this.#sql(source);
      case 'query':
        return { kind: 'query', query: this.#query(source.query) };
      case 'let':
        return { kind: 'query', query: this.#let(this.#tree.lets[source.definition]!) };
      case 'model':
        throw notComposed(source.name);
      default:
        return source satisfies never;
    }
  }

  #let(definition: LetNode): ResolvedQuery {
    const known = this.#lets.get(definition);
    if (known !== undefined) return known;
    const made = this.#query(definition.query);
    if (definition.model !== undefined) this.#tools.checkModel(definition.model, definition, made);
    const shown = definition.shown === undefined ? made : this.#shown(definition.shown, made);
    this.#lets.set(definition, shown);
    return shown;
  }

  /** A model's rows as the policy shows them. */
  #shown(node: StageNode, all: ResolvedQuery): ResolvedQuery {
    const source: ResolvedSource = { kind: 'query', query: all };
    const stage = this.#stage(node, { source, stages: [], columns: all.columns });
    return { source, stages: [stage], columns: stage.resolved.columns };
  }

  #sql(node: SqlSourceNode): ResolvedSql {
    const span = node.place ?? node.span;
    const { key, connection, sql, parameters, segments, views = null } = this.#sources.get(node)!;
    const described = this.#answer(key, 'source');
    if (described === null) throw new Error(`the answer to ${key} is of another kind`);
    const dialect = dialectAt(this.#request.dialects, connection, span);
    const { columnOf } = sourceDialect(dialect);
    const columns = described.columns.map(columnOf);
    refuseBadSource(span, columns);
    const bound = { sql, parameters, segments };
    return { kind: 'sql', connection, dialect, bound, described, columns, views, span };
  }

  /** The stages that a node stands for: of our language itself, of another those that its command becomes here. */
  #expanded(node: StageNode, input: ResolvedQuery): readonly StageNode[] {
    const name = this.#tools.commandOf(node);
    if (name === null) return [node];
    const sides = this.#sides(node.sources).map(({ columns }) => columns);
    const { parameters, text } = this.#request;
    const answers = this.#answers(input, node.span, -1);
    const stage = { index: node.index, name };
    const scope = { columns: input.columns, parameters, stage, text, answers };
    const probe = (added: StageNode): readonly string[] => {
      const made = this.#stage(added, input, -1);
      const query = { ...input, stages: [...input.stages, made], columns: made.resolved.columns };
      const [column] = made.resolved.columns;
      const value: Typed = { kind: 'column', name: column!.name, type: column!.type, span: node.span };
      const found = this.#answers(query, node.span, -1).values(value, MOST_PROBED);
      return found.values.filter((text) => text !== null).map(String);
    };
    try {
      return this.#tools.expand({ node, scope, sides }, probe);
    } catch (thrown) {
      if (!(thrown instanceof QueryError)) throw thrown;
      throw thrown.with({ stage });
    }
  }

  #stage(node: StageNode, input: ResolvedQuery, part = 0): ResolvedStageNode {
    const { name, syntax, span, index } = node;
    const sources = this.#sides(node.sources);
    const stage = { index, name };
    const { parameters, text } = this.#request;
    const scope = {
      columns: input.columns,
      parameters,
      stage,
      text,
      answers: this.#answers(input, span, part),
    };
    try {
      const resolved = this.#tools.stageOf(node).resolve(
        syntax,
        scope,
        span,
        sources.map(({ columns }) => columns),
      );
      return { node, resolved, sources };
    } catch (thrown) {
      if (!(thrown instanceof QueryError)) throw thrown;
      throw explainLostColumn(thrown.with({ stage }), text, input);
    }
  }

  /** Resolves the queries; throws one Asking with the asks of all of them, so that they are asked at once. */
  #sides(nodes: readonly QueryNode[]): readonly ResolvedQuery[] {
    const asks: Ask[] = [];
    const sides = nodes.flatMap((node) => {
      try {
        return [this.#query(node)];
      } catch (thrown) {
        if (!(thrown instanceof Asking)) throw thrown;
        asks.push(...thrown.asks);
        return [];
      }
    });
    if (asks.length > 0) throw new Asking(asks);
    return sides;
  }

  /** `part`: which of the stages that the node of the tree became; -1: what must be known before there are any. */
  #answers(input: ResolvedQuery, span: Span, part: number): StageAnswers {
    const place = part === 0 ? `${span.start}` : `${span.start}.${part}`;
    return {
      engine: (ask) => this.#known({ ...ask, span, kind: 'engine', key: `engine-${place}` }).columns,
      values: (value, atMost) => {
        const plan = this.#tools.planValues(input, value, atMost);
        return this.#known({ kind: 'values', key: `values-${place}`, plan, atMost });
      },
    };
  }

  #known<K extends Ask['kind']>(ask: Extract<Ask, { kind: K }>): Extract<AskAnswer, { kind: K }> {
    const answer = this.#answer(ask.key, ask.kind as K);
    if (answer === null) throw new Asking([ask]);
    return answer;
  }

  #answer<K extends AskAnswer['kind']>(key: string, kind: K): Extract<AskAnswer, { kind: K }> | null {
    const answer = this.#request.answers[key];
    return answer?.kind === kind ? (answer as Extract<AskAnswer, { kind: K }>) : null;
  }
}

/** Returns the users' SQL that the query reads, each once, the SQL that it begins with first. */
function sqlSources({ query, lets }: QueryTree): ReadonlySet<SqlSourceNode> {
  const found = new Set<SqlSourceNode>();
  const seen = new Set<QueryNode>();
  const visit = (node: QueryNode): void => {
    if (seen.has(node)) return;
    seen.add(node);
    const { source, stages } = node;
    if (source.kind === 'sql') found.add(source);
    else if (source.kind === 'model') throw notComposed(source.name);
    else visit(source.kind === 'let' ? lets[source.definition]!.query : source.query);
    for (const stage of stages) stage.sources.forEach(visit);
  };
  visit(query);
  return found;
}

function refuseBadSource(span: Span, columns: readonly Column[]): void {
  if (columns.length === 0)
    throw new QueryError('unsupported', 'the SQL has no columns for stages to work on', { span });
  const hint = (name: string): string => `name one of them differently in the SQL: \`... as ${name}_2\``;
  refuseDuplicates(columns, () => span, hint);
}
