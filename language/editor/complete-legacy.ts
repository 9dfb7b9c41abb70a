/**
 * Completion in the legacy language: commands where one begins, behind its word the columns that reach it and the words of its syntax. The
 * commands come from the table that the parser reads.
 */
import { QueryError } from '../../core/protocol/errors.ts';
import type { AskAnswer, Judge, PlanRequest } from '../../core/protocol/plan.ts';
import type { Column } from '../../core/protocol/types.ts';
import { typeName } from '../../core/protocol/types.ts';
import { planQuery } from '../compile.ts';
import { afterPrelude } from '../frontends/legacy/prelude.ts';
import { COMMAND_DOCS } from '../frontends/legacy/registry.ts';
import { closedSegments } from '../frontends/legacy/segments.ts';
import { modelItems } from './complete-models.ts';
import type { CompleteAsk, CompleteRequest, CompleteStep, CompletionItem } from './complete-types.ts';

const WORD_BEFORE = /[\p{L}\p{N}_-]*$/u;
const WORD_AFTER = /^[\p{L}\p{N}_]*/u;
const WORD = /^[\p{L}_][\p{L}\p{N}_]*$/u;
const FUNCTIONS =
  'avg count countDistinct max median min stddev stddev_pop sum variance var_pop iqr quantile first last'.split(
    ' ',
  );
const CONDITION_WORDS = 'and or not in like between is null'.split(' ');

export function completeLegacy(request: CompleteRequest, judge: Judge): CompleteStep {
  const position = Math.min(Math.max(request.position, 0), request.text.length);
  const before = request.text.slice(0, position);
  const begun = beginning(before);
  if (begun === null) return completed(position, position, [], []);
  const typed = WORD_BEFORE.exec(before)![0];
  const word =
    typed.includes('-') && begun.command !== null ? typed.slice(typed.lastIndexOf('-') + 1) : typed;
  const to = position + WORD_AFTER.exec(request.text.slice(position))![0].length;
  const from = position - word.length;
  const fits = ({ label }: CompletionItem): boolean => label.toLowerCase().startsWith(word.toLowerCase());
  if (begun.command === null) return completed(from, to, commandItems().filter(fits), []);
  const models = readsModel(before.slice(0, from))
    ? modelItems(word, request, (name) => (WORD.test(name) ? name : `'${name}'`))
    : null;
  if (models?.kind === 'ask') return { kind: 'ask', asks: [models.ask] };
  if (models !== null) return completed(from, to, models.items.filter(fits), models.warnings);
  const reached = columnsBefore(request, begun.pipe, judge);
  if (reached.kind === 'ask') return reached;
  const items = [...columnItems(reached.columns), ...wordItems(begun.command)];
  return completed(from, to, items.filter(fits), reached.why === null ? [] : [reached.why]);
}

function completed(
  from: number,
  to: number,
  items: readonly CompletionItem[],
  warnings: readonly string[],
): CompleteStep {
  return { kind: 'completed', completion: { from, to, items, complete: true, warnings } };
}

