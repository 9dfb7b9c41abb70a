/** Finds what may be written next in a stage, from its tokens so far and the columns that reach it. */
import { type Column, typeName } from '../../core/protocol/types.ts';
import type { Token } from '../frontends/forkline/token.ts';
import type { FunctionDefinition } from '../functions/kit/function.ts';
import { FAMILIES } from '../functions/registry.ts';
import { findStage } from '../stages/kit/registry.ts';
import type { AnyStage } from '../stages/kit/stage.ts';
import { STAGES } from '../stages/kit/stage-files.ts';
import { TYPE_NAMES } from '../types/cast-types.ts';
import type { CompletionItem } from './complete-types.ts';
import { type Slot, type StageWords, wordsOf } from './stage-words.ts';

export interface StageContext {
  /** The tokens of this stage, up to the word that is being typed. */
  readonly tokens: readonly Token[];
  /** The columns that reach the stage; null: they are not known. */
  readonly columns: readonly Column[] | null;
  /** The items for a source: names of `let`, connections. */
  readonly sources: readonly CompletionItem[];
}

export function stageItems(context: StageContext): readonly CompletionItem[] {
  const [name, ...rest] = context.tokens;
  if (name === undefined) return STAGE_ITEMS;
  const stage = name.kind === 'word' ? findStage(name.lower) : null;
  if (stage === null) return [];
  if (stage.name === 'sql') return engineSqlItems(rest, context);
  const words = wordsOf(stage);
  const at = placeIn(rest, words);
  if (at.expectsValue) return valueItems(at, context, stage, words);
  return [...(at.depth > 0 ? [] : keywordItems(words, stage)), ...operatorItems(at)];
}

/** `sql (select ... from input)`: the stage engine's own SQL, whose functions are not ours to know. */
function engineSqlItems(tokens: readonly Token[], { columns }: StageContext): readonly CompletionItem[] {
  if (tokens.length === 0)
    return [keyword('(select', 'SQL over the rows so far, called `input`', '(select ')];
  return [...(columns ?? []).map(columnItem), keyword('input', 'the rows so far')];
}

const STAGE_ITEMS: readonly CompletionItem[] = STAGES.flatMap((stage) => {
  const item = (label: string, detail: string): CompletionItem => ({
    label,
    kind: 'stage',
    detail,
    insert: stage.docs.syntax === stage.name ? label : `${label} `,
  });
  const aliases = stage.aliases.map((alias) => item(alias, `the same as \`${stage.name}\``));
  return [item(stage.name, `${writtenIn(stage)}: ${stage.docs.summary}`), ...aliases];
});

/** Returns how a stage is written, in one line. */
function writtenIn({ docs }: AnyStage): string {
  return docs.syntax
    .split('\n')
    .map((line) => line.trim())
    .join(' / ');
}

interface PlaceInStage {
  /** The kinds of word that may stand here. */
  readonly slots: ReadonlySet<Slot>;
  readonly depth: number;
  /** A value or name is missing, rather than what may follow one. */
  readonly expectsValue: boolean;
  readonly last: Token | undefined;
}

const NOTHING: ReadonlySet<Slot> = new Set(['none']);
const VALUES: ReadonlySet<Slot> = new Set(['expression']);
const TYPES: ReadonlySet<Slot> = new Set(['type']);

function placeIn(tokens: readonly Token[], words: StageWords): PlaceInStage {
  const open: number[] = [];
  let clause = '';
  for (const [index, token] of tokens.entries()) {
    if (isSymbol(token, '(', '[')) open.push(index);
    else if (isSymbol(token, ')', ']')) open.pop();
    else if (open.length === 0 && isClause(token, tokens[index - 1], words)) clause = token.lower;
  }
  const last = tokens.at(-1);
  const slots = slotsAt(tokens, words, clause, open);
  return { slots, depth: open.length, expectsValue: expectsValue(last, slots, words), last };
}

function isClause(token: Token, before: Token | undefined, words: StageWords): boolean {
  if (token.kind !== 'word' || token.lower === 'as' || before?.lower === 'as') return false;
  const slots = words.slots.get(token.lower);
  return slots !== undefined && slots.size > 0;
}

function slotsAt(
  tokens: readonly Token[],
  words: StageWords,
  clause: string,
  open: readonly number[],
): ReadonlySet<Slot> {
  const last = tokens.at(-1);
  const beforeBracket = tokens[(open.at(-1) ?? 0) - 1]?.lower ?? '';
  const inCast = beforeBracket.endsWith('cast');
  if (isSymbol(last, '::') || (last?.lower === 'as' && inCast)) return TYPES;
  if (last?.kind === 'word' && last.lower === 'as') return words.slots.get('as') ?? NOTHING;
  if (isSymbol(last, '=') && words.options.includes(tokens.at(-2)?.lower ?? '')) return NOTHING;
  if (open.length > 0) return beforeBracket === 'as' ? NOTHING : VALUES;
  return words.slots.get(clause) ?? NOTHING;
}

/** Words after which a value must come; after a name, a number or a closing bracket something may come. */
const BEFORE_VALUES = new Set(
  'and or not in between like ilike case when then else otherwise distinct is'.split(' '),
);

