/** `spath`: values of JSON or XML text by their full path. */

import { QueryError, type Span } from '../../../core/protocol/errors.ts';
import type { Column } from '../../../core/protocol/types.ts';
import { quoteName, quoteText } from '../../dialects/quoting.ts';
import type { WrittenName } from '../query-tree.ts';
import { command, type EngineStep, type LowerContext } from './command.ts';
import type { LegacyCursor } from './cursor.ts';
import { asText, engine, ROW } from './engine-text.ts';
import { type PathPart, xmlKeys, xmlValues } from './xml-values.ts';

interface Spath {
  readonly input: WrittenName;
  readonly xml: boolean;
  /** The parts before `*`, or all of them. */
  readonly parts: readonly PathPart[];
  /** Says that the path ends in `*`. */
  readonly all: boolean;
}

const OPTIONS = ['input', 'format', 'path'] as const;
const PART = /^([^{}]+)(?:\{(?:(\d{0,9})|@([^{}]+))\})?$/u;

/** The text of a path may have blanks and signs: it ends where the next option begins. */
function pathText(cursor: LegacyCursor): { readonly text: string; readonly span: Span } {
  const { start } = cursor.peek();
  let end = start;
  const optionBegins = (): boolean => OPTIONS.some((word) => cursor.isWord(word)) && cursor.isSign('=', 1);
  while (!cursor.atEnd && !optionBegins()) end = cursor.next().end;
  const text = cursor.text.slice(start, end).replace(/^(['"`])(.*)\1$/su, '$2');
  return { text, span: { start, end: Math.max(end, start + 1) } };
}

function parsePath({ text, span }: { readonly text: string; readonly span: Span }, xml: boolean) {
  const fail = (message: string, hint: string): never => {
    throw new QueryError('syntax', message, { span, hint });
  };
  const written = text.split('.');
  const all = written.at(-1) === '*';
  const parts = (all ? written.slice(0, -1) : written).map((part): PathPart => {
    const [, name, index, attribute] =
      PART.exec(part) ?? fail(`\`${part}\` is no part of a path`, 'write `a.b`, `a.b{0}`, `a.*` or `a{@x}`');
    if (name === '*') fail('only the last part of a path may be `*`', 'write `path=a.b.*`');
    return { name: name!, index: index ? Number(index) : null, attribute: attribute ?? null };
  });
  const attributes = parts.findIndex(({ attribute }) => attribute !== null);
  if (attributes !== -1 && !xml) fail('JSON has no attributes', 'write `format=xml` before the path');
  if (attributes !== -1 && (all || attributes !== parts.length - 1))
    fail('an attribute has nothing inside', 'write it at the end: `a.b{@x}`');
  return { parts, all };
}

export const SPATH = command<Spath>({
  names: ['spath'],
  form: 'spath [input=_raw] [format=json|xml] path=a.b.*',
  summary: 'Values of JSON or XML text by their full path; * are all keys of a place, a column each.',
  parse(cursor: LegacyCursor) {
    let input: WrittenName = { name: '_raw', quoted: false, span: cursor.span };
    let path: ReturnType<typeof pathText> | null = null;
    let xml = false;
    while (!cursor.atEnd) {
      const option = cursor.acceptWord(...OPTIONS);
      if (option === null) cursor.fail('input, format or path is expected');
      cursor.expectSign('=');
      if (option === 'input') input = cursor.name();
      else if (option === 'path') path = pathText(cursor);
      else {
        const token = cursor.peek();
        const format = cursor.text_('json or xml').toLowerCase();
        if (format !== 'xml' && format !== 'json') cursor.failAt(token, 'json or xml is expected');
        xml = format === 'xml';
      }
    }
    if (path === null || path.text === '') return cursor.failAt(cursor.span, '`path=` is missing');
    return { input, xml, ...parsePath(path, xml) };
  },
  lower({ input, xml, parts, all }, context) {
    const column = context.column(input);
    return [xml ? xmlStep(column, parts, all, context) : jsonStep(column, parts, all, context)];
  },
});

/** The step with the other columns and these; the column that was read goes. */
function stepOf(
  read: Column,
  items: readonly string[],
  { columns }: LowerContext,
  all: boolean,
  from = 'input as i',
): EngineStep {
  const kept = columns
    .filter((own) => own !== read)
    .map(({ name }) => `i.${quoteName(name)} as ${quoteName(name)}`);
  const found = items.length === 0 && kept.length === 0 ? ['null as "nothing"'] : items;
  const select = [...kept, ...found, `i.${ROW}`].join(', ');
  return { ...engine(`select ${select} from ${from}`), ordered: true, ...(all && { dependsOnData: true }) };
}

function jsonStep(
  column: Column,
  parts: readonly PathPart[],
  all: boolean,
  context: LowerContext,
): EngineStep {
  const text = asText(column);
  const json = `case when json_valid(${text}) then cast(${text} as json) end`;
  const place = jsonPlace(parts);
  const value = (where: string, name: string): string =>
    `json_extract_string(${json}, ${quoteText(where)}) as ${quoteName(name)}`;
  if (!all) return stepOf(column, [value(place, parts.at(-1)!.name)], context, false);
  const keys = context.probe(
    `select distinct unnest(json_keys(${json}, ${quoteText(place)})) as key from input`,
  );
  const items = keys.map((key) => value(`${place}${jsonKey(key)}`, key));
  return stepOf(column, items, context, true);
}

/** `$."book"."tags"[1]`. */
function jsonPlace(parts: readonly PathPart[]): string {
  const at = ({ name, index }: PathPart): string => `${jsonKey(name)}${index === null ? '' : `[${index}]`}`;
  return `$${parts.map(at).join('')}`;
}

function jsonKey(name: string): string {
  return `."${name.replace(/["\\]/g, String.raw`\$&`)}"`;
}

function xmlStep(
  column: Column,
  parts: readonly PathPart[],
  all: boolean,
  context: LowerContext,
): EngineStep {
  const text = asText(column);
  const names = all ? context.probe(xmlKeys(text, parts)) : [parts.at(-1)!.attribute ?? parts.at(-1)!.name];
  const items = names.map((name) => `v.${quoteName(name)} as ${quoteName(name)}`);
  const from = `input as i left join (${xmlValues(text, parts, names, all)}) as v on v.r = i.${ROW}`;
  return stepOf(column, items, context, all, items.length === 0 ? undefined : from);
}