/** Says whether the name of a model is written next: behind `name =`, and behind the words that join and unite. */
function readsModel(before: string): boolean {
  const types = '(?:inner|cross|outer|full|full_outer|left|left_outer|right|right_outer|left_semi|left_anti)';
  const join = new RegExp(
    `(?:join(?:\\s+${types})?\\s+|merge(?:\\s+${types})?\\s*\\(\\s*|union(?:\\s+all)?\\s+)$`,
    'iu',
  );
  return (
    /(?:\bmodel|\bmodel-\w+|\bjoin_model)\s(?:[^|]*\s)?name\s*=\s*['"]?$/iu.test(before) ||
    /\bmodel\s*=\s*['"]?$/iu.test(before) ||
    join.test(before)
  );
}

interface Begun {
  /** The word of the command that the cursor stands in; null: it stands in that word, or before it. */
  readonly command: string | null;
  /** The offset of the pipe before it; null: it is the first. */
  readonly pipe: number | null;
}

/** The command that the cursor stands in; null: the text before it is in quotes, or wrong. */
function beginning(before: string): Begun | null {
  try {
    const from = afterPrelude(before);
    const { start, pipe, quoted } = closedSegments(before, from);
    if (quoted) return null;
    const found = /^\s*(model-\w+|[\p{L}_][\p{L}\p{N}_]*)(?=[^\p{L}\p{N}_-])/u.exec(before.slice(start));
    return { command: found === null ? null : found[1]!.toLowerCase(), pipe };
  } catch (thrown) {
    if (thrown instanceof QueryError) return null;
    throw thrown;
  }
}

function commandItems(): readonly CompletionItem[] {
  return COMMAND_DOCS.map(({ name, form, summary }) => ({
    ...{ label: name, kind: 'stage', detail: `${form}: ${summary}`, insert: `${name} ` },
  }));
}

function columnItems(columns: readonly Column[] | null): readonly CompletionItem[] {
  return (columns ?? []).map(({ name, type }) => ({
    ...{ label: name, kind: 'column', type: typeName(type), detail: 'a column' },
    insert: WORD.test(name) ? name : `\`${name}\``,
  }));
}

/** The words of the command's syntax: options with `=`, keywords, and for aggregates the functions. */
function wordItems(command: string): readonly CompletionItem[] {
  const found = COMMAND_DOCS.find(({ name }) => name === command);
  if (found === undefined) return [];
  const { form } = found;
  const rest = form.replaceAll(command, ' ');
  const options = [...rest.matchAll(/([a-z_A-Z]{2,})\s*=/gu)].map(([, name]) => name!);
  const upper = [...rest.matchAll(/\b[A-Z]{2,}\b/gu)]
    .map(([name]) => name)
    .filter((name) => name !== 'CONDITION' && name !== 'TYPE');
  const functions = /\bf\(x\)/u.test(form) ? FUNCTIONS : [];
  const conditions = form.includes('CONDITION') ? CONDITION_WORDS : [];
  const item = (label: string, kind: CompletionItem['kind'], insert: string): CompletionItem => ({
    ...{ label, kind, insert, detail: form },
  });
  return [
    ...[...new Set(options)].map((name) => item(name, 'option', `${name}=`)),
    ...[...new Set([...upper, ...conditions])].map((name) => item(name, 'keyword', `${name} `)),
    ...functions.map((name) => item(name, 'function', `${name}(`)),
  ];
}

type Reached =
  | Extract<CompleteStep, { kind: 'ask' }>
  | { readonly kind: 'columns'; readonly columns: readonly Column[] | null; readonly why: string | null };

/** The columns before the pipe; before the first command those of the request's model. */
function columnsBefore(request: CompleteRequest, pipe: number | null, judge: Judge): Reached {
  const { connection, dialects, answers, model } = request;
  const text = pipe === null ? '*' : request.text.slice(0, pipe);
  const asked: PlanRequest = {
    ...{ text, language: 'legacy', parameters: {}, connection, dialects },
    ...(model !== undefined && { model }),
    ...{ pushdown: 'off', throughWorker: true, catalogue: request.catalogue === true },
    answers: planAnswers(answers),
  };
  const none = (why: string): Reached => ({ kind: 'columns', columns: null, why });
  try {
    const step = planQuery(asked, judge);
    if (step.kind === 'plan') {
      const { columns } = step.plan;
      return { kind: 'columns', columns, why: null };
    }
    const failed = step.asks.map(({ key }) => answers[key]).find((answer) => answer?.kind === 'failed');
    if (failed?.kind === 'failed') return none(failed.why);
    if (step.asks.some(({ kind }) => kind !== 'source' && kind !== 'models'))
      return none('the columns are only known once the query runs');
    return { kind: 'ask', asks: step.asks as readonly CompleteAsk[] };
  } catch (thrown) {
    if (!(thrown instanceof QueryError)) throw thrown;
    return none(`the columns are not known: ${thrown.message}`);
  }
}

function planAnswers(answers: CompleteRequest['answers']): Record<string, AskAnswer> {
  const known: Record<string, AskAnswer> = {};
  for (const [key, answer] of Object.entries(answers))
    if (answer.kind !== 'catalog' && answer.kind !== 'model-names' && answer.kind !== 'failed')
      known[key] = answer;
  return known;
}
