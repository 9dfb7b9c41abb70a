/**
 * Completion: what may stand at the cursor. Pure, as the compiler is: it asks for the columns of sources and for the
 * database's tables, and is called again. What stands before the cursor may be broken: the columns are those of the
 * longest part of the pipeline before it that compiles. Any text at any position has an answer.
 */

import { QueryError } from '../../core/protocol/errors.ts';
import type { ParameterKind } from '../../core/protocol/parameters.ts';
import type { AskAnswer, Judge, PlanRequest } from '../../core/protocol/plan.ts';
import type { DatabaseTable } from '../../core/protocol/sql-worker.ts';
import type { Column } from '../../core/protocol/types.ts';
import { planQuery } from '../compile.ts';
import type { SourceDialect } from '../dialects/dialect.ts';
import { sourceDialect, USUAL_SOURCE } from '../dialects/registry.ts';
import type { Token } from '../frontends/forkline/token.ts';
import { saysLegacy } from '../frontends/legacy/prelude.ts';
import { parseRequest } from '../parse.ts';
import { kindName } from '../types/parameter-types.ts';
import { completeLegacy } from './complete-legacy.ts';
import { type FoundModels, modelItems } from './complete-models.ts';
import { placeAt } from './complete-place.ts';
import { sqlItems } from './complete-sql.ts';
import { quotedIfNeeded, stageItems } from './complete-stage.ts';
import type {
  CompleteAnswer,
  CompleteAsk,
  CompleteRequest,
  CompleteStep,
  CompletionItem,
} from './complete-types.ts';
import type { LexicalOf, Place, PlaceInQuery } from './complete-walker.ts';

const MAX_ITEMS = 500;
/** The number of times that the pipeline before the cursor is cut at a stage that does not compile. */
const MAX_CUTS = 5;

export function completeQuery(request: CompleteRequest, judge: Judge): CompleteStep {
  if (request.language === 'legacy' || saysLegacy(request.text)) return completeLegacy(request, judge);
  const place = placeAt(request.text, request.position, lexicalsOf(request));
  const found = itemsAt(place, request, judge);
  if (found.kind === 'ask') return found;
  const beginning = place.typed.word.toLowerCase();
  const items = found.items.filter(({ label }) => label.toLowerCase().startsWith(beginning));
  const { from, to, quote } = place.typed;
  const completion = {
    from,
    to,
    items: unique(items)
      .slice(0, MAX_ITEMS)
      .map((item) => (quote === null ? item : { ...item, insert: requoted(item.label, quote) })),
    complete: items.length <= MAX_ITEMS,
    warnings: found.warnings,
  };
  return { kind: 'completed', completion };
}

/** A connection that is not there has the rules of the usual dialect, so that what stands around it is still completed. */
function lexicalsOf({ dialects, connection: usual }: CompleteRequest): LexicalOf {
  return (connection) => {
    const name = connection ?? usual;
    return (Object.hasOwn(dialects, name) ? sourceDialect(dialects[name]!) : USUAL_SOURCE).lexical;
  };
}

/** Keeps the first item of each kind and name: two tables of a join may have columns of one name. */
function unique(items: readonly CompletionItem[]): readonly CompletionItem[] {
  const seen = new Set<string>();
  return items.filter(({ kind, label }) => {
    const key = `${kind} ${label}`;
    return !seen.has(key) && seen.add(key);
  });
}

function requoted(label: string, quote: string): string {
  return quote + label.replaceAll(quote, quote + quote) + quote;
}

type Found =
  | Extract<CompleteStep, { kind: 'ask' }>
  | {
      readonly kind: 'found';
      readonly items: readonly CompletionItem[];
      readonly warnings: readonly string[];
    };

function found(items: readonly CompletionItem[], ...warnings: readonly string[]): Found {
  return { kind: 'found', items, warnings };
}

function itemsAt(place: Place, request: CompleteRequest, judge: Judge): Found {
  switch (place.kind) {
    case 'nothing':
      return found([]);
    case 'connection':
      return found(connectionItems(request));
    case 'parameter':
      return found(parameterItems(request));
    case 'setting':
      return found(settingItems(place.tokens));
    case 'sql':
      return sqlFound(place, request);
    case 'stage':
      return stageFound(place, request, judge);
    default:
      return place satisfies never;
  }
}

