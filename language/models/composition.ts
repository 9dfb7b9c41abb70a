/**
 * Composes a query with the models that it reads: behind its text stand those of the models, each once, and every model is a
 * `let` of the composed tree. So everything after the tree (types, placement, statements, places of errors) works through
 * models as it does through a `let`, and places in the query's own text stay what they were.
 *
 * A model's text is parsed as a text of its own, in its own language, with blanks instead of everything before it: then its
 * places are places of the composed text.
 */
import { QueryError, type Span } from '../../core/protocol/errors.ts';
import { type FoundModel, type ModelRegion, modelKey, type PlanModels } from '../../core/protocol/models.ts';
import { parameterKind } from '../../core/protocol/parameters.ts';
import type { Ask, PlanRequest } from '../../core/protocol/plan.ts';
import { STAGE_LIMITS, stageLimit } from '../../core/protocol/stage-limits.ts';
import type { LetNode, QueryTree } from '../frontends/query-tree.ts';
import { aboutModel } from './about-model.ts';
import { adopt, type Mention, mentionsOf, stageCount } from './adopt.ts';
import { ModelBook } from './model-book.ts';

/** A text with all that says how it is read. */
export interface TextToParse
  extends Pick<PlanRequest, 'text' | 'connection' | 'dialects' | 'language' | 'model' | 'stages'> {
  /** Says whether a name may be that of a model; left out: there are none. */
  readonly mayBeModel?: (name: string) => boolean;
  /** Returns the column by which the legacy language's dates choose rows of a model. */
  readonly timeOf?: (name: string) => string | null;
}

/** Returns the tree of a text. Throws QueryError. */
export type TreeOf = (text: TextToParse) => QueryTree;

export interface Composed {
  readonly kind: 'composed';
  readonly tree: QueryTree;
  /** The request with the composed text, and with the defaults of the models' parameters. */
  readonly request: PlanRequest;
  /** null: no model was looked up. */
  readonly models: PlanModels | null;
}

/** Returns the composed query, or the names of models that must be looked up first. Throws QueryError. */
export function compose(
  request: PlanRequest,
  treeOf: TreeOf,
): Composed | { readonly kind: 'ask'; readonly asks: readonly Ask[] } {
  const book = new ModelBook(request.answers);
  const tree = treeOf({ ...request, mayBeModel: book.mayBeModel, timeOf: book.timeOf });
  const composer = new Composer(request, book, tree, treeOf);
  composer.readAll();
  const names = [...composer.unknown];
  if (names.length > 0)
    return { kind: 'ask', asks: [{ kind: 'models', key: `models-${book.answers}`, names }] };
  return composer.composed();
}

/** A model whose text was read. */
interface ReadModel {
  readonly model: FoundModel;
  readonly region: ModelRegion;
  readonly tree: QueryTree;
}

class Composer {
  readonly unknown = new Set<string>();
  readonly #request: PlanRequest;
  readonly #book: ModelBook;
  readonly #tree: QueryTree;
  readonly #treeOf: TreeOf;
  readonly #read = new Map<string, ReadModel>();
  #text: string;
  #stages: number;

  constructor(request: PlanRequest, book: ModelBook, tree: QueryTree, treeOf: TreeOf) {
    this.#treeOf = treeOf;
    this.#request = request;
    this.#book = book;
    this.#tree = tree;
    this.#text = request.text;
    this.#stages = stageCount(tree);
  }

