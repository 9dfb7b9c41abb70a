/**
 * `parse column as regex/json/kv 'pattern'`: new columns of text out of a column's text. What does not fit is null; no
 * row is lost and none is an error.
 */

import { QueryError, type Span } from '../../core/protocol/errors.ts';
import { typeName } from '../../core/protocol/types.ts';
import { defaultName, parseName } from '../frontends/forkline/names.ts';
import type { WrittenName } from '../frontends/query-tree.ts';
import type { ResolvedStage } from '../resolve/graph.ts';
import { getColumn, type Scope } from '../resolve/scope.ts';
import { columnValue, ownCall } from '../select/own-values.ts';
import type { NamedValue } from '../select/relation.ts';
import { castExists, hintWithoutCast } from '../types/cast-types.ts';
import { columnKey } from '../types/column-key.ts';
import { writtenSteps } from '../types/json-path.ts';
import { STRING } from '../types/rules.ts';
import { assignColumn, targetName } from './kit/assign-columns.ts';
import { regexGroups } from './kit/regex-groups.ts';
import type { StageDefinition } from './kit/stage.ts';

const KINDS = ['regex', 'json', 'kv'] as const;
type Kind = (typeof KINDS)[number];

/** The parsed arguments of the stage. */
export interface Syntax {
  readonly source: WrittenName;
  readonly kind: Kind;
  readonly pattern: string;
  readonly span: Span;
}

interface Resolved extends ResolvedStage {
  readonly source: string;
  readonly values: readonly NamedValue[];
}

interface Part {
  readonly name: string;
  readonly key: 'own/regex group' | 'own/json text' | 'own/value of key';
  readonly constants: readonly string[];
}

const USUAL =
  "write `parse msg as regex 'user=(?<user>\\w+)'`, `as json 'user, ctx.ip'` or `as kv 'user, ip'`";

function regexParts(pattern: string, span: Span): readonly Part[] {
  const found = regexGroups(pattern, span);
  return found.groups.map(({ name, number }) => ({
    name,
    key: 'own/regex group',
    constants: [found.pattern, String(number)],
  }));
}

/** `key [as name], ...` */
function keys(pattern: string, span: Span): readonly { readonly key: string; readonly name: string }[] {
  const parts = pattern.split(',').map((part) => /^\s*(.*?)(?:\s+as\s+(\S+))?\s*$/is.exec(part)!);
  return parts.map(([, key, name]) => {
    if (key === '')
      throw new QueryError('wrong-arguments', 'a key is missing in the pattern', {
        span,
        hint: "list the keys, separated by commas: 'user, ctx.ip as ip'",
      });
    return { key: key!, name: name ?? defaultName(key!) };
  });
}

function jsonParts(pattern: string, span: Span): readonly Part[] {
  return keys(pattern, span).map(({ key, name }) => {
    const steps = key.split('.').map((step) => ({ key: step }));
    return { name, key: 'own/json text', constants: writtenSteps(steps) };
  });
}

function kvParts(pattern: string, span: Span): readonly Part[] {
  return keys(pattern, span).map(({ key, name }) => ({ name, key: 'own/value of key', constants: [key] }));
}

const PARTS: Readonly<Record<Kind, (pattern: string, span: Span) => readonly Part[]>> = {
  regex: regexParts,
  json: jsonParts,
  kv: kvParts,
};

/** Throws when the input has a column of this name: only the parsed column may be replaced, since the stage names it. */
function refuseTaken(name: string, kind: Kind, input: Scope, span: Span): void {
  if (!input.columns.some((column) => column.name === name)) return;
  const other = kind === 'regex' ? `\`(?<${name}_2>...)\`` : `\`key as ${name}_2\``;
  throw new QueryError('duplicate-column', `there is a column \`${name}\` already`, {
    span,
    hint: `give the new one another name: ${other}; or drop the old one before: \`fields - ${name}\``,
  });
}