function expectsValue(last: Token | undefined, slots: ReadonlySet<Slot>, words: StageWords): boolean {
  if (last === undefined) return true;
  switch (last.kind) {
    case 'symbol':
      return ![')', ']', '%'].includes(last.text) && !(last.text === '*' && slots.has('column'));
    case 'word':
      if (last.lower === 'as' || BEFORE_VALUES.has(last.lower)) return true;
      return (words.slots.get(last.lower)?.size ?? 0) > 0;
    case 'number':
      // `sort 10 `, `top 5 `: a number, then columns.
      return slots.has('none') && slots.has('column');
    default:
      return false;
  }
}

function isSymbol(token: Token | undefined, ...symbols: readonly string[]): boolean {
  return token?.kind === 'symbol' && symbols.includes(token.text);
}

function valueItems(
  { slots, last, depth }: PlaceInStage,
  { columns, sources }: StageContext,
  stage: AnyStage,
  words: StageWords,
): readonly CompletionItem[] {
  if (last?.lower === 'is') return IS_ITEMS;
  const items: CompletionItem[] = [];
  const expression = slots.has('expression');
  const aggregate = slots.has('aggregate');
  if (slots.has('source')) items.push(...sources);
  if (slots.has('type')) items.push(...TYPE_ITEMS);
  if (slots.has('column') || expression || (aggregate && stage.name !== 'stats'))
    items.push(...(columns ?? []).map(columnItem));
  if (aggregate)
    items.push(...functionItems(({ window }) => window !== true || stage.name === 'streamstats'));
  else if (expression) items.push(...functionItems((one) => one.aggregate !== true && one.window !== true));
  if (expression || aggregate) items.push(...VALUE_WORDS);
  // `fields`, `timechart`, ...: its own words may come first, too.
  if (depth === 0 && last === undefined) items.push(...keywordItems(words, stage, true));
  return items;
}

function columnItem({ name, type }: Column): CompletionItem {
  const shown = typeName(type);
  return { label: name, kind: 'column', type: shown, detail: shown, insert: quotedIfNeeded(name) };
}

const PLAIN = /^[\p{L}_][\p{L}\p{N}_$]*$/u;
const RESERVED = new Set(
  'and or not is in between like ilike case when then else end as by asc desc null true false where'.split(
    ' ',
  ),
);

export function quotedIfNeeded(name: string): string {
  return PLAIN.test(name) && !RESERVED.has(name.toLowerCase()) ? name : `"${name.replaceAll('"', '""')}"`;
}

const FUNCTIONS = Object.values(FAMILIES)
  .flat()
  .filter(({ name, syntax }) => /^[a-z_0-9]+$/.test(name) && syntax.includes('('));

function functionItems(wanted: (definition: FunctionDefinition) => boolean): readonly CompletionItem[] {
  return FUNCTIONS.filter(wanted).map(({ name, syntax, summary }) => ({
    label: name,
    kind: 'function',
    detail: `${syntax}: ${summary}`,
    insert: syntax.includes(`${name}()`) ? `${name}()` : `${name}(`,
  }));
}

export function keyword(label: string, detail: string, insert = `${label} `): CompletionItem {
  return { label, kind: 'keyword', detail, insert };
}

const VALUE_WORDS: readonly CompletionItem[] = [
  keyword('not', 'turns a condition around'),
  keyword('case', 'case when condition then value else value end'),
  keyword('null', 'no value'),
  keyword('true', 'the condition that always holds'),
  keyword('false', 'the condition that never holds'),
  keyword('cast', 'cast(value as type)', 'cast('),
  keyword('try_cast', 'cast(value as type), null where it does not fit', 'try_cast('),
];

const IS_ITEMS: readonly CompletionItem[] = [
  keyword('null', 'is null'),
  keyword('not null', 'is not null'),
  keyword('distinct from', 'different, where null equals null'),
];

const TYPE_ITEMS: readonly CompletionItem[] = TYPE_NAMES.map((name) => keyword(name, 'a type', name));

const OPERATORS: readonly CompletionItem[] = [
  keyword('and', 'both'),
  keyword('or', 'one of them'),
  keyword('is null', 'has no value'),
  keyword('is not null', 'has a value'),
  keyword('in', 'equal to one of a list', 'in ('),
  keyword('not in', 'equal to none of a list', 'not in ('),
  keyword('between', 'between low and high'),
  keyword('like', 'matches a pattern with % and _'),
  keyword('ilike', 'like, without regard to case'),
];

function operatorItems({ slots, last, depth }: PlaceInStage): readonly CompletionItem[] {
  const value = slots.has('expression') || slots.has('aggregate') || depth > 0;
  return value && last?.kind !== 'symbol' ? OPERATORS : [];
}

function keywordItems(words: StageWords, stage: AnyStage, first = false): readonly CompletionItem[] {
  const detail = stage.docs.syntax.split('\n')[0]!;
  const options = words.options.map(
    (name): CompletionItem => ({
      label: `${name}=`,
      kind: 'option',
      detail,
      insert: `${name}=`,
    }),
  );
  const leading = first ? words.keywords.filter((word) => FIRST_WORDS.has(word)) : words.keywords;
  return [...leading.map((word) => keyword(word, detail)), ...(first ? [] : options)];
}

/** Keywords that may come before anything else. */
const FIRST_WORDS = new Set('when by left right full inner semi anti cross distinct'.split(' '));