  readAll(): void {
    const { ownModel } = this.#request;
    const path = ownModel === undefined ? [] : [ownModel];
    for (const mention of mentionsOf(this.#tree)) this.#readModel(mention, path);
  }

  #readModel({ name, span }: Mention, path: readonly string[]): void {
    const key = modelKey(name);
    if (path.includes(key))
      throw this.#told(modelCycle([...path.slice(path.indexOf(key)), key], span), this.#regions());
    const model = this.#book.find(name);
    if (model === null) {
      this.unknown.add(key);
      return;
    }
    if (this.#read.has(key)) return;
    if (this.#read.size === STAGE_LIMITS.models) throw tooMany(span);
    const start = this.#text.length + 1;
    this.#text += `\n${model.text}`;
    const region = {
      ...{ name: model.name, version: model.version, start, end: this.#text.length },
      ...{ readAt: span, stageBase: this.#stages },
    };
    const tree = this.#parse(model, region);
    this.#stages += stageCount(tree);
    this.#read.set(key, { model, region, tree });
    for (const mention of mentionsOf(tree)) this.#readModel(mention, [...path, key]);
  }

  #parse({ text, language, connection }: FoundModel, region: ModelRegion): QueryTree {
    const { dialects, connection: usual } = this.#request;
    try {
      return this.#treeOf({
        text: ' '.repeat(region.start) + text,
        ...(language === 'legacy' && { language }),
        connection: connection ?? usual,
        dialects,
        mayBeModel: this.#book.mayBeModel,
        timeOf: this.#book.timeOf,
      });
    } catch (thrown) {
      throw this.#told(thrown, [...this.#regions(), region]);
    }
  }

  #regions(): readonly ModelRegion[] {
    return [...this.#read.values()].map(({ region }) => region);
  }

  #told(thrown: unknown, regions: readonly ModelRegion[]): unknown {
    return aboutModel(thrown, { text: this.#text, regions });
  }

  composed(): Composed {
    const read = [...this.#read.values()];
    if (read.length === 0 && this.#book.answers === 0)
      return { kind: 'composed', tree: this.#tree, request: this.#request, models: null };
    const models: PlanModels = {
      used: this.#used(),
      text: this.#text,
      regions: this.#regions(),
      parameters: read.flatMap(({ model }) =>
        model.parameters.map((parameter) => ({ ...parameter, model: model.name })),
      ),
    };
    const request = { ...this.#request, text: this.#text, parameters: this.#kinds(models) };
    return { kind: 'composed', tree: this.#composedTree(read), request, models };
  }

  #used(): PlanModels['used'] {
    const there = [...this.#read.entries()].map(([key, { model }]) => ({ key, version: model.version }));
    return [...there, ...this.#book.missing.map((key) => ({ key, version: 0 }))];
  }

  /** The kinds of the parameters that were sent, and of the defaults of those that were not. */
  #kinds({ parameters }: PlanModels): PlanRequest['parameters'] {
    const given = this.#request.parameters;
    const defaults = parameters
      .filter((parameter) => parameter.default !== undefined && !Object.hasOwn(given, parameter.name))
      .map((parameter) => [parameter.name, parameterKind(parameter.name, parameter.default!)] as const);
    return defaults.length === 0 ? given : { ...Object.fromEntries(defaults), ...given };
  }

  /** The lets of the text, then those of each model with the model itself behind them. */
  #composedTree(read: readonly ReadModel[]): QueryTree {
    const places = new Map<string, number>();
    let next = this.#tree.lets.length;
    for (const { model, tree } of read) {
      next += tree.lets.length;
      places.set(modelKey(model.name), next);
      next++;
    }
    const place = (name: string): number => places.get(modelKey(name))!;
    const lets: LetNode[] = [];
    const own = adopt(this.#tree, { letBase: 0, stageBase: 0, connection: null, place });
    lets.push(...own.lets);
    for (const { model, region, tree } of read) {
      const { connection } = model;
      const adopted = adopt(tree, { letBase: lets.length, stageBase: region.stageBase, connection, place });
      lets.push(...adopted.lets.map((each) => ({ ...each, ofModel: true })));
      const nameSpan = region.readAt;
      lets.push({ name: model.name, nameSpan, query: adopted.query, model, ofModel: true });
    }
    const parameters = [this.#tree, ...read.map(({ tree }) => tree)].flatMap((each) => each.parameters);
    return { ...this.#tree, text: this.#text, lets, query: own.query, parameters };
  }
}

/** Makes the error of models that read each other, with the path from the first back to it. */
function modelCycle(path: readonly string[], span?: Span): QueryError {
  return new QueryError('model-cycle', `models read each other in a circle: ${path.join(' -> ')}`, {
    ...(span !== undefined && { span }),
    hint: 'take one of these steps out of the models: a model may not read itself, by whatever way',
  });
}

function tooMany(span: Span): QueryError {
  return new QueryError('unsupported', `a query reads at most ${STAGE_LIMITS.models} models`, {
    span,
    hint: 'the models that they build on count too: join some of them into one',
    limit: stageLimit('models'),
  });
}