function connectionItems({ dialects }: CompleteRequest): readonly CompletionItem[] {
  return Object.keys(dialects).map((name) => {
    const label = `@${name}`;
    return { label, kind: 'connection', detail: 'a connection', insert: `${label} ` };
  });
}

/** Returns the parameters that have a value, and those that the query uses elsewhere. */
function parameterItems({ text, parameters }: CompleteRequest): readonly CompletionItem[] {
  const used = [...text.matchAll(/(?<![:\w]):([a-z_]\w*)/gi)].map((match) => match[1]!);
  const names = new Set([...Object.keys(parameters), ...used]);
  return [...names].map((name) => {
    const type = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
    const detail = type === undefined ? 'a parameter without a value' : `a parameter, ${kindName(type)}`;
    return {
      label: name,
      kind: 'parameter',
      ...(type !== undefined && { type }),
      detail,
      insert: `:${name}`,
    };
  });
}

const SETTINGS: readonly (readonly [string, string])[] = [
  ['off', 'every stage in a worker'],
  ['auto', 'each stage where it is exact'],
  ['require', 'every stage in the database, or an error'],
];

const CACHE_TIMES: readonly (readonly [string, string])[] = [
  ['10m', 'the answer may be sent again for ten minutes'],
  ['off', 'the answer is not kept'],
];

/** `set pushdown = value;` and `set cache = value;` */
function settingItems(tokens: readonly Token[]): readonly CompletionItem[] {
  switch (tokens.length) {
    case 1:
      return [
        { label: 'pushdown', kind: 'option', detail: 'where stages may run', insert: 'pushdown = ' },
        { label: 'cache', kind: 'option', detail: 'how long the answer is kept', insert: 'cache = ' },
      ];
    case 3:
      return (tokens[1]!.lower === 'cache' ? CACHE_TIMES : SETTINGS).map(([label, detail]) => ({
        label,
        kind: 'option',
        detail,
        insert: `${label};`,
      }));
    default:
      return [];
  }
}

function letItems({ lets }: PlaceInQuery): readonly CompletionItem[] {
  return lets.map(({ name }) => ({
    label: name,
    kind: 'table',
    detail: 'defined by `let`',
    insert: quotedIfNeeded(name),
  }));
}

/** The stages that read further sources, in brackets. */
const READ_SOURCES = new Set(['join', 'union', 'append', 'lookup']);
const NO_MODELS: FoundModels = { kind: 'found', items: [], warnings: [] };

function sqlFound(place: Extract<Place, { kind: 'sql' }>, request: CompleteRequest): Found {
  const connection = place.connection ?? request.connection;
  const begins = place.before.trim() === '' && place.connection === null;
  const models = begins ? modelItems(place.typed.word, request, quotedIfNeeded) : NO_MODELS;
  if (!Object.hasOwn(request.dialects, connection))
    return found(sourceItems(place, [], USUAL_SOURCE), `there is no connection ${connection}`);
  const dialect = sourceDialect(request.dialects[connection]!);
  const key = `catalog ${connection}`;
  const answer = request.answers[key];
  const asks: CompleteAsk[] = models.kind === 'ask' ? [models.ask] : [];
  if (answer === undefined) asks.push({ kind: 'catalog', key, connection });
  if (answer === undefined || models.kind === 'ask') return { kind: 'ask', asks };
  if (answer.kind !== 'catalog')
    return found([...models.items, ...sourceItems(place, [], dialect)], ...models.warnings, whyNot(answer));
  const warnings = answer.complete ? [] : ['the database has more tables than are looked at'];
  const items = [...models.items, ...sourceItems(place, answer.tables, dialect)];
  return found(items, ...models.warnings, ...warnings);
}

/** A query may begin with the name of a `let` as well. */
function sourceItems(
  { before, query }: Extract<Place, { kind: 'sql' }>,
  tables: readonly DatabaseTable[],
  dialect: SourceDialect,
): readonly CompletionItem[] {
  return [...(before.trim() === '' ? letItems(query) : []), ...sqlItems(before, tables, dialect)];
}

function whyNot(answer: CompleteAnswer): string {
  return answer.kind === 'failed' ? answer.why : 'the database was not asked';
}