export const stage: StageDefinition<Syntax, Resolved> = {
  name: 'parse',
  aliases: ['rex'],
  docs: {
    syntax:
      "parse column as regex 'pattern'\nparse column as json 'key [as name], ...'\nparse column as kv 'key [as name], ...'",
    summary: 'New columns out of the text of a column.',
    notes:
      'What does not fit is null, and the row stays. With `regex`, each named group is a column (RE2); with `json`, each key of the list, `a.b` for a key in an object and `as name` for another name (`a_b` by itself); with `kv`, each key of `key=value` pairs, where values may stand in double quotes: in them `\\"` is a quote and `\\\\` a backslash. A column that exists is not overwritten, but the parsed one itself may be. All of them are text, JSON\'s numbers as the engine writes them (`1.50` as `1.5`): `cast` makes more of it.',
    examples: [
      {
        text: "eval msg = 'u=kim t=5' | parse msg as regex 'u=(?<u>\\w+) t=(?<t>\\d+)'",
        summary: 'the named groups of a regular expression',
      },
      {
        text: `eval msg = '{"u": "kim", "ip": {"v4": "::1"}}' | parse msg as json 'u, ip.v4 as ip'`,
        summary: 'keys of a JSON object',
      },
      {
        text: `eval msg = 'u=kim note="a b"' | parse msg as kv 'u, note'`,
        summary: 'pairs of key and value',
      },
    ],
  },
  parse(cursor) {
    if (cursor.atStageEnd()) cursor.fail('`parse` needs a column and a pattern', USUAL);
    if (cursor.peek(1).text === '=') cursor.refuse('`parse` names the column first, without options', USUAL);
    const source = parseName(cursor, 'the name of a column');
    if (cursor.isWord('with', 'regex', 'kind') || cursor.peek().kind === 'string')
      cursor.refuse('`as` and the kind of pattern are missing', USUAL);
    if (cursor.acceptWord('as') === null) cursor.fail('`as` is missing', USUAL);
    const kind = KINDS.find((known) => cursor.acceptWord(known) !== null);
    if (kind === undefined) cursor.fail('`parse` knows `regex`, `json` and `kv`', USUAL);
    const token = cursor.peek();
    if (token.kind !== 'string') cursor.fail("a pattern in 'single quotes' is missing", USUAL);
    cursor.next();
    return { source, kind: kind!, pattern: token.text, span: { start: token.start, end: token.end } };
  },
  resolve({ source, kind, pattern, span }, input) {
    const column = getColumn(input, source);
    if (column.type.kind !== 'string' && column.type.kind !== 'json')
      throw new QueryError(
        'wrong-type',
        `\`parse\` takes text, and \`${column.name}\` is ${typeName(column.type)}`,
        {
          span: source.span,
          hint: castExists(column.type, STRING)
            ? `make it text before: \`cast ${column.name} as string\``
            : hintWithoutCast(column.type, STRING, column.name),
        },
      );
    let { columns } = input;
    const parts = PARTS[kind](pattern, span);
    const values = parts.map(({ name, key, constants }, index): NamedValue => {
      if (parts.findIndex((part) => columnKey(part.name) === columnKey(name)) !== index)
        throw new QueryError('duplicate-column', `two columns would be called \`${name}\``, {
          span,
          hint: 'give one another name: `key as name`',
        });
      const target = targetName({ name, quoted: false, span }, input);
      if (target !== column.name) refuseTaken(target, kind, input, span);
      columns = assignColumn(columns, { name: target, type: STRING });
      return { name: target, value: ownCall(STRING, [columnValue(column)], key, constants) };
    });
    return { columns, source: column.name, values };
  },
  columnsUsed({ source, values }, wanted) {
    const used = new Set(wanted);
    for (const { name } of values) used.delete(name);
    return used.add(source);
  },
  emit({ source, values }, relation) {
    // The column itself may be among those that are set: it goes last, so that all of them read what it was.
    const last = values.toSorted((a, b) => Number(a.name === source) - Number(b.name === source));
    return last.reduce((sofar, { name, value }) => sofar.assign(name, value), relation);
  },
  rowByRow: true,
  exactIn: () => ({ exact: false, why: 'its patterns and JSON are read by the stage engine' }),
};