function stageFound(place: Extract<Place, { kind: 'stage' }>, request: CompleteRequest, judge: Judge): Found {
  // The columns need not be known before a stage has its name.
  if (place.tokens.length === 0) return found(stageItems({ tokens: [], columns: null, sources: [] }));
  const { query, tokens } = place;
  const opens = tokens.at(-1)!.text === '(' && READ_SOURCES.has(tokens[0]!.lower);
  const models = opens ? modelItems(place.typed.word, request, quotedIfNeeded) : NO_MODELS;
  const reached = columnsBefore(query, request, judge);
  if (models.kind === 'ask')
    return { kind: 'ask', asks: [models.ask, ...(reached.kind === 'ask' ? reached.asks : [])] };
  if (reached.kind === 'ask') return reached;
  const { columns, why } = reached;
  const items = stageItems({
    tokens,
    columns,
    sources: [...letItems(query), ...connectionItems(request)],
  });
  return found([...models.items, ...items], ...models.warnings, ...(why === null ? [] : [why]));
}

type Reached =
  | Extract<CompleteStep, { kind: 'ask' }>
  | { readonly kind: 'columns'; readonly columns: readonly Column[] | null; readonly why: string | null };

/** The columns before the last of the query's pipes; of the stages before it, as many as compile. */
function columnsBefore(
  { lets, start, pipes }: PlaceInQuery,
  request: CompleteRequest,
  judge: Judge,
): Reached {
  const preludes = lets.map((one) => `${request.text.slice(one.start, one.end)} `).join('');
  let count = pipes.length - 1;
  let why: string | null = null;
  for (let cut = 0; cut <= MAX_CUTS; cut++) {
    try {
      const step = planPrefix(preludes + request.text.slice(start, pipes[count]), request, judge);
      if (step.kind === 'ask') return step;
      return { kind: 'columns', columns: step.columns, why: why ?? step.why };
    } catch (thrown) {
      if (!(thrown instanceof QueryError)) throw thrown;
      why ??= `the columns may not be right: ${thrown.message}`;
      const shift = start - preludes.length;
      const failed = failedStage(thrown, pipes.slice(0, count), shift);
      if (failed < 1) return { kind: 'columns', columns: null, why };
      count = failed - 1;
    }
  }
  return { kind: 'columns', columns: null, why };
}

/** Returns the number of the stage that an error points at; 0: none. `shift`: from the compiled text to the whole one. */
function failedStage({ details }: QueryError, pipes: readonly number[], shift: number): number {
  const start = (details.span?.start ?? 0) + shift;
  return pipes.filter((pipe) => pipe < start).length;
}

/** The columns of a whole query. */
function planPrefix(text: string, request: CompleteRequest, judge: Judge): Reached {
  const { connection, dialects, stages = null, shown = null, catalogue = false, answers } = request;
  const asked: PlanRequest = {
    text,
    parameters: parametersOf(text, request),
    connection,
    dialects,
    stages,
    shown,
    catalogue,
    pushdown: 'off',
    throughWorker: true,
    answers: planAnswers(answers),
  };
  const step = planQuery(asked, judge);
  if (step.kind === 'plan') return { kind: 'columns', columns: step.plan.columns, why: null };
  const failed = step.asks.map(({ key }) => answers[key]).find((answer) => answer?.kind === 'failed');
  if (failed !== undefined) return { kind: 'columns', columns: null, why: whyNot(failed) };
  // The other asks take a run of the query, or a worker: too much for a suggestion.
  if (step.asks.some(({ kind }) => kind !== 'source' && kind !== 'models'))
    return { kind: 'columns', columns: null, why: 'the columns are only known once the query runs' };
  return { kind: 'ask', asks: step.asks satisfies readonly CompleteAsk[] };
}

/** Every parameter of the text, those without a value as null, which is right for most types. */
function parametersOf(text: string, request: CompleteRequest): Readonly<Record<string, ParameterKind>> {
  const mayBeModel = () => request.catalogue === true;
  const names = new Set(parseRequest({ ...request, text, mayBeModel }).parameters.map(({ name }) => name));
  const { parameters: given } = request;
  return Object.fromEntries(
    [...names].map((name) => [name, Object.hasOwn(given, name) ? given[name]! : 'null']),
  );
}

function planAnswers(answers: CompleteRequest['answers']): Record<string, AskAnswer> {
  const known: Record<string, AskAnswer> = {};
  for (const [key, answer] of Object.entries(answers))
    if (answer.kind !== 'catalog' && answer.kind !== 'model-names' && answer.kind !== 'failed')
      known[key] = answer;
  return known;
}
